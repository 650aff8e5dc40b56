"""The request of a take, stored with its Action: as JSON for reading, and complete, to reproduce the take exactly."""

from __future__ import annotations

import dataclasses
import json
import zlib
from collections.abc import Iterable
from typing import Any

import bpy

from ...core import errors, protocol, request_file, types
from . import baseline

WHOLE_REQUEST = "diface_whole_request"
"""Custom property of an Action: the request as it was sent to the worker, compressed."""
INVALID_RATE = "Generate it again."

_FIELDS = {field.name for field in dataclasses.fields(types.GenerateRequest)}


def to_json(request: types.GenerateRequest, **more: object) -> dict[str, Any]:
    """Return the request without its constraints, and the fields `more`, as JSON types."""
    fields = dataclasses.asdict(dataclasses.replace(request, constraints=None))
    del fields["constraints"]
    return json.loads(json.dumps({**fields, **more}, default=str))


def from_json(stored: dict[str, Any]) -> types.GenerateRequest:
    """Return the request of JSON fields, with defaults for fields that earlier versions did not have.

    Raises:
        WorkerError: A field has an invalid value.
    """
    layers, sampler = types.Layers(tongue=None), types.FIRST_SAMPLER
    first = types.GenerateRequest(types.AudioSection(""), sampler=sampler, layers=layers, other_sounds=False, beats=0.0)
    known = protocol.generate_request_message(first, 0).data
    data = {**known, **{name: value for name, value in stored.items() if name in _FIELDS}}
    if data["layers"] is None:  # of a recording, all of whose channels are in its main Action
        data["layers"] = dataclasses.asdict(types.Layers(None, None, None, None))
    return protocol.parse_generate_request(protocol.Message("generate", 0, data))


def stored_rate(stored: dict[str, Any]) -> types.FrameRate:
    """Return the frame rate of JSON fields, as `from_json` does. Fast enough for a panel.

    Raises:
        WorkerError: It has an invalid value.
    """
    try:
        return types.FrameRate(**stored["rate"]) if "rate" in stored else types.GenerateRequest.rate
    except (TypeError, ValueError) as error:
        raise errors.WorkerError(f"The take stores an invalid frame rate ({error!r}).", INVALID_RATE) from error


def store(action: bpy.types.Action, request: types.GenerateRequest, model_hash: str) -> None:
    """Store the complete request with an Action."""
    action[WHOLE_REQUEST] = zlib.compress(request_file.pack(request_file.StoredRequest(request, model_hash)), 1)


def discard(action: bpy.types.Action) -> None:
    """Remove the complete request of an Action, which no longer reproduces it."""
    if WHOLE_REQUEST in action:
        del action[WHOLE_REQUEST]


def load(action: bpy.types.Action) -> request_file.StoredRequest | None:
    """Return the complete request of an Action; None if it has none."""
    return request_file.unpack(zlib.decompress(bytes(action[WHOLE_REQUEST]))) if WHOLE_REQUEST in action else None


def row_count(actions: Iterable[bpy.types.Action], request: types.GenerateRequest) -> int:
    """Return the number of rows of a take: of its baselines, which edits near keys after its end may extend."""
    longest = baseline.row_count(actions)
    seconds = request.audio.seconds
    return longest if seconds is None else min(longest, request.rate.rows(seconds))

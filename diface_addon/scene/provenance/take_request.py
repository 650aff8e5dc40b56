"""What made a take, kept with its Action: as JSON for reading, and whole, so that it can be made again to the bit."""

from __future__ import annotations

import dataclasses
import json
import zlib
from typing import Any

import bpy

from ...core import protocol, request_file, types

WHOLE_REQUEST = "diface_whole_request"
"""Custom property of an Action: the request as the worker was sent it, compressed."""

_FIELDS = {field.name for field in dataclasses.fields(types.GenerateRequest)}


def to_json(request: types.GenerateRequest, **more: object) -> dict[str, Any]:
    """The request without its constraints, and `more`, in what JSON knows."""
    fields = dataclasses.asdict(dataclasses.replace(request, constraints=None))
    del fields["constraints"]
    return json.loads(json.dumps({**fields, **more}, default=str))


def from_json(stored: dict[str, Any]) -> types.GenerateRequest:
    """The inverse of `as_json`; takes of earlier versions lack what they did not know. Raises WorkerError."""
    known = protocol.generate_request_message(types.GenerateRequest(types.AudioSection("")), 0).data
    data = {**known, **{name: value for name, value in stored.items() if name in _FIELDS}}
    return protocol.parse_generate_request(protocol.Message("generate", 0, data))


def store(action: bpy.types.Action, request: types.GenerateRequest, model_hash: str) -> None:
    """Keep the whole request with a new Action."""
    action[WHOLE_REQUEST] = zlib.compress(request_file.pack(request_file.StoredRequest(request, model_hash)), 1)


def discard(action: bpy.types.Action) -> None:
    """Keep none any more."""
    if WHOLE_REQUEST in action:
        del action[WHOLE_REQUEST]


def load(action: bpy.types.Action) -> request_file.StoredRequest | None:
    """What `keep` kept; None where there is none."""
    return request_file.unpack(zlib.decompress(bytes(action[WHOLE_REQUEST]))) if WHOLE_REQUEST in action else None

"""The request that each Action of a take stores as JSON, with a schema version.

An Action whose request is damaged, or was written by a newer DiFACE, is handled like an Action of the user: it plays
and can be deleted, and nothing else depends on it. `read_error` says why.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import bpy

from ...core import channels, errors

REQUEST = "diface_request"
"""Custom property of an Action: the request as JSON."""
SCHEMA = 1
"""Version of the stored fields. Version 0.1.0 of DiFACE wrote none, which counts as 0."""
MAX_CACHED = 4096
"""Parsed requests that are remembered. A file has one for each Action."""


@dataclass(frozen=True)
class ParsedRequest:
    """The fields of a stored request, or the reason why they cannot be used."""

    fields: dict[str, Any] | None
    error: str = ""
    take: str = ""


def is_take(action: bpy.types.Action) -> bool:
    """Return whether DiFACE made an Action, whether its request can be read or not."""
    return REQUEST in action


def read_request(action: bpy.types.Action) -> dict[str, Any] | None:
    """Return the request of an Action, migrated to `SCHEMA`. None if it has none, or one that cannot be read."""
    if REQUEST not in action:
        return None
    fields = _parse(_stored(action)).fields
    return None if fields is None else dict(fields)


def require_request(action: bpy.types.Action) -> dict[str, Any]:
    """Return the request of an Action that is known to be of a take. Raises ValueError if it has none."""
    fields = read_request(action)
    if fields is None:
        raise ValueError(f"{action.name} has no request that can be read.")
    return fields


def read_error(action: bpy.types.Action) -> str:
    """Return why the request of an Action cannot be read; "" if it can, or if the Action has no request."""
    return _parse(_stored(action)).error if REQUEST in action else ""


def check_readable(actions: Iterable[bpy.types.Action]) -> None:
    """Raise SceneError if the request of one of `actions` is damaged or of a newer DiFACE."""
    for action in actions:
        if error := read_error(action):
            hint = "Update DiFACE to edit it" if "newer" in error else "Generate it again, or use another take"
            raise errors.SceneError(f"{action.name}: {error}.", f"{hint}. The take still plays.")


def unreadable_take_id(action: bpy.types.Action) -> str:
    """Return an id for the take of an Action whose request cannot be read."""
    return _parse(_stored(action)).take or f"unreadable {action.name_full}"


def write_request(action: bpy.types.Action, fields: dict[str, Any]) -> None:
    """Store a request with an Action."""
    action[REQUEST] = json.dumps({**fields, "schema": SCHEMA})


def creation_time() -> str:
    """Return the time now, as the field "created" of a take has it: UTC, ISO 8601, in milliseconds."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def migrate(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of an older schema as those of `SCHEMA`."""
    version = fields.get("schema", 0)
    if version < 1:  # 0.1.0 stored neither the take that an edit began from, nor the time
        fields = {"parent": "", "created": "", **fields}
    return {**fields, "schema": SCHEMA}


def _stored(action: bpy.types.Action) -> str:
    value = action[REQUEST]
    return value if isinstance(value, str) else ""


@lru_cache(maxsize=MAX_CACHED)
def _parse(stored: str) -> ParsedRequest:
    try:
        fields = json.loads(stored)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        return ParsedRequest(None, "The take's stored request is damaged")
    take = fields["take"] if isinstance(fields.get("take"), str) else ""
    version = fields.get("schema", 0)
    if isinstance(version, int) and version > SCHEMA:
        return ParsedRequest(None, f"Made by a newer DiFACE (format {version}, this one reads up to {SCHEMA})", take)
    bad = next((name for name, is_valid in _FIELDS.items() if name in fields and not is_valid(fields[name])), None)
    bad = bad or next((name for name in ("take", "first_frame") if name not in fields), None)
    if bad:
        return ParsedRequest(None, f'The take\'s stored request is damaged (field "{bad}")', take)
    return ParsedRequest(migrate(fields), take=take)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _numbers(count: int) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and len(value) == count and all(map(_is_number, value))


_FIELDS: dict[str, Callable[[object], bool]] = {
    "take": lambda value: isinstance(value, str) and bool(value),
    "schema": lambda value: isinstance(value, int) and value >= 0,
    "first_frame": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "seed": lambda value: isinstance(value, int),
    "sampler": lambda value: isinstance(value, int) and value >= 1,
    "layer": lambda value: isinstance(value, str) and value in channels.LAYERS,
    "lost": lambda value: isinstance(value, list) and all(map(_numbers(2), value)),
    "sound_shift": lambda value: _is_number(value),
    "recording": lambda value: isinstance(value, dict),
    "line": lambda value: isinstance(value, dict),
    "layers": lambda value: value is None or isinstance(value, dict),
    "rest_rotation": _numbers(4),
    "rest_delta": _numbers(3),
    "shape_keys": lambda value: isinstance(value, list) and all(map(_is_text, value)),
    **dict.fromkeys(
        ("character", "sound", "cache", "rotation_mode", "rotation_kind", "rotation_path", "parent", "created"),
        _is_text,
    ),
}
"""Fields that the add-on reads on redraw, and whether a value of one can be used."""

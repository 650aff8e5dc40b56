"""Presets of the mapping: small JSON files with the names of properties, and no objects.

A file is data from elsewhere: everything in it is checked before anything is used.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...core import channels, errors
from .row_settings import BONE_LOCATION, BONE_ROTATION, POSE, PROPERTY, SHAPE_KEY

SUFFIX = ".json"
FORMAT, VERSION = "diface_mapping", 1
"""Field that names the format, and the newest version of it."""
MOST_BYTES, MOST_ROWS, LONGEST_NAME = 1 << 20, 1000, 255
HINT = "Choose a file that Save Mapping wrote."
_TARGETS = {
    frozenset({"shape_key"}): SHAPE_KEY,
    frozenset({"bone", "rotation"}): BONE_ROTATION,
    frozenset({"bone", "location"}): BONE_LOCATION,
    frozenset({"property"}): PROPERTY,
    frozenset({"bone", "property"}): PROPERTY,
}
"""The fields that name a property -> its kind."""


@dataclass(frozen=True)
class PresetRow:
    """A row of a preset.

    Attributes:
        channel: The channel, or `POSE`.
        kind: SHAPE_KEY, BONE_ROTATION, BONE_LOCATION or PROPERTY.
        name: The shape key or the custom property; "" of a bone's rotation or location.
        bone: The pose bone; "" without one.
        axis: X, Y or Z of a bone's rotation or location.
        gain: Value at weight 1, without the offset; of a rotation in radians, of a location in heights of the head.
        offset: Value at weight 0.
        use: Whether it is in use.
        absolute: Whether a location is in the bone's own units, as on a board of controls, and not in heights of the
            head.
    """

    channel: str
    kind: str
    name: str = ""
    bone: str = ""
    axis: str = "X"
    gain: float = 1.0
    offset: float = 0.0
    use: bool = True
    absolute: bool = False


@dataclass(frozen=True)
class Preset:
    """A preset: its name and its rows."""

    name: str
    rows: tuple[PresetRow, ...]


def to_bytes(preset: Preset) -> bytes:
    """Return the file of a preset."""
    rows = [_fields(row) for row in preset.rows]
    lines = ",\n  ".join(json.dumps(row, ensure_ascii=False) for row in rows)
    name = json.dumps(preset.name, ensure_ascii=False)
    return f'{{"{FORMAT}": {VERSION}, "name": {name}, "rows": [\n  {lines}\n]}}\n'.encode()


def from_bytes(data: bytes, source: str) -> Preset:
    """Return the preset of a file.

    Args:
        data: The content of the file.
        source: Name of the file, for messages.

    Raises:
        SceneError: It is not a preset, or one of a newer version.
    """
    content = _content(data, source)
    name, rows = content.get("name", ""), content.get("rows")
    if not isinstance(name, str) or len(name) > LONGEST_NAME or not isinstance(rows, list) or len(rows) > MOST_ROWS:
        raise errors.SceneError(f"{source} is damaged: a name and at most {MOST_ROWS} rows were expected.", HINT)
    found = []
    for number, fields in enumerate(rows, 1):
        try:
            found.append(_row(fields))
        except ValueError as reason:
            raise errors.SceneError(f"{source} is damaged: row {number} {reason}.", HINT) from None
    return Preset(name, tuple(found))


def _content(data: bytes, source: str) -> dict[str, Any]:
    if len(data) > MOST_BYTES:
        raise errors.SceneError(f"{source} is too large for a mapping: {len(data)} bytes.", HINT)
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise errors.SceneError(f"{source} is not a mapping.", HINT)
    version = content.get(FORMAT)
    if type(version) is not int or version < 1:
        raise errors.SceneError(f"{source} is not a mapping.", HINT)
    if version > VERSION:
        raise errors.SceneError(f"{source} is of a newer version of DiFACE.", "Update DiFACE.")
    return content


def _row(fields: Any) -> PresetRow:
    """Return a row. Raises ValueError with what was expected, to follow "row n"."""
    if not isinstance(fields, dict):
        raise ValueError("is no object with fields")
    channel = fields.get("channel")
    if channel not in (*channels.SHAPES, POSE):
        raise ValueError(f"has no known channel: {channel!r:.60}")
    kind = _TARGETS.get(frozenset(fields) & {"shape_key", "bone", "rotation", "location", "property"})
    if kind is None:
        raise ValueError('needs "shape_key", "property", or "bone" with "rotation", "location" or "property"')
    use, absolute = fields.get("use", True), fields.get("absolute", False)
    for name, value in (("use", use), ("absolute", absolute)):
        if not isinstance(value, bool):
            raise ValueError(f'has a "{name}" that is neither true nor false')
    axis = fields.get("rotation", fields.get("location", "X"))
    if axis not in ("X", "Y", "Z"):
        raise ValueError("has another axis than X, Y or Z")
    gain, offset = _number(fields, "gain", 1.0), _number(fields, "offset", 0.0)
    if kind == BONE_ROTATION:
        gain, offset = math.radians(gain), math.radians(offset)
    name = _name(fields, "shape_key") or _name(fields, "property")
    return PresetRow(channel, kind, name, _name(fields, "bone"), axis, gain, offset, use, absolute)


def _number(fields: Mapping[str, Any], name: str, default: float) -> float:
    value = fields.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e6:
        raise ValueError(f'has a "{name}" that is no number below a million')
    return float(value)


def _name(fields: Mapping[str, Any], field: str) -> str:
    value = fields.get(field, "")
    if not isinstance(value, str) or len(value) > LONGEST_NAME or (field in fields and not value):
        raise ValueError(f'has a "{field}" that is no name')
    return value


def _fields(row: PresetRow) -> dict[str, Any]:
    """Return the fields of a row in a file. Angles are in degrees."""
    fields: dict[str, Any] = {"channel": row.channel}
    if row.bone:
        fields["bone"] = row.bone
    if row.kind in (BONE_ROTATION, BONE_LOCATION):
        fields["rotation" if row.kind == BONE_ROTATION else "location"] = row.axis
    else:
        fields["shape_key" if row.kind == SHAPE_KEY else "property"] = row.name
    scale = math.degrees(1.0) if row.kind == BONE_ROTATION else 1.0
    fields["gain"] = float(f"{scale * row.gain:.9g}")
    if row.offset:
        fields["offset"] = float(f"{scale * row.offset:.9g}")
    if row.absolute:
        fields["absolute"] = True
    return fields if row.use else {**fields, "use": False}

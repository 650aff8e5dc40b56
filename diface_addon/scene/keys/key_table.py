"""The keys of one F-curve as arrays with all their properties, which can be read, joined and written exactly."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import lru_cache

import bpy
import numpy as np
import numpy.typing as npt

from ...core import types
from . import editable_actions, write_keys

SAME_TIME = 1e-3
"""Frames up to which two keys are at the same time."""


class _Points:
    """K keys whose frame and value are `co`, (K, 2)."""

    co: types.Float32Array

    def __len__(self) -> int:
        return len(self.co)

    @property
    def frames(self) -> types.Float32Array:
        """The frames of the keys (K,)."""
        return self.co[:, 0]

    @property
    def values(self) -> types.Float32Array:
        """The values of the keys (K,)."""
        return self.co[:, 1]


@dataclass(frozen=True)
class KeyTable(_Points):
    """K keys in the order of time.

    The fields have Blender's names, and are written in this order: the types before the handles. co, handle_left and
    handle_right are (K, 2) frame and value; enums are Blender's numbers.
    """

    handle_left_type: types.Int32Array
    handle_right_type: types.Int32Array
    interpolation: types.Int32Array
    easing: types.Int32Array
    type: types.Int32Array
    co: types.Float32Array
    handle_left: types.Float32Array
    handle_right: types.Float32Array
    amplitude: types.Float32Array
    back: types.Float32Array
    period: types.Float32Array
    select_control_point: types.BoolArray
    select_left_handle: types.BoolArray
    select_right_handle: types.BoolArray

    def __getitem__(self, chosen: npt.NDArray | slice) -> KeyTable:
        """Return some of the keys, by a mask, indices, or a slice."""
        return KeyTable(*(getattr(self, field.name)[chosen] for field in fields(self)))

    @classmethod
    def read(cls, fcurve: bpy.types.FCurve) -> KeyTable:
        """Return all keys of a curve."""
        return cls(*(read_column(fcurve, field.name) for field in fields(cls)))

    def write(self, fcurve: bpy.types.FCurve) -> None:
        """Replace the curve's keys. Blender does not recalculate the handles, which would move some.

        Raises:
            SceneError: The curve is in an Action of another file. The keys are unchanged.
        """
        editable_actions.check([fcurve.id_data])
        keys = fcurve.keyframe_points
        keys.clear()
        keys.add(len(self))
        for field in fields(self):
            write_column(fcurve, field.name, getattr(self, field.name))
        fcurve.id_data.update_tag()

    def between(self, first: float, last: float) -> KeyTable:
        """Return the keys from frame `first` to frame `last`, both included."""
        return self[self._within(first, last)]

    def outside(self, first: float, last: float) -> KeyTable:
        """Return the keys before frame `first` and after frame `last`."""
        return self[~self._within(first, last)]

    def nearest(self, frames: npt.ArrayLike) -> tuple[npt.NDArray[np.intp], types.BoolArray]:
        """Return the nearest key of each frame (N,), and whether it is at the same time. There must be a key."""
        return nearest(self.frames, np.asarray(frames))

    def with_values(self, rows: npt.NDArray, values: npt.ArrayLike, key_type: str) -> KeyTable:
        """Return the keys with other values at `rows`, a mask or indices, and their handles moved along.

        Args:
            rows: The keys to change, a mask or indices.
            values: Their values.
            key_type: Their type, as "EXTREME".
        """
        columns = {name: getattr(self, name).copy() for name in ("co", "handle_left", "handle_right", "type")}
        values = np.asarray(values, np.float32)
        rise = values - self.values[rows]
        columns["handle_left"][rows, 1] += rise
        columns["handle_right"][rows, 1] += rise
        columns["co"][rows, 1] = values
        columns["type"][rows] = write_keys.enum_value("type", key_type)
        return replace(self, **columns)

    def _within(self, first: float, last: float) -> types.BoolArray:
        return (self.frames >= first - SAME_TIME) & (self.frames <= last + SAME_TIME)

    @classmethod
    def generated(cls, frames: npt.ArrayLike, values: npt.ArrayLike, key_type: str = "GENERATED") -> KeyTable:
        """Return linear keys of one type, not selected. frames and values: (K,), in the order of time."""
        co = np.stack([np.asarray(frames, np.float32), np.asarray(values, np.float32)], axis=1)
        columns = {field.name: _empty(field.name, len(co)) for field in fields(cls)}
        for name, identifier in _LINEAR_DEFAULTS.items():
            columns[name][:] = write_keys.enum_value(name, identifier)
        columns["type"][:] = write_keys.enum_value("type", key_type)
        left, right = straight_handles(co)
        return cls(**{**columns, "co": co, "handle_left": left, "handle_right": right})

    @classmethod
    def joined(cls, tables: Sequence[KeyTable]) -> KeyTable:
        """Return the keys of all tables in the order of time; of keys at the same time, that of the later table."""
        every_key = cls(*(np.concatenate([getattr(table, field.name) for table in tables]) for field in fields(cls)))
        number = np.repeat(np.arange(len(tables)), [len(table) for table in tables])
        order = np.lexsort((number, every_key.frames))
        frames, number = every_key.frames[order], number[order]

        # Times within SAME_TIME of each other are one time; its key is that of the last table.
        group = np.cumsum(np.concatenate([[0], np.diff(frames) > SAME_TIME])) if len(frames) else np.zeros(0, int)
        last = np.full(len(tables) and len(frames), -1)
        np.maximum.at(last, group, number)
        return every_key[order[number == last[group]]]


@dataclass(frozen=True)
class KeyPoints(_Points):
    """Frame, value and type of K keys, which are faster to read than a KeyTable. co: (K, 2)."""

    co: types.Float32Array
    type: types.Int32Array

    @classmethod
    def read(cls, fcurve: bpy.types.FCurve) -> KeyPoints:
        """Return all keys of a curve."""
        return cls(read_column(fcurve, "co"), read_column(fcurve, "type"))


def straight_handles(co: types.Float32Array) -> tuple[types.Float32Array, types.Float32Array]:
    """Return the left and right handles (K, 2) of keys (K, 2) on straight lines."""
    third = np.diff(co, axis=0) / 3 if len(co) > 1 else np.full_like(co, (1 / 3, 0))
    before = np.concatenate([third[:1], third])[: len(co)]
    after = np.concatenate([third, third[-1:]])[len(third) + 1 - len(co) :]
    return co - before, co + after


_columns: dict[tuple[int, str], npt.NDArray] | None = None
"""Address of a curve and name -> column, while `reading_once` lasts."""


@contextmanager
def reading_once() -> Generator[None]:
    """Read every column once while the context lasts, which saves most of the time of a small edit.

    Keys may only be changed by this module's functions in it, and no curve removed.
    """
    global _columns
    before, _columns = _columns, {} if _columns is None else _columns
    try:
        yield
    finally:
        _columns = before


def read_column(fcurve: bpy.types.FCurve, name: str) -> npt.NDArray:
    """Return one property of all keys of a curve, as the field `name` of a KeyTable."""
    known = None if _columns is None else _columns.get((fcurve.as_pointer(), name))
    if known is not None:
        return known.copy()
    keys = fcurve.keyframe_points
    column = _empty(name, len(keys))
    keys.foreach_get(name, column.ravel())
    if _columns is not None:
        _columns[fcurve.as_pointer(), name] = column.copy()
    return column


def write_column(fcurve: bpy.types.FCurve, name: str, column: npt.NDArray) -> None:
    """Set one property of all keys of a curve, a field of a KeyTable. Handles are not recalculated."""
    fcurve.keyframe_points.foreach_set(name, np.ascontiguousarray(column).ravel())
    if _columns is not None:
        _columns[fcurve.as_pointer(), name] = np.array(column, _dtype_and_width(name)[0])


def recalculate_handles(fcurve: bpy.types.FCurve) -> None:
    """Let Blender sort the keys of a curve and recalculate their handles."""
    fcurve.update()
    if _columns is not None:
        for known in [known for known in _columns if known[0] == fcurve.as_pointer()]:
            del _columns[known]


_LINEAR_DEFAULTS = {**write_keys.LINEAR_KEYS, "easing": "AUTO"}


def nearest(times: npt.NDArray, frames: npt.NDArray) -> tuple[npt.NDArray[np.intp], types.BoolArray]:
    """Return the index of the nearest of the ascending `times` (K,) to each of `frames` (N,), and if they match."""
    after = np.clip(np.searchsorted(times, frames), 0, len(times) - 1)
    before = np.maximum(after - 1, 0)
    index = np.where(np.abs(times[before] - frames) < np.abs(times[after] - frames), before, after)
    return index, np.abs(times[index] - frames) <= SAME_TIME


def _empty(name: str, count: int) -> npt.NDArray:
    dtype, width = _dtype_and_width(name)
    return np.zeros((count, width) if width else count, dtype)


@lru_cache
def _dtype_and_width(name: str) -> tuple[type, int]:
    """Return the type of a keyframe property and its length; 0 if it is not an array."""
    kind = bpy.types.Keyframe.bl_rna.properties[name]
    dtypes = {"BOOLEAN": np.bool_, "ENUM": np.int32}
    return dtypes.get(kind.type, np.float32), 2 if kind.type == "FLOAT" and kind.is_array else 0

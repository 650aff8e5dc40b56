"""The keys of one F-curve as arrays, with everything about them: taken out, put together, and put back to the bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache

import bpy
import numpy as np
import numpy.typing as npt

from . import editable_actions, write_keys

FloatArray = npt.NDArray[np.float32]
Int32Array = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

SAME_TIME = 1e-3
"""Keys that are no further apart, in frames, are at the same time."""


@dataclass(frozen=True)
class KeyTable:
    """K keys in the order of time. co, handle_left, handle_right: (K, 2) frame and value; enums are Blender's numbers.

    The fields are named as Blender's own, and written in this order: what a key's types are, before where its handles
    are.
    """

    handle_left_type: Int32Array
    handle_right_type: Int32Array
    interpolation: Int32Array
    easing: Int32Array
    type: Int32Array
    co: FloatArray
    handle_left: FloatArray
    handle_right: FloatArray
    amplitude: FloatArray
    back: FloatArray
    period: FloatArray
    select_control_point: BoolArray
    select_left_handle: BoolArray
    select_right_handle: BoolArray

    def __len__(self) -> int:
        return len(self.co)

    def __getitem__(self, chosen: npt.NDArray | slice) -> KeyTable:
        """Some of the keys, by a mask, by their numbers, or a slice."""
        return KeyTable(*(getattr(self, field.name)[chosen] for field in fields(self)))

    @property
    def frames(self) -> FloatArray:
        """When the keys are (K,)."""
        return self.co[:, 0]

    @property
    def values(self) -> FloatArray:
        """What the keys say (K,)."""
        return self.co[:, 1]

    @classmethod
    def read(cls, fcurve: bpy.types.FCurve) -> KeyTable:
        """All keys of a curve."""
        return cls(*(read_column(fcurve, field.name) for field in fields(cls)))

    def write(self, fcurve: bpy.types.FCurve) -> None:
        """Make these the curve's keys. Blender is not asked to work out the handles: that would move some.

        Raises SceneError, with the keys as they were, where the curve is of another file's Action.
        """
        editable_actions.check([fcurve.id_data])
        keys = fcurve.keyframe_points
        keys.clear()
        keys.add(len(self))
        for field in fields(self):
            keys.foreach_set(field.name, np.ascontiguousarray(getattr(self, field.name)).ravel())
        fcurve.id_data.update_tag()

    def between(self, first: float, last: float) -> KeyTable:
        """The keys from frame `first` to frame `last`, both included."""
        return self[self._within(first, last)]

    def outside(self, first: float, last: float) -> KeyTable:
        """The keys before frame `first` and after frame `last`."""
        return self[~self._within(first, last)]

    def nearest(self, frames: npt.ArrayLike) -> tuple[npt.NDArray[np.intp], BoolArray]:
        """Of each frame (N,): which key is nearest, and whether it is at the same time. There has to be a key."""
        return nearest(self.frames, np.asarray(frames))

    def _within(self, first: float, last: float) -> BoolArray:
        return (self.frames >= first - SAME_TIME) & (self.frames <= last + SAME_TIME)

    @classmethod
    def generated(cls, frames: npt.ArrayLike, values: npt.ArrayLike, key_type: str = "GENERATED") -> KeyTable:
        """Keys of one type on straight lines, not selected. frames, values: (K,), in the order of time."""
        co = np.stack([np.asarray(frames, np.float32), np.asarray(values, np.float32)], axis=1)
        made = {field.name: _empty(field.name, len(co)) for field in fields(cls)}
        for name, identifier in _LINEAR_DEFAULTS.items():
            made[name][:] = write_keys.enum_value(name, identifier)
        made["type"][:] = write_keys.enum_value("type", key_type)
        left, right = straight_handles(co)
        return cls(**{**made, "co": co, "handle_left": left, "handle_right": right})

    @classmethod
    def joined(cls, tables: Sequence[KeyTable]) -> KeyTable:
        """All their keys in the order of time; of keys at the same time, the one of the later table."""
        together = cls(*(np.concatenate([getattr(table, field.name) for table in tables]) for field in fields(cls)))
        number = np.repeat(np.arange(len(tables)), [len(table) for table in tables])
        order = np.lexsort((number, together.frames))
        frames, number = together.frames[order], number[order]

        # Times that follow each other within SAME_TIME are one; its key is the one of the last table.
        group = np.cumsum(np.concatenate([[0], np.diff(frames) > SAME_TIME])) if len(frames) else np.zeros(0, int)
        last = np.full(len(tables) and len(frames), -1)
        np.maximum.at(last, group, number)
        return together[order[number == last[group]]]


@dataclass(frozen=True)
class KeyPoints:
    """When K keys are, what they say, and their type: what a quick look at a curve needs. co: (K, 2)."""

    co: FloatArray
    type: Int32Array

    def __len__(self) -> int:
        return len(self.co)

    @property
    def frames(self) -> FloatArray:
        """When the keys are (K,)."""
        return self.co[:, 0]

    @property
    def values(self) -> FloatArray:
        """What the keys say (K,)."""
        return self.co[:, 1]

    @classmethod
    def read(cls, fcurve: bpy.types.FCurve) -> KeyPoints:
        """All keys of a curve."""
        return cls(read_column(fcurve, "co"), read_column(fcurve, "type"))


def straight_handles(co: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The left and right handles (K, 2) of keys (K, 2) that straight lines connect."""
    third = np.diff(co, axis=0) / 3 if len(co) > 1 else np.full_like(co, (1 / 3, 0))
    before = np.concatenate([third[:1], third])[: len(co)]
    after = np.concatenate([third, third[-1:]])[len(third) + 1 - len(co) :]
    return co - before, co + after


def read_column(fcurve: bpy.types.FCurve, name: str) -> npt.NDArray:
    """One property of all keys of a curve, as the field `name` of a KeyTable."""
    keys = fcurve.keyframe_points
    found = _empty(name, len(keys))
    keys.foreach_get(name, found.ravel())
    return found


_LINEAR_DEFAULTS = {**write_keys.LINEAR_KEYS, "easing": "AUTO"}


def nearest(times: npt.NDArray, frames: npt.NDArray) -> tuple[npt.NDArray[np.intp], BoolArray]:
    """Of each of `frames` (N,): which of the rising `times` (K,) is nearest, and whether it is the same time."""
    after = np.clip(np.searchsorted(times, frames), 0, len(times) - 1)
    before = np.maximum(after - 1, 0)
    found = np.where(np.abs(times[before] - frames) < np.abs(times[after] - frames), before, after)
    return found, np.abs(times[found] - frames) <= SAME_TIME


def _empty(name: str, count: int) -> npt.NDArray:
    dtype, width = _dtype_and_width(name)
    return np.zeros((count, width) if width else count, dtype)


@lru_cache
def _dtype_and_width(name: str) -> tuple[type, int]:
    """Of a property of keys: what its numbers are, and how many it has; 0 where it is not an array."""
    kind = bpy.types.Keyframe.bl_rna.properties[name]
    dtypes = {"BOOLEAN": np.bool_, "ENUM": np.int32}
    return dtypes.get(kind.type, np.float32), 2 if kind.type == "FLOAT" and kind.is_array else 0

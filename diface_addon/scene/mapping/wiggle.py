"""Shows what a row of the mapping moves: its property goes to its value at weight 1 and back."""

from __future__ import annotations

import math
from typing import Any

import bpy
import numpy as np

from ...core import errors, types
from ...rig.mapping import custom_property, row_settings
from . import table

SECONDS = 1.2
"""Duration of a test."""
HINT = "Choose a row without a warning."


class Wiggle:
    """The property of a row, which has its former value again after `end`, to the last bit. Nothing is keyed.

    Objects are looked up on each step: undo, or a script, may have removed them.
    """

    def __init__(self, row: table.TableRow) -> None:
        """Read the value of the property.

        Raises:
            SceneError: The row moves nothing.
        """
        if row.problem or row.owner is None or (row.address is None and row.bone is None):
            raise errors.SceneError(row.problem or f"The row of {row.channel} moves nothing.", HINT)
        self._row, self._uid = row, row.owner.session_uid
        self._path = row.bone.path if row.bone else row.address[0] if row.address else ""
        self._index = row.address[1] if row.address else 0
        self._before = self._read()

    def step(self, seconds: float) -> bool:
        """Move the property as it is some seconds after the start. Return whether the test goes on."""
        amount = math.sin(math.pi * min(seconds / SECONDS, 1.0)) ** 2
        if self._owner() is None or seconds >= SECONDS:
            return False
        self._write(self._value(amount))
        return True

    def end(self) -> None:
        """Give the property the value that it had."""
        if self._owner() is not None:
            self._write(self._before)

    def _owner(self) -> bpy.types.Object | None:
        return next((obj for obj in bpy.data.objects if obj.session_uid == self._uid), None)

    def _block(self) -> Any:
        owner = self._owner()
        return owner.data.shape_keys if owner and self._row.kind == row_settings.SHAPE_KEY else owner

    def _value(self, amount: float) -> list[float]:
        """Return the values of the property at a weight of the channel, 0 to 1."""
        row = self._row
        if row.bone:
            return row.bone.solve({row.channel: np.array([amount])}, types.FrameRate(30))[0].tolist()
        value = row.offset + amount * row.gain
        if row.kind == row_settings.PROPERTY:
            low, high = custom_property.limits(self._block(), self._path)
            value = min(max(value, low), high)
        values = list(self._before)
        values[self._index] = value
        return values

    def _read(self) -> list[float]:
        if custom_property.is_custom(self._path):  # stored as a double, which its RNA path rounds
            holder, name = custom_property.resolved(self._block(), self._path)
            return [holder[name]]
        now: Any = self._block().path_resolve(self._path)
        return list(now) if hasattr(now, "__len__") else [now]

    def _write(self, values: list[float]) -> None:
        block = self._block()
        value: Any = values if len(values) > 1 else values[0]
        if custom_property.is_custom(self._path):
            holder, name = custom_property.resolved(block, self._path)
            holder[name] = value
        else:
            path, _dot, name = self._path.rpartition(".")
            setattr(block.path_resolve(path), name, value)
        block.update_tag()

"""Writes F-curves with one key a frame, in one go."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import bpy
import numpy as np
import numpy.typing as npt

LINEAR_KEYS = {"interpolation": "LINEAR", "handle_left_type": "VECTOR", "handle_right_type": "VECTOR"}
"""Keys on straight lines, whose handles lie on them too: one that is made a Bezier's starts from there."""

GROUP_NAMES = {"KEY": "Face", "OBJECT": "Head"}
"""Kind of data-block -> the group of the F-curves that DiFACE adds."""


@dataclass(frozen=True)
class SampledCurve:
    """What one property does: RNA `path`, array `index` and `values` (T,) float32, one a frame."""

    path: str
    index: int
    values: npt.NDArray[np.float32]


@cache
def enum_value(name: str, identifier: str) -> int:
    """The number that Blender gives one choice of a keyframe's property `name`."""
    return bpy.types.Keyframe.bl_rna.properties[name].enum_items[identifier].value


def write_curves(channels: bpy.types.bpy_struct, curves: list[SampledCurve], first_frame: int, group: str) -> None:
    """New F-curves in `channels` (of `compat.new_channels`), row r at `first_frame` + r, keys of type GENERATED."""
    header = channels.groups.new(group)

    for curve in curves:
        count = len(curve.values)
        points = np.empty((count, 2), np.float32)
        points[:, 0] = np.arange(first_frame, first_frame + count)
        points[:, 1] = curve.values

        fcurve = channels.fcurves.new(curve.path, index=curve.index)
        fcurve.group = header
        keys = fcurve.keyframe_points
        keys.add(count)
        keys.foreach_set("co", points.ravel())
        for name, identifier in {**LINEAR_KEYS, "type": "GENERATED"}.items():
            keys.foreach_set(name, np.full(count, enum_value(name, identifier), np.int32))
        for part in ("control_point", "left_handle", "right_handle"):
            keys.foreach_set(f"select_{part}", np.zeros(count, bool))  # new ones are, and operators ask for them
        fcurve.update()

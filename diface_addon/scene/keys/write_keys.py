"""Writes F-curves with one key a frame, all keys at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import bpy
import numpy as np
import numpy.typing as npt

LINEAR_KEYS = {"interpolation": "LINEAR", "handle_left_type": "VECTOR", "handle_right_type": "VECTOR"}
"""Linear keys whose handles lie on the lines too, so that a key set to Bezier starts from there."""

GROUP_NAMES = {"KEY": "Face", "OBJECT": "Head"}
"""Type of data-block -> the group of the F-curves that DiFACE adds."""


@dataclass(frozen=True)
class SampledCurve:
    """The values of one property: RNA `path`, array `index` and `values` (T,) float32, one a frame."""

    path: str
    index: int
    values: npt.NDArray[np.float32]


@cache
def enum_value(name: str, identifier: str) -> int:
    """Return Blender's number for a choice of a keyframe's property `name`."""
    return bpy.types.Keyframe.bl_rna.properties[name].enum_items[identifier].value


def write_curves(channels: bpy.types.bpy_struct, curves: list[SampledCurve], first_frame: int) -> None:
    """Add F-curves with keys of type GENERATED to a new channelbag, row r at `first_frame` + r."""
    for curve in curves:
        count = len(curve.values)
        points = np.empty((count, 2), np.float32)
        points[:, 0] = np.arange(first_frame, first_frame + count)
        points[:, 1] = curve.values

        fcurve = channels.fcurves.new(curve.path, index=curve.index)
        keys = fcurve.keyframe_points
        keys.add(count)
        keys.foreach_set("co", points.ravel())
        for name, identifier in {**LINEAR_KEYS, "type": "GENERATED"}.items():
            keys.foreach_set(name, np.full(count, enum_value(name, identifier), np.int32))
        for part in ("control_point", "left_handle", "right_handle"):
            keys.foreach_set(
                f"select_{part}", np.zeros(count, bool)
            )  # new keys are selected, and operators use the selection
        fcurve.update()

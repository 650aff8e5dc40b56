"""Curves of the bones that channels turn: jaw and eyes with the face, the neck with the head."""

from __future__ import annotations

import bpy

from ...core import types
from ...rig import bones
from ..keys.write_keys import SampledCurve


def build_bone_curves(obj: bpy.types.Object, motion: types.Motion, turns_head: bool) -> dict[str, list[SampledCurve]]:
    """Return the curves of the bones of a character by kind of data-block.

    Args:
        obj: The character.
        motion: Its channels; bones of which it has no channel get no curves.
        turns_head: Whether to return the bones of the neck; else those of the face.
    """
    curves: dict[str, list[SampledCurve]] = {}
    columns = {name: motion.column(name) for name in motion.channels}
    for group in bones.bone_groups(obj):
        if group.turns_head == turns_head and group.channels & columns.keys():
            values = group.solve(columns, motion.rate)
            of_bone = [SampledCurve(group.path, index, values[:, index]) for index in range(values.shape[1])]
            curves.setdefault(group.kind, []).extend(of_bone)
    return curves

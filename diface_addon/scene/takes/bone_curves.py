"""Curves of the bones that channels move: jaw, tongue and eyes with the face, the neck with the head."""

from __future__ import annotations

from typing import Any

import bpy

from ...core import channels, types
from ...rig import bones
from ...rig.mapping.bone_group import BoneGroup
from ...rig.shifted_bones.bone_shift import BoneShift
from ..keys.write_keys import SampledCurve
from .face_curves import LAYER_BY_CHANNEL, CurvesByKind


def build_bone_curves(
    obj: bpy.types.Object, motion: types.Motion, layer_settings: dict[str, Any] | None
) -> tuple[CurvesByKind, dict[str, CurvesByKind]]:
    """Return the curves of the bones of the face: those of the main Action, and those of each layer.

    Args:
        obj: The character.
        motion: Its face channels; bones of which it has no channel get no curves.
        layer_settings: The request's layers, a seed or None each. None: all bones belong to the main Action.
    """
    main: CurvesByKind = {}
    layers: dict[str, CurvesByKind] = {}
    for group in bones.bone_groups(obj):
        found = {LAYER_BY_CHANNEL.get(channel) for channel in group.channels}
        layer = next(iter(found)) if layer_settings is not None and len(found) == 1 else None
        if not group.turns_head and (layer is None or layer_settings.get(layer) is not None):
            _add_curves(layers.setdefault(layer, {}) if layer else main, group, motion)
    return main, {layer: curves for layer, curves in layers.items() if curves}


def build_neck_curves(obj: bpy.types.Object, motion: types.Motion) -> CurvesByKind:
    """Return the curves of the bones of the neck, which take a share of the head's rotation, by kind of data-block."""
    curves: CurvesByKind = {}
    for group in bones.bone_groups(obj):
        if group.turns_head:
            _add_curves(curves, group, motion.select(channels.HEAD))
    return curves


def _add_curves(curves: CurvesByKind, group: BoneGroup | BoneShift, motion: types.Motion) -> None:
    columns = {name: motion.column(name) for name in motion.channels}
    if group.channels & columns.keys():
        values = group.solve(columns, motion.rate)
        of_bone = [SampledCurve(group.path, index, values[:, index]) for index in range(values.shape[1])]
        curves.setdefault(group.kind, []).extend(of_bone)

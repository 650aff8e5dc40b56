"""Curves of shape keys for the face of a Motion: those of a take's main Action, and those of each layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import bpy
import numpy as np

from ...core import channels, types
from ...rig import parts
from ...rig.mapping.driven_shapes import driven_shapes
from ...rig.mapping.face_mapping import FaceMapping
from ...rig.mapping.face_target import FaceTarget
from ...rig.mapping.lip_closure import LipGroup
from ...rig.mapping.pose_group import PoseGroup
from ...rig.property_address import id_type, part_kind
from ..animation import active_curves, property_limits
from ..characters import shape_key_names
from ..keys.wording import names_note
from ..keys.write_keys import SampledCurve

CurvesByKind = dict[str, list[SampledCurve]]
"""Kind of data-block ('KEY', 'KEY:1') -> curves."""
NO_MOUTH = "Nothing opens the mouth: there is no shape key or bone for jawOpen."
LAYER_BY_CHANNEL = {channel: layer for layer, names in channels.LAYERS.items() for channel in names}


def build_face_curves(
    obj: bpy.types.Object, motion: types.Motion, layer_settings: dict[str, Any] | None
) -> tuple[CurvesByKind, dict[str, CurvesByKind], list[str]]:
    """Return the curves of the main Action and of each layer by kind of data-block, and notes for the user.

    Args:
        obj: The character.
        motion: Its face channels.
        layer_settings: The request's layers, a seed or None each. None: all channels belong to the main Action.
    """
    layer_of = {} if layer_settings is None else LAYER_BY_CHANNEL
    written = [c for c in motion.channels if c not in layer_of or layer_settings.get(layer_of[c]) is not None]
    motion = motion.select(tuple(written))
    main: CurvesByKind = {}
    layers: dict[str, CurvesByKind] = {}
    notes: list[str] = []
    found: set[str] = set()
    mapping = active_curves.mapping(obj)
    for number, part in parts.numbered_objects(obj).items():
        if part.type != "MESH" or part.data.shape_keys is None:
            continue
        kind = part_kind("KEY", number)
        curves, part_notes = _shape_curves(part, mapping.targets[kind], motion)
        notes += part_notes
        found |= set(shape_key_names.face_shape_keys(part))
        for target, curve in curves:
            layers_of_target = {layer_of.get(channel) for channel in target.channels}
            layer = layers_of_target.pop() if len(layers_of_target) == 1 else None
            holder = layers.setdefault(layer, {}) if layer else main
            holder.setdefault(kind, []).append(curve)
    for kind, target, curve in _object_curves(obj, mapping, motion):
        main.setdefault(kind, []).append(curve)
        found |= set(target.channels)
    for group in mapping.groups:
        for kind, of_group in _group_curves(obj, group, motion).items():
            main.setdefault(kind, []).extend(of_group)
    return main, layers, [*_missing_notes(obj, motion, found), *notes]


def _missing_notes(obj: bpy.types.Object, motion: types.Motion, found: set[str]) -> list[str]:
    """Return notes about channels of the motion that nothing moves with, besides those that were `found`."""
    reached = active_curves.reached_channels(obj)
    # Few characters have shape keys for the breath and for parts of the tongue, so missing ones are not reported.
    missing = [name for name in motion.channels if name in channels.FACE and name not in found | reached]
    still = [NO_MOUTH] if "jawOpen" in missing else []
    if not reached and motion.channels:
        still = [f"The face shapes of {obj.name} move nothing: its face stays still."]
    return [*still, *names_note("No shape key for", missing)]


def _object_curves(
    obj: bpy.types.Object, mapping: FaceMapping, motion: types.Motion
) -> Iterator[tuple[str, FaceTarget, SampledCurve]]:
    """Yield the curves of objects and bones, which channels move like shape keys, with their kind of data-block."""
    columns = {name: motion.column(name) for name in motion.channels}
    for target in mapping.all_targets:
        kind, path, index = target.address
        values = target.value(columns) if id_type(kind) == "OBJECT" else None
        if values is not None:
            yield kind, target, SampledCurve(path, index, property_limits.within(obj, target.address, values))


def _group_curves(obj: bpy.types.Object, group: PoseGroup | LipGroup, motion: types.Motion) -> CurvesByKind:
    """Return the curves of poses or lips by kind of data-block."""
    values = group.solve({name: motion.column(name) for name in motion.channels}, motion.rate)
    curves: CurvesByKind = {}
    for (kind, path, index), column in zip(group.addresses, values.T, strict=True):
        within = property_limits.within(obj, (kind, path, index), column)
        curves.setdefault(kind, []).append(SampledCurve(path, index, within))
    return curves


def _shape_curves(
    obj: bpy.types.Object, targets: Sequence[FaceTarget], motion: types.Motion
) -> tuple[list[tuple[FaceTarget, SampledCurve]], list[str]]:
    """Return the curve of each target of a mesh that the motion moves, and notes for the user."""
    blocks, driven = obj.data.shape_keys.key_blocks, shape_key_names.driven_shape_keys(obj)
    columns = {name: motion.column(name) for name in motion.channels}
    curves, clamped = [], []
    for target in targets:
        block, values = blocks[target.name], target.value(columns)
        if values is None:
            continue
        within = np.clip(values, block.slider_min, block.slider_max).astype(np.float32)
        if np.max(np.abs(within - values)) > 0.01:
            clamped.append(target.name)
        curves.append((target, SampledCurve(target.address[1], 0, within)))

    names = shape_key_names.face_shape_keys(obj).values()
    keyed = driven_shapes(obj).controls if driven else {}
    notes = names_note("A driver sets, not keyed:", [name for name in names if name in driven and name not in keyed])
    notes += names_note("Held within the slider's range:", clamped)
    muted = [target.name for target, _curve in curves if blocks[target.name].mute]
    notes += names_note("Muted, so it does not show:", muted)
    if obj.show_only_shape_key:
        notes.append("Only one shape key shows: turn Solo Active Shape Key off.")
    return curves, notes

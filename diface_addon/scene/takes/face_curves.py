"""A Motion's face as curves of shape keys: those of a take's main Action, and those of each layer."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from ...core import channels, types
from ..characters import shape_key_names
from ..keys.write_keys import SampledCurve


def build_face_curves(
    obj: bpy.types.Object, motion: types.Motion, layer_settings: dict[str, Any] | None
) -> tuple[list[SampledCurve], dict[str, list[SampledCurve]], list[str]]:
    """The curves of the main Action, those of each layer, and notes. asked: the request's layers; with None the Motion
    has no layers, and everything in it is the main Action's."""
    apart = (
        {channel: layer for layer, some in channels.LAYERS.items() for channel in some}
        if layer_settings is not None
        else {}
    )
    wanted = [c for c in motion.channels if c not in apart or layer_settings.get(apart[c]) is not None]
    curves, notes = _shape_curves(obj, motion.select(tuple(wanted)))
    layers: dict[str, list[SampledCurve]] = {}
    for channel, layer in apart.items():
        if channel in curves:
            layers.setdefault(layer, []).append(curves[channel])
    return [curve for channel, curve in curves.items() if channel not in apart], layers, notes


def _shape_curves(obj: bpy.types.Object, motion: types.Motion) -> tuple[dict[str, SampledCurve], list[str]]:
    """The curve of every channel that `obj` has a shape key for, and notes."""
    blocks, driven = obj.data.shape_keys.key_blocks, shape_key_names.driven_shape_keys(obj)
    found = shape_key_names.face_shape_keys(obj)
    written = {channel: name for channel, name in found.items() if channel in motion.channels and name not in driven}
    curves, clamped = {}, []
    for channel, name in written.items():
        block, values = blocks[name], motion.column(channel)
        within = np.clip(values, block.slider_min, block.slider_max)
        if np.max(np.abs(within - values)) > 0.01:
            clamped.append(name)
        curves[channel] = SampledCurve(block.path_from_id("value"), 0, within)

    # Few characters can breathe; of that nobody need be told.
    missing = [channel for channel in motion.channels if channel in channels.FACE and channel not in found]
    notes = _names_note("No shape key for", missing)
    notes += _names_note("A driver sets, not keyed:", [name for name in found.values() if name in driven])
    notes += _names_note("Held within the slider's range:", clamped)
    notes += _names_note("Muted, so it does not show:", [name for name in written.values() if blocks[name].mute])
    if obj.show_only_shape_key:
        notes.append("Only one shape key shows: turn Solo Active Shape Key off.")
    return curves, notes


def _names_note(what: str, names: list[str]) -> list[str]:
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return [f"{what} {shown}."] if names else []

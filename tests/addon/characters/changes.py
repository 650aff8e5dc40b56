"""What animators do to a character before they add speech: muted shapes, a custom body, Actions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import bpy
import numpy as np

from .kinds import Built
from .surfaces import positions

CUSTOM = {"Body_Wide": 0.6, "Face_Chubby": 0.4, "Nose_Long": -0.5}
"""Customisation shapes, which are no face shapes, and the values that they keep."""


def mute_shapes(built: Built, names: Iterable[str]) -> None:
    """Mute shape keys of all meshes."""
    for obj in built.faces:
        for name in names:
            if name in obj.data.shape_keys.key_blocks:
                obj.data.shape_keys.key_blocks[name].mute = True


def add_custom_shapes(built: Built) -> Built:
    """Return the character after shapes with values of a custom body were added to its face meshes."""
    for obj in built.faces:
        points = positions(obj.data.vertices)
        middle = points.mean(axis=0)
        for number, (name, value) in enumerate(CUSTOM.items()):
            key = obj.shape_key_add(name=name, from_mix=False)
            wider = middle + (points - middle) * (1.0 + 0.01 * (number + 1))
            key.data.foreach_set("co", wider.astype(np.float32).ravel())
            key.slider_min = -1.0
            key.value = value
    bpy.context.view_layer.update()
    return replace(built, neutral=dict(CUSTOM))


def add_key_action(built: Built, names: Iterable[str] = ("eyeWideLeft", "jawOpen")) -> bpy.types.Action:
    """Animate shape keys of the main mesh by hand, as an Action that is there before the speech."""
    keys = built.main.data.shape_keys
    for frame in range(1, 301, 10):
        for name in names:
            keys.key_blocks[name].value = 0.2 * (1 + np.sin(frame / 10)) / 2
            keys.key_blocks[name].keyframe_insert("value", frame=frame)
    keys.animation_data.action.name = "Hand-made"
    bpy.context.scene.frame_set(bpy.context.scene.frame_current)
    return keys.animation_data.action

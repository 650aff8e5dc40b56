"""A temporary scene that holds a plain character and nothing else, for Blender's exporters."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from ... import compat
from ..keys import frame_rate
from . import pointer
from .plain import character as plain_character
from .plain import keys as plain_keys
from .plain.copies import Copies
from .plain.sampling import sample_times
from .plain.shape_names import ShapeNames


@dataclass(frozen=True)
class Clip:
    """What a file plays.

    Attributes:
        name: What the animation is called in the file.
        frames: First and last frame of the scene.
    """

    name: str
    frames: tuple[int, int]


@dataclass(frozen=True)
class PlainSettings:
    """How a character is made plain.

    Attributes:
        rate: Samples per second; 0: the scene's frames per second.
        names: What the shape keys are called.
    """

    rate: float = 0.0
    names: ShapeNames = "CHARACTER"


@contextlib.contextmanager
def export_scene(
    objects: Sequence[bpy.types.Object], scene: bpy.types.Scene, clip: Clip, settings: PlainSettings
) -> Generator[bpy.types.Scene]:
    """Override the context with a scene of plain copies, which have the names of the originals. Removed afterwards.

    At the scene's own rate the keys are at the frames of the clip; at another rate they begin at the same time.

    Args:
        objects: The exported objects, the main mesh first.
        scene: The scene that is exported, which stays as it is.
        clip: What is exported.
        settings: How.
    """
    own = frame_rate.scene_rate(scene).value
    rate = settings.rate or own
    times = sample_times(clip.frames, own, rate)
    samples = plain_character.sample_character(objects, scene, clip.frames, times)
    with pointer.waiting(), _new_scene(clip.name) as plain:
        _set_rate(plain, scene, settings.rate)
        plain.frame_start = round(clip.frames[0] * rate / own)
        plain.frame_end = plain.frame_start + len(times) - 1
        found = plain_character.build(objects, samples, plain.collection, plain, settings.names)
        with _names_of_originals(found.copies):
            try:
                _animate(found, plain, clip.name)
                context = {"scene": plain, "view_layer": plain.view_layers[0]}
                with bpy.context.temp_override(**context):  # pyrefly: ignore[bad-context-manager]
                    yield plain
            finally:
                found.copies.remove()


@contextlib.contextmanager
def _new_scene(name: str) -> Generator[bpy.types.Scene]:
    """Yield a new scene, which is removed afterwards."""
    scene = bpy.data.scenes.new(name)
    try:
        yield scene
    finally:
        bpy.data.scenes.remove(scene)


def _set_rate(plain: bpy.types.Scene, scene: bpy.types.Scene, rate: float) -> None:
    """Set frame rate and units as in `scene`, or at another rate."""
    plain.unit_settings.system = scene.unit_settings.system
    plain.unit_settings.scale_length = scene.unit_settings.scale_length
    plain.render.fps, plain.render.fps_base = scene.render.fps, scene.render.fps_base
    if rate:
        plain.render.fps = max(1, round(rate))
        plain.render.fps_base = plain.render.fps / rate


def _animate(found: plain_character.PlainCharacter, plain: bpy.types.Scene, name: str) -> None:
    moving = plain_keys.set_still(found.columns())
    frames = np.arange(plain.frame_start, plain.frame_end + 1, dtype=np.float64)
    actions = plain_keys.write_actions(moving, frames, name)
    for block, action, slot in plain_keys.actions_by_block(moving, actions):
        compat.assign_slot(block, action, slot)
    plain.frame_set(plain.frame_start)


@contextlib.contextmanager
def _names_of_originals(copies: Copies) -> Generator[None]:
    """Exchange the names of originals and copies: the file has them. Linked data-blocks keep theirs."""
    pairs: dict[bpy.types.ID, bpy.types.ID] = {}
    for uid, copy in copies.objects.items():
        original = copies.originals[uid]
        pairs[original] = copy
        if original.data is not None and copy.data in copies.data:
            pairs[original.data] = copy.data
    names = {original: original.name for original in pairs}
    renamed = [original for original in pairs if original.library is None]
    try:
        for original in renamed:
            original.name = f"{names[original][:50]} original"
        for original, copy in pairs.items():
            copy.name = names[original]
        yield
    finally:
        for original in renamed:
            original.name = names[original]

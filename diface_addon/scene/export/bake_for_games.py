"""Bake for Games: a plain copy of the character in the scene, with one Action or an NLA strip for each line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from ... import compat
from ..keys import frame_rate
from . import pointer
from .export_scene import Clip, PlainSettings
from .plain import character as plain_character
from .plain import keys as plain_keys
from .plain.sampling import FloatArray, Samples, sample_times
from .plain.shape_names import ShapeNames

SUFFIX = " Game"
"""What the names of the copies and of their collection end with."""


@dataclass(frozen=True)
class Baked:
    """Result of `bake`.

    Attributes:
        collection: Holds the copies.
        actions: The Actions of each clip, one without slots for each data-block.
    """

    collection: bpy.types.Collection
    actions: dict[str, list[bpy.types.Action]]


def bake(
    objects: Sequence[bpy.types.Object],
    scene: bpy.types.Scene,
    clips: Sequence[Clip],
    settings: PlainSettings,
    as_strips: bool,
) -> Baked:
    """Add a plain copy of a character to the scene, with the motion of some clips at the same frames.

    Args:
        objects: The objects of the character, the main mesh first. They stay as they are.
        scene: The scene.
        clips: What is baked; their names become those of Actions and NLA tracks.
        settings: Rate and names. The keys of another rate than the scene's are between frames.
        as_strips: Put each clip on a separate NLA track, otherwise assign the Action of the only one.

    Raises:
        SceneError: The main mesh cannot be exported. Nothing is added.
    """
    own = frame_rate.scene_rate(scene).value
    times = [sample_times(clip.frames, own, settings.rate or own) for clip in clips]
    together = np.concatenate(times)
    frames = min(clip.frames[0] for clip in clips), max(clip.frames[1] for clip in clips)
    samples = plain_character.sample_character(objects, scene, frames, together)
    with pointer.waiting():
        return _add(objects, scene, dict(zip(clips, times, strict=True)), samples, settings.names, as_strips)


def _add(
    objects: Sequence[bpy.types.Object],
    scene: bpy.types.Scene,
    times: dict[Clip, FloatArray],
    samples: Samples,
    names: ShapeNames,
    as_strips: bool,
) -> Baked:
    """Add copies with keys to a scene. times: the frames of each clip, which are together those of the samples."""
    collection = bpy.data.collections.new(objects[0].name + SUFFIX)
    scene.collection.children.link(collection)
    try:
        found = plain_character.build(objects, samples, collection, scene, names)
    except BaseException:
        bpy.data.collections.remove(collection)
        raise
    for uid, copy in found.copies.objects.items():
        copy.name = found.copies.originals[uid].name + SUFFIX
    moving = plain_keys.set_still(found.columns())
    actions: dict[str, list[bpy.types.Action]] = {}
    ends = np.cumsum([len(part) for part in times.values()])
    for number, (clip, part, end) in enumerate(zip(times, times.values(), ends, strict=True)):
        columns = _rows(moving, end - len(part), end)
        actions[clip.name] = plain_keys.write_actions(columns, part, clip.name)
        _use(columns, actions[clip.name], clip.name if as_strips else "", is_first=number == 0)
    return Baked(collection, actions)


def _rows(columns: dict[bpy.types.ID, plain_keys.Columns], first: int, end: int) -> dict:
    return {
        block: {address: values[first:end] for address, values in properties.items()}
        for block, properties in columns.items()
    }


def _use(
    columns: dict[bpy.types.ID, plain_keys.Columns], actions: list[bpy.types.Action], track_name: str, is_first: bool
) -> None:
    """Assign Actions, or put them on a track called `track_name`.

    Strips hold their last pose until the next line: where no strip plays, Blender 5.0 sets shape keys to 1.
    """
    for block, action, slot in plain_keys.actions_by_block(columns, actions):
        if track_name:
            track = block.animation_data_create().nla_tracks.new()
            track.name = track_name
            compat.new_strip(track, action, slot).extrapolation = "HOLD" if is_first else "HOLD_FORWARD"
        else:
            compat.assign_slot(block, action, slot)
    for action in actions:
        action.use_fake_user = True

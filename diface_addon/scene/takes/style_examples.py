"""Style examples: the takes that a style is adapted to, their edited motion, and their sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ... import compat
from ...core import channels, errors, types
from ...rig.property_address import PropertyAddress
from ..audio import speech_source
from ..characters import shape_key_names
from ..files import temporary
from ..provenance import baseline, recorded, stored_request, take_request
from ..provenance.layer_tracks import layer_name
from . import take_index, take_list, take_motion

REQUIRED_CHANNELS = ("jawOpen", "mouthClose")
"""Channels that a take must have to be a style example."""

STAR_HINT = "Star the takes of this character that you are satisfied with, or make one of them active."
TIME_TOLERANCE = 1e-3
"""Seconds by which a strip's section of its sound may differ from that of the take."""


def chosen_takes(obj: bpy.types.Object) -> list[list[bpy.types.Action]]:
    """Return the takes of `obj` with a star; without a star, the one that animates the face.

    Raises:
        SceneError: There is no such take.
    """
    takes = take_index.all_takes()
    entries = [entry for entry in take_list.entries(obj) if not entry.other_character and not entry.error]
    starred = [takes[entry.take] for entry in entries if entry.favourite]
    if starred:
        return starred
    active = [takes[entry.take] for entry in entries if entry.is_active and _face_action(takes[entry.take])]
    if not active:
        raise errors.SceneError(f"No take of {obj.name} has a star, and none is active.", STAR_HINT)
    return active[:1]


def collect_examples(
    context: bpy.types.Context, obj: bpy.types.Object, sound_file: str, folder: Path
) -> tuple[types.StyleExample, ...]:
    """Return the chosen takes with their sound.

    Args:
        context: Names the sequencer.
        obj: The character.
        sound_file: The sound file that the settings name; "" if they name none.
        folder: Holds the files that have to be written.

    Raises:
        DifaceError: A take or its sound cannot be used.
    """
    read = []
    for number, actions in enumerate(chosen_takes(obj)):
        inside = folder / str(number)  # two sounds may be written under one name
        with temporary.raising_scene_errors():
            inside.mkdir()
        motion = final_motion(obj, actions)
        read.append(types.StyleExample(actions[0].name, find_sound(context, actions[0], sound_file, inside), motion))
    return tuple(read)


def final_motion(obj: bpy.types.Object, actions: list[bpy.types.Action]) -> types.Motion:
    """Return the face motion of a take with all edits, one row a frame, at the take's frame rate.

    Layers are left out, and so are channels that are muted or that nothing of `obj` moves with. A take whose keys were
    all moved in time is read where it is now.

    Raises:
        SceneError: The take cannot be a style example.
    """
    main, request = take_index.split_layers(actions)[0], stored_request.require_request(actions[0])
    if request.get("engine"):
        message = f'The take "{actions[0].name}" was made by 3DiFACE\'s models.'
        raise errors.SceneError(message, "Remove its star: styles are adapted for DiFACE's models only.")
    if request.get("role", types.SPEAK) != types.SPEAK:
        message = f'Nobody speaks in the take "{actions[0].name}".'
        raise errors.SceneError(message, "Remove its star: a style is a way of speaking.")
    curves = take_motion.face_curves(obj, main)
    if not curves and _face_action(actions) is None:
        message = f'The take "{actions[0].name}" moves only the head.'
        raise errors.SceneError(message, "Remove its star: a style is a style of the face.")
    jaw = next((address for address in curves if address in take_motion.reaching(obj, "jawOpen")), None)
    first = 0.0 if jaw is None else _first_frame(main, jaw, curves[jaw], request)
    made = take_request.from_json(request)
    rows = np.arange(take_request.row_count(main, made), dtype=np.float64)
    columns = take_motion.face_columns(obj, curves, first + rows)
    if "jawOpen" in columns and not take_motion.reaching(obj, "mouthClose") and not _has_mouth_close(main):
        columns["mouthClose"] = np.zeros_like(columns["jawOpen"])  # the jaw alone opens and closes the lips
    missing = [name for name in REQUIRED_CHANNELS if name not in columns]
    if missing:
        message = f'The take "{actions[0].name}" does not move {" and ".join(missing)} of {obj.name}.'
        raise errors.SceneError(message, "Remove its star, or choose the character that it was made for.")
    names = tuple(name for name in channels.FACE if name in columns)
    values = np.stack([columns[name] for name in names], 1).astype(np.float32)
    return types.Motion(values, names, made.rate)


def find_sound(
    context: bpy.types.Context, action: bpy.types.Action, sound_file: str, folder: Path
) -> types.AudioSection:
    """Return the sound of a take, where it is now.

    Args:
        context: Names the sequencer.
        action: The take's first Action.
        sound_file: The sound file that the settings name; "" if they name none.
        folder: Holds the files that have to be written.

    Raises:
        AudioError: The sound was not found, or the strip plays another section now.
        SceneError: A file cannot be written.
    """
    request = stored_request.require_request(action)
    made, name = take_request.from_json(request), request["sound"]
    section = made.audio
    try:
        now = speech_source.locate_audio(context, made, name, sound_file, folder, recorded.sound_shift(request))
    except errors.AudioError as reason:
        message = f'The take "{action.name}" cannot be an example: {reason.message}'
        raise errors.AudioError(message, f"{reason.hint} Or remove the take's star.") from reason
    if _differs(now.start, section.start) or _differs(now.seconds, section.seconds):
        message = f'The strip "{name}" no longer plays what the take "{action.name}" was made to.'
        raise errors.AudioError(message, "Trim it as it was, or remove the take's star.")
    return now


def _differs(now: float | None, then: float | None) -> bool:
    return now != then if now is None or then is None else abs(now - then) > TIME_TOLERANCE


def _face_action(actions: list[bpy.types.Action]) -> bpy.types.Action | None:
    """Return the main Action of a take that animates the face."""
    return next((a for a in actions if not layer_name(a) and compat.find_channelbag(a, "KEY")), None)


def _has_mouth_close(actions: list[bpy.types.Action]) -> bool:
    """Return whether a take was made for a character with a shape key of mouthClose."""
    paths = {path for action in actions for (_kind, path, _index), _curve in compat.action_fcurves(action)}
    return any(shape_key_names.channel_for_path(path) == "mouthClose" for path in paths)


def _first_frame(
    actions: list[bpy.types.Action], address: PropertyAddress, curve: bpy.types.FCurve, request: dict[str, Any]
) -> float:
    """Return the frame of the take's first row, also if all keys were moved in time."""
    keys = np.empty(2 * len(curve.keyframe_points), np.float32)
    curve.keyframe_points.foreach_get("co", keys)
    generated = [baseline.read_baseline_keys(action).get(address) for action in actions]
    before = next((points for points in generated if points is not None), np.zeros((0, 2), np.float32))
    if len(before) == len(curve.keyframe_points):
        moved = keys[::2] - before[:, 0]
        if np.ptp(moved) < TIME_TOLERANCE:
            return request["first_frame"] + float(moved[0])
    return request["first_frame"]

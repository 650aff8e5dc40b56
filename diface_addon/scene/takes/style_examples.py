"""The takes that a style is learnt from: which they are, their final motion, and their sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ... import compat
from ...core import channels, errors, types
from ..animation import sample_motion
from ..audio import audio_strip, decode
from ..characters import shape_key_names
from ..files import temporary
from ..provenance import baseline, take_request
from ..provenance.layer_tracks import layer_of
from . import take_list, takes

LIPS = ("jawOpen", "mouthClose")
"""What a take has to move, for a style to be learnt from it."""

STARS = "Star takes of this character that are as they should be, or choose one of them to play."
TIMING = 1e-3
"""Seconds by which a strip may play its sound at another place than when the take was made."""

Take = list[bpy.types.Action]


def chosen(obj: bpy.types.Object) -> list[Take]:
    """The takes of `obj` that have a star; where none has, the one whose face plays. Raises SceneError without any."""
    found = takes.all_takes()
    entries = [entry for entry in take_list.entries(obj) if not entry.owner]
    starred = [found[entry.take] for entry in entries if entry.favourite]
    if starred:
        return starred
    playing = [found[entry.take] for entry in entries if entry.plays and _face(found[entry.take])]
    if not playing:
        raise errors.SceneError(f"No take of {obj.name} has a star, and none plays.", STARS)
    return playing[:1]


def performances(context: bpy.types.Context, obj: bpy.types.Object, folder: Path) -> tuple[types.Performance, ...]:
    """The chosen takes with their sound, of which files that have to be made go to `folder`. Raises DifaceError."""
    read = []
    for number, actions in enumerate(chosen(obj)):
        inside = folder / str(number)  # two sounds may have to be made under one name
        with temporary.writing():
            inside.mkdir()
        motion = final_motion(obj, actions)
        read.append(types.Performance(actions[0].name, sound(context, actions[0], inside), motion))
    return tuple(read)


def final_motion(obj: bpy.types.Object, actions: Take) -> types.Motion:
    """What a take does to the face of `obj` with all that the artist changed, a row a frame, at the take's frame rate.

    The layers are left out, and so are channels that are muted or that `obj` has no shape key for. A take that was
    moved as a whole is read where it is now. Raises SceneError.
    """
    action, request = _face(actions), baseline.request_of(actions[0])
    if request.get("engine"):
        message = f'The take "{actions[0].name}" was made by 3DiFACE\'s models.'
        raise errors.SceneError(message, "Take its star away: styles are learnt for DiFACE's own models.")
    if action is None:
        message = f'The take "{actions[0].name}" moves only the head.'
        raise errors.SceneError(message, "Take its star away: a style is how the face speaks.")
    found = _curves(obj, action)
    missing = [name for name in LIPS if name not in found]
    if missing:
        message = f'The take "{actions[0].name}" does not move {" and ".join(missing)} of {obj.name}.'
        raise errors.SceneError(message, "Take its star away, or choose the character that it was made for.")
    first, rows = _first_frame(action, found["jawOpen"], request), _rows(action)
    frames, blocks = first + np.arange(rows, dtype=np.float64), obj.data.shape_keys.key_blocks
    names, columns = shape_key_names.face_map(obj), []
    for channel, curve in found.items():
        block = blocks[names[channel]]
        columns.append(np.clip(sample_motion.evaluated(curve, frames), block.slider_min, block.slider_max))
    return types.Motion(np.stack(columns, 1).astype(np.float32), tuple(found), take_request.of_json(request).rate)


def sound(context: bpy.types.Context, action: bpy.types.Action, folder: Path) -> types.AudioSection:
    """What a take was spoken to: its sound file where that is still there, else what its strip plays, if that is still
    the same. Raises AudioError or SceneError."""
    request = baseline.request_of(action)
    section, name = take_request.of_json(request).audio, request["sound"]
    if section.path.is_file():
        return section
    chosen_file = Path(bpy.path.abspath(context.scene.diface.filepath))
    if chosen_file.name == name and chosen_file.is_file():  # of a file that only Blender decodes, a copy was heard
        return types.AudioSection(decode.for_worker(chosen_file, folder), section.start, section.seconds)
    if all(strip.name != name for _scene, strip in audio_strip.list_strips(context)):
        message = f'The sound of the take "{action.name}" is gone: {name}.'
        raise errors.AudioError(message, "Bring the sound strip back under that name, or take the take's star away.")
    scene, strip = audio_strip.find(context, name)
    now = audio_strip.section(scene, strip, folder)
    if _apart(now.start, section.start) or _apart(now.seconds, section.seconds):
        message = f'The strip "{name}" no longer plays what the take "{action.name}" was made to.'
        raise errors.AudioError(message, "Trim it as it was, or take the take's star away.")
    return now


def _apart(now: float | None, then: float | None) -> bool:
    return now != then if now is None or then is None else abs(now - then) > TIMING


def _face(actions: Take) -> bpy.types.Action | None:
    """The Action of a take that moves the face; layers do not."""
    return next((a for a in actions if not layer_of(a) and compat.channels_of(a, "KEY")), None)


def _curves(obj: bpy.types.Object, action: bpy.types.Action) -> dict[str, bpy.types.FCurve]:
    """Channel -> its curve, of those that move a shape key of `obj`."""
    blocks, driven = obj.data.shape_keys.key_blocks, shape_key_names.driven(obj)
    held, found = compat.channels_of(action, "KEY"), {}
    for channel, name in shape_key_names.face_map(obj).items():
        curve = held.fcurves.find(blocks[name].path_from_id("value"))
        if curve and not curve.mute and len(curve.keyframe_points) and name not in driven and channel not in _LAYERS:
            found[channel] = curve
    return found


_LAYERS = frozenset(name for some in channels.LAYERS.values() for name in some)


def _rows(action: bpy.types.Action) -> int:
    return max(len(curve.values) for curve in baseline.samples_of(action)["KEY"])


def _first_frame(action: bpy.types.Action, curve: bpy.types.FCurve, request: dict[str, Any]) -> float:
    """The frame of the take's first row: later than it was where all keys are."""
    keys = np.empty(2 * len(curve.keyframe_points), np.float32)
    curve.keyframe_points.foreach_get("co", keys)
    before = baseline.as_written(action).get(("KEY", curve.data_path, 0), np.zeros((0, 2), np.float32))
    if len(before) == len(curve.keyframe_points):
        moved = keys[::2] - before[:, 0]
        if np.ptp(moved) < TIMING:
            return request["first_frame"] + float(moved[0])
    return request["first_frame"]

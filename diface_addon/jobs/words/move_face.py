"""Move Face to Words: the motion in the time of the words' new times, as a new take. Needs no worker."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
import numpy.typing as npt

from ...core import channels, errors, types
from ...scene.animation.active_actions import active_actions
from ...scene.edits import curve_changes, write_edit
from ...scene.provenance import take_request
from ...scene.takes import take_names, write_take
from ...scene.takes.lines import line
from ...scene.words import face_times
from ...settings import scene_settings, word_settings
from ...version import VERSION
from .. import edit_parts, edit_plan, edit_shape_keys, generate

SAME_FRAME = 1e-3
"""Frames by which a row has to move to be changed."""


@dataclass(frozen=True)
class MovedWords:
    """Borders of words in frames: `old` as the face has them, `new` as the list has them, both increasing (N,)."""

    old: npt.NDArray[np.float64]
    new: npt.NDArray[np.float64]


def move_face(context: bpy.types.Context) -> write_take.TakeResult:
    """Write a take whose face has the words at the times of the list. Pins stay exactly where they are.

    Raises:
        SceneError: No word was moved, or the take is of other models. The scene is unchanged.
    """
    obj = scene_settings.character(context)
    moved = find_moved(context, obj)
    if edit_parts.separate_parts(obj):
        raise errors.SceneError("A take of 3DiFACE models cannot follow words.", "Choose a take of DiFACE's models.")
    with tempfile.TemporaryDirectory() as folder:
        base = edit_shape_keys.read_edit_context(context, obj, Path(folder))
        if base.request.engine is not None:
            message = "A take of 3DiFACE models cannot follow words."
            raise errors.SceneError(message, "Choose a take of DiFACE's models.")
        motion, mask = moved_motion(base, moved)
        falloff, placed = context.scene.diface.edit.falloff, generate.flame_placement(obj)
        edit = curve_changes.MotionEdit(motion, mask, base.pins, base.first_frame, falloff, placed)
        request = _request(base, mask)
        written = write_edit.write_edit(obj, active_actions(obj), edit, take_names.edit_name("words moved"), request)
    face_times.write(written.actions, _face_times(context, obj))
    edit_shape_keys.store_current_request(context, obj)
    return written


def find_moved(context: bpy.types.Context, obj: bpy.types.Object | None) -> MovedWords:
    """Return the borders of all words. Raises SceneError if none was moved."""
    speech = word_settings.find_speech(context, obj)
    place = word_settings.find_place(context)
    if obj is None or speech is None or place is None or not speech.words:
        raise errors.SceneError("There are no words.", "Press Align Words, or Words from File.")
    stored = face_times.read(obj)
    if not any(word_settings.is_moved(word, stored) for word in speech.words):
        raise errors.SceneError("The face has all words where the list has them.", "Change the time of a word.")
    old = [place.frame(time) for word in speech.words for time in word_settings.face_time(word, stored)]
    new = [place.frame(time) for word in speech.words for time in (word.start, word.end)]
    return MovedWords(*_increasing(np.array(old), np.array(new)))


def moved_motion(base: edit_plan.EditContext, moved: MovedWords) -> tuple[types.Motion, npt.NDArray[np.bool_]]:
    """Return the motion in its new time, and where it differs, (T, C) bool. Layers stay as they are.

    Between two borders time runs evenly. Before the border in front of the first moved one, and after the one behind
    the last, nothing moves.
    """
    frames = base.first_frame + np.arange(len(base.motion), dtype=np.float64)
    ends = np.array([min(frames[0], moved.old[0], moved.new[0]) - 1, max(frames[-1], moved.old[-1], moved.new[-1]) + 1])
    old, new = (np.concatenate([ends[:1], borders, ends[1:]]) for borders in (moved.old, moved.new))
    source = np.interp(frames, new, old)
    rows = np.clip(source - base.first_frame, 0, len(frames) - 1)
    changed = np.abs(source - frames) > SAME_FRAME
    values = base.motion.values.copy()
    for column, name in enumerate(base.motion.channels):
        if name not in channels.LAYER_CHANNELS:
            values[:, column] = np.interp(rows, np.arange(len(frames)), base.motion.values[:, column])
    first, last = np.flatnonzero(changed)[[0, -1]] if changed.any() else (0, -1)
    mask = base.regenerate_mask(base.first_frame + int(first), base.first_frame + int(last), base.motion.channels)
    mask &= changed[:, None]
    return types.Motion(values, base.motion.channels, base.motion.rate), mask


def accept_times(context: bpy.types.Context, obj: bpy.types.Object) -> int:
    """Make the times of the list those of the sound: the alignment was wrong. Return of how many words."""
    speech, stored = word_settings.find_speech(context, obj), face_times.read(obj)
    moved = [word for word in speech.words if word_settings.is_moved(word, stored)] if speech else []
    for word in moved:
        word.sound_start, word.sound_end = word.start, word.end
    return len(moved)


def reset_times(context: bpy.types.Context, obj: bpy.types.Object) -> int:
    """Set the times of the list back to those that the face has. Return of how many words."""
    speech, stored = word_settings.find_speech(context, obj), face_times.read(obj)
    moved = [word for word in speech.words if word_settings.is_moved(word, stored)] if speech else []
    for word in moved:
        word.start, word.end = word_settings.face_time(word, stored)
    return len(moved)


def apply_markers(context: bpy.types.Context, obj: bpy.types.Object, dragged: dict[int, int]) -> int:
    """Move the starts of words by frames, by index. Return how many were moved."""
    speech, place = word_settings.find_speech(context, obj), word_settings.find_place(context)
    if speech is None or place is None:
        return 0
    known = {index: frames for index, frames in dragged.items() if 0 <= index < len(speech.words)}
    for index, frames in sorted(known.items(), reverse=max(known.values(), default=0) > 0):
        _shift(speech.words[index], place.rate.seconds(frames))
    return len(known)


def _shift(word: word_settings.DifaceWord, seconds: float) -> None:
    """Move a word as a whole, up to its neighbours; one that touches it gets longer or shorter."""
    order = ("end", "start") if seconds > 0 else ("start", "end")
    times = {"start": word.start + seconds, "end": word.end + seconds}
    for name in order:
        word.set_time(name, times[name])


def _increasing(old: npt.NDArray, new: npt.NDArray) -> tuple[npt.NDArray, npt.NDArray]:
    """Return borders without those at which time would stand still or run backwards."""
    keep = [0]
    for at in range(1, len(old)):
        if old[at] - old[keep[-1]] > SAME_FRAME and new[at] - new[keep[-1]] > SAME_FRAME:
            keep.append(at)
    return old[keep], new[keep]


def _face_times(context: bpy.types.Context, obj: bpy.types.Object) -> dict[face_times.Times, face_times.Times]:
    speech = word_settings.find_speech(context, obj)
    pairs = {word.in_sound: (round(word.start, 6), round(word.end, 6)) for word in speech.words} if speech else {}
    return {sound: face for sound, face in pairs.items() if max(abs(np.subtract(sound, face))) > 1e-4}


def _request(base: edit_plan.EditContext, mask: npt.NDArray[np.bool_]) -> dict[str, object]:
    rows = np.flatnonzero(mask.any(axis=1))
    edited = [int(rows[0] + base.first_frame), int(rows[-1] + base.first_frame)] if len(rows) else []
    return take_request.to_json(
        base.request,
        sound=base.sound,
        **line.fields_after_edit(base.stored),
        first_frame=base.first_frame,
        model_hash=base.model_hash,
        edit={},
        edited=edited,
        diface=VERSION,
    )

"""One edit from what animates the character now to a new take: what is made anew, and what stays."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import tempfile
from pathlib import Path

import bpy
import numpy as np

from ..core import channels, errors, types
from ..scene.animation import active_curves, sampling
from ..scene.animation.active_actions import active_actions
from ..scene.audio import audio_strip, speech_source
from ..scene.edits import curve_changes, write_edit
from ..scene.files import temporary
from ..scene.keys import frame_rate
from ..scene.pins import pins
from ..scene.provenance import baseline, stored_request, take_request
from ..scene.styles import styles
from ..scene.takes import rest_easing, write_take
from ..settings import choices, preferences, scene_settings
from ..version import VERSION
from ..worker import process
from . import edit_warnings, generate, running_job, worker_client
from .edit_plan import EditContext, Plan, Planner

MIN_FOREIGN_KEEP_MOTION = 0.5
"""How much stays at least of a motion that DiFACE did not make: its models could not find back to it from nothing."""


class EditJob(generate.GenerationJob):
    """An edit on its way. Holds no bpy object, nor may `plan_of`."""

    def __init__(
        self,
        task: process.WorkerTask,
        edit_context: EditContext,
        planner: Planner,
        plan: Plan,
        obj: bpy.types.Object,
        folder: object,
    ) -> None:
        super().__init__(
            task,
            speech_source.Speech(edit_context.request.audio, edit_context.first_frame, edit_context.sound),
            obj.session_uid,
            folder,
        )
        self._edit_context, self._planner, self._plan = edit_context, planner, plan
        self._action_uids = [action.session_uid for action in active_actions(obj)]

    def restart_if_stale(self, context: bpy.types.Context) -> EditJob | None:
        """Restart the edit if pins that it was started with were removed or moved since. Raises DifaceError."""
        obj = self.find_character()
        same = [action.session_uid for action in active_actions(obj)] == self._action_uids
        if not same or set(self._edit_context.pins) <= set(self.current_pins(obj)):
            return None
        self.end()
        return begin(context, self._planner)

    def current_pins(self, obj: bpy.types.Object) -> list[pins.Pin]:
        """The pins that there are now."""
        return pins.find_pins(obj)

    def write_result(self) -> write_take.TakeResult:
        """The edit as a new take; the one that was edited stays. Raises DifaceError, with the scene as it was."""
        result = self.task.wait()
        obj = self.find_character()
        found = {action.session_uid: action for action in bpy.data.actions}
        if not all(uid in found for uid in self._action_uids):
            hint = "Undo that, or choose another take, and edit again."
            raise errors.SceneError("The motion was deleted while DiFACE worked on it.", hint)
        actions = [found[uid] for uid in self._action_uids]
        request = self.request_json(result.model_hash)
        wanted = self._plan.pins
        if active_actions(obj) == actions:  # what was keyed meanwhile counts too, and nothing that was let go
            now, before = self.current_pins(obj), self._edit_context.pins
            gone = set(before) - set(now)
            wanted = [*(pin for pin in wanted if pin not in gone), *(pin for pin in now if pin not in before)]
        name = name_with_suffix(actions[0].name, self._plan.name_suffix)
        pull = self.task.request.constraints.falloff
        placed = generate.flame_placement(obj)
        constraints = self.task.request.constraints
        motion = result.motion
        if self._edit_context.is_generated:
            motion = rest_easing.ease_ends(motion, constraints.pins, self._plan.regenerate_mask)
        edit = curve_changes.MotionEdit(
            motion, self._plan.regenerate_mask, tuple(wanted), request["first_frame"], pull, placed
        )
        written = write_edit.write_edit(obj, actions, edit, name, request)
        self.store_request(written, result.model_hash)
        notes = list(written.notes)
        for say in (edit_warnings.opposing_pin_notes, edit_warnings.outside_pin_notes, edit_warnings.dense_pin_notes):
            notes += say(self._edit_context, self._plan)
        if self._edit_context.model_hash not in ("", result.model_hash):
            notes.append("The take was made by other models than these: what is new may speak a little otherwise.")
        return dataclasses.replace(written, notes=tuple(notes))

    def request_json(self, model_hash: str) -> dict[str, object]:
        rows = np.flatnonzero(self._plan.regenerate_mask.any(axis=1))
        edited = (
            [int(rows[0] + self._edit_context.first_frame), int(rows[-1] + self._edit_context.first_frame)]
            if len(rows)
            else []
        )
        more = {
            "sound": self._edit_context.sound,
            "first_frame": self._edit_context.first_frame,
            "model_hash": model_hash,
        }
        asked = dataclasses.replace(self.task.request, layers=self._edit_context.request.layers)
        return take_request.to_json(asked, **more, edited=edited, diface=VERSION)


def begin(context: bpy.types.Context, planner: Planner) -> EditJob:
    """Send what `plan_of` makes of the motion to the worker. Raises DifaceError; in the scene only pins are marked."""
    obj = scene_settings.character(context)
    with temporary.kept_folder() as folder:
        base = read_edit_context(context, obj, Path(folder.name))
        plan = planner(base)
        request = edit_request(context, obj, base, plan)
        edit = EditJob(worker_client.submit(request), base, planner, plan, obj, folder)
    pins.mark_extreme(obj, list(base.pins))
    running_job.set_current(edit)
    return edit


def read_edit_context(context: bpy.types.Context, obj: bpy.types.Object, folder: Path) -> EditContext:
    """What animates `obj` now; files that have to be made go to `folder`. Raises DifaceError."""
    stored = next(filter(None, map(stored_request.read_request, active_actions(obj))), None)
    if stored is None:
        spoken = speech_source.find_speech(context, scene_settings.speech_choice(context.scene), folder)
        request, first, sound = generate.request_from_settings(context, spoken.section), spoken.first_frame, spoken.name
    else:
        request, first, sound = take_request.from_json(stored), stored["first_frame"], stored.get("sound", "")
        style = styles.restore_style(request.style, preferences.styles_folder)
        request = dataclasses.replace(request, audio=locate_audio(context, request.audio, sound, folder), style=style)
    rate = frame_rate.scene_rate(context.scene)
    if stored is not None:
        frame_rate.check_take_rate(request.rate, rate)
    rows = _row_count(obj, stored, request, first)
    if request.audio.seconds is None:  # so that rows and sound end together
        request = dataclasses.replace(request, audio=dataclasses.replace(request.audio, seconds=rate.seconds(rows)))
    motion = sampling.sample_motion(obj, first, rows, channels.of_parts(request.parts), generate.flame_placement(obj))
    found, new = map(tuple, pins.find_pins_and_changes(obj))
    unsettled = found if stored is None else new
    made_by = (stored or {}).get("model_hash", "")
    return EditContext(motion, first, request, sound, found, unsettled, stored is not None, made_by)


def _row_count(obj: bpy.types.Object, stored: dict | None, request: types.GenerateRequest, first: int) -> int:
    """Of a take as many as it has samples; else as the sound's strip lasts, or to the last key."""
    if stored is None and request.audio.seconds is not None:
        return request.rate.rows(request.audio.seconds)
    if stored is None:
        ends = [action.frame_range[1] for action in active_actions(obj)]
        ends += [c.start + c.scale * c.fcurve.keyframe_points[-1].co.x for _address, c in active_curves.all_curves(obj)]
        return max(1, round(max(ends)) - first + 1)
    ours = [action for action in active_actions(obj) if stored_request.read_request(action)]
    curves = [curve for action in ours for some in baseline.read_samples(action).values() for curve in some]
    return max(len(curve.values) for curve in curves)


def locate_audio(
    context: bpy.types.Context, section: types.AudioSection, sound: str, folder: Path
) -> types.AudioSection:
    """The take's sound: its file where that is still there, else what its strip plays. Raises AudioError."""
    if section.path.is_file():
        return section
    return audio_strip.audio_section(*audio_strip.find_strip(context, sound), folder)


def edit_request(
    context: bpy.types.Context, obj: bpy.types.Object, edit_context: EditContext, plan: Plan
) -> types.GenerateRequest:
    """The request that makes `plan` of `base`. Raises SceneError where nothing would be made."""
    if not plan.regenerate_mask.any():
        raise errors.SceneError("There is nothing to make anew.", "Change a key, or choose other frames or regions.")
    settings = context.scene.diface.edit
    found = pins.to_channel_pins(
        obj, plan.pins, edit_context.motion.channels, edit_context.first_frame, generate.flame_placement(obj)
    )
    found = found[(found.row >= 0) & (found.row <= len(edit_context.motion) - 1)]
    stay = settings.keep_motion if plan.keep_motion is None else plan.keep_motion
    kept = types.Constraints(
        values=edit_context.motion.values,
        known_mask=~plan.regenerate_mask,
        pins=found,
        falloff=settings.falloff,
        keep_motion=stay if edit_context.is_generated else max(stay, MIN_FOREIGN_KEEP_MOTION),
    )
    return dataclasses.replace(
        edit_context.request,
        seed=edit_context.request.seed if plan.seed is None else plan.seed,
        steps=choices.STEPS[context.scene.diface.quality],
        layers=types.Layers(None, None, None),
        constraints=kept,
    )


def store_current_request(context: bpy.types.Context, obj: bpy.types.Object) -> None:
    """Keep a request with the take that plays that gives it as it is: all is kept, and nothing made. Without its sound
    there is none."""
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(errors.DifaceError):
        base = read_edit_context(context, obj, Path(folder))
        kept = types.Constraints(base.motion.values, np.ones(base.motion.values.shape, bool))
        request = dataclasses.replace(base.request, layers=types.Layers(None, None, None), constraints=kept)
        if request.engine is None:
            take_request.store(active_actions(obj)[0], request, "")


def name_with_suffix(name: str, suffix: str) -> str:
    """What an edit of a take is called: `word` stands at the end once, however often it is edited."""
    return f"{re.sub(rf' {suffix}([.][0-9]+)?$', '', name)} {suffix}"

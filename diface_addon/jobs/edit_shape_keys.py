"""Edit the active shape-key animation: read it, regenerate a part of it, write the result as a new take."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import tempfile
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..core import errors, request_file, types
from ..scene.animation import active_curves, evaluate_curves
from ..scene.animation.active_actions import active_actions
from ..scene.audio import speech_source
from ..scene.edits import curve_changes, write_edit
from ..scene.files import temporary
from ..scene.keys import frame_rate
from ..scene.pins import pins
from ..scene.provenance import recorded, stored_request, take_request
from ..scene.reduction import reduce_keys
from ..scene.styles import styles
from ..scene.takes import rest_easing, take_names, write_take
from ..scene.takes.lines import line
from ..settings import choices, performance, preferences, scene_settings, threediface_models
from ..settings.directing import direction_settings
from ..version import VERSION
from ..worker import process
from . import edit_parts, edit_plan, edit_seed, edit_warnings, generate, running_job, worker_client
from .edit_plan import EditContext, Plan, Planner

MIN_FOREIGN_KEEP_MOTION = 0.5
"""Minimum share of the original motion kept when editing animation that DiFACE did not generate: sampling from pure
noise would not resemble it."""

OTHER_MODELS_NOTE = (
    "This take was generated with a different model version; regenerated parts may look slightly different."
)


class EditJob(generate.GenerationJob):
    """An edit that the worker is processing. `planner` must not hold bpy objects."""

    def __init__(
        self,
        task: process.WorkerTask,
        edit_context: EditContext,
        planner: Planner,
        plan: Plan,
        obj: bpy.types.Object,
        folder: tempfile.TemporaryDirectory[str],
        part: str = edit_parts.WHOLE,
    ) -> None:
        speech = speech_source.Speech(edit_context.request.audio, edit_context.first_frame, edit_context.sound)
        super().__init__(task, speech, obj.session_uid, folder)
        self._edit_context, self._planner, self._plan = edit_context, planner, plan
        self._part = part
        self._action_uids = [action.session_uid for action in self.edited_actions(obj, part)]

    @classmethod
    def begin(cls, context: bpy.types.Context, planner: Planner, part: str = edit_parts.WHOLE) -> EditJob:
        """Send the edit that `planner` plans to the worker. Nothing in the scene is changed.

        Args:
            context: Names the character and the settings.
            planner: Plans the edit from the existing motion.
            part: The part that is edited, if another model generated the other one.

        Raises:
            DifaceError: There is nothing to edit, or the worker cannot be reached.
        """
        obj = scene_settings.character(context)
        with temporary.kept_folder() as folder:
            with direction_settings.reading_plain(obj):
                edit_context = cls.read_context(context, obj, Path(folder.name), part)
            seed = performance.of_object(obj, context.scene).seed
            plan = edit_seed.with_seed(planner(edit_context), edit_context, context.scene.diface, seed)
            with direction_settings.reading_plain(obj):
                request = cls.build_request(context, obj, edit_context, plan)
            task = worker_client.submit(request)
            job = cls(task, edit_context, planner, plan, obj, folder, part)
        cls.mark_pins(obj, edit_context)
        running_job.set_current(job)
        return job

    @staticmethod
    def read_context(context: bpy.types.Context, obj: bpy.types.Object, folder: Path, part: str) -> EditContext:
        """Read what is edited. Files that have to be written go to `folder`. Raises DifaceError."""
        return read_edit_context(context, obj, folder, part)

    @staticmethod
    def build_request(
        context: bpy.types.Context, obj: bpy.types.Object, edit_context: EditContext, plan: Plan
    ) -> types.GenerateRequest:
        """Build the request for `plan`. Raises SceneError if nothing would be regenerated."""
        return edit_request(context, obj, edit_context, plan)

    @staticmethod
    def edited_actions(obj: bpy.types.Object, part: str) -> list[bpy.types.Action]:
        """Return the Actions that are edited."""
        return edit_parts.part_actions(obj, part)

    @staticmethod
    def mark_pins(obj: bpy.types.Object, edit_context: EditContext) -> None:
        """Give the pins the EXTREME key type, so that they show in the Dope Sheet."""
        pins.mark_extreme(obj, list(edit_context.pins))

    def restart_if_stale(self, context: bpy.types.Context) -> EditJob | None:
        """Restart the edit if pins that it was started with were removed or moved since. Raises DifaceError.

        While another character is active, the result is written without those pins.
        """
        obj = self.find_character()
        if obj != scene_settings.character(context):
            return None
        same_actions = [action.session_uid for action in self.edited_actions(obj, self._part)] == self._action_uids
        if not same_actions or set(self._edit_context.pins) <= set(self.current_pins(obj)):
            return None
        self.end()
        return type(self).begin(context, self._planner, self._part)

    def current_pins(self, obj: bpy.types.Object) -> list[pins.Pin]:
        """Return the pins that exist now."""
        return edit_parts.pins_of_part(pins.find_pins(obj), self._part)

    def base_actions(self) -> list[bpy.types.Action]:
        """Look the edited Actions up. Raises SceneError if one was deleted."""
        actions_by_uid = {action.session_uid: action for action in bpy.data.actions}
        if not all(uid in actions_by_uid for uid in self._action_uids):
            hint = "Undo that, or choose another take, and edit again."
            raise errors.SceneError("The take was deleted while DiFACE worked on it.", hint)
        return [actions_by_uid[uid] for uid in self._action_uids]

    def write_new_take(self) -> write_take.TakeResult:
        """Write the edit as a new take; the edited one is kept. Raises DifaceError, with the scene unchanged."""
        result = self.task.wait_for(types.GenerateResult)
        obj, actions = self.find_character(), self.base_actions()
        constraints, mask, motion = self.request.constraints, self._plan.regenerate_mask, result.motion
        if self._edit_context.is_generated:
            motion = rest_easing.ease_ends(motion, constraints.pins, mask)
        pins_to_write, first = tuple(self._pins_to_write(obj, actions)), self._edit_context.first_frame
        edit = curve_changes.MotionEdit(
            motion, mask, pins_to_write, first, constraints.falloff, generate.flame_placement(obj)
        )
        name = take_names.edit_name(self._plan.label)
        written = write_edit.write_edit(obj, actions, edit, name, self.request_json(result.model_hash))
        self.store_request(written, result.model_hash)
        reduce_keys.reduce_again(obj, written.actions)
        notes = [*written.notes, *edit_warnings.pin_notes(self._edit_context, self._plan)]
        if not request_file.is_same_hash(self._edit_context.model_hash, result.model_hash):
            notes.append(OTHER_MODELS_NOTE)
        return dataclasses.replace(written, notes=tuple(notes))

    def _pins_to_write(self, obj: bpy.types.Object, actions: list[bpy.types.Action]) -> list[pins.Pin]:
        """Return the plan's pins, without those removed since the edit began and with those added since."""
        if self.edited_actions(obj, self._part) != actions:
            return list(self._plan.pins)
        now, before = self.current_pins(obj), self._edit_context.pins
        removed = set(before) - set(now)
        return [*(pin for pin in self._plan.pins if pin not in removed), *(pin for pin in now if pin not in before)]

    def request_json(self, model_hash: str) -> dict[str, object]:
        """Return what the new take stores about this edit, with the regenerated frames as "edited"."""
        first = self._edit_context.first_frame
        rows = np.flatnonzero(self._plan.regenerate_mask.any(axis=1))
        request = dataclasses.replace(self.request, layers=self._edit_context.request.layers)
        return take_request.to_json(
            threediface_models.by_name(request),
            sound=self._edit_context.sound,
            first_frame=first,
            model_hash=model_hash,
            edit=dict(self._plan.record),
            **line.fields_after_edit(self._edit_context.stored),
            **recorded.fields_after_edit(self._edit_context.stored, self._plan.regenerate_mask.any(axis=1), first),
            edited=[int(rows[0] + first), int(rows[-1] + first)] if len(rows) else [],
            diface=VERSION,
        )


def read_edit_context(
    context: bpy.types.Context, obj: bpy.types.Object, folder: Path, part: str = edit_parts.WHOLE
) -> EditContext:
    """Read the active animation of `obj`, or a part of it.

    Args:
        context: Names the settings.
        obj: The character.
        folder: For files that have to be written.
        part: The part, if another model generated the other one.

    Raises:
        DifaceError: The take's sound, style or frame rate does not allow an edit.
    """
    actions = edit_parts.part_actions(obj, part)
    stored = next(filter(None, map(stored_request.read_request, actions)), None)
    if stored is None:
        request, first, sound = _request_from_settings(context, obj, folder)
    else:
        request, first, sound = take_request.from_json(stored), stored["first_frame"], stored.get("sound", "")
        style = styles.restore_style(request.style, preferences.styles_folder)
        audio = _audio_of_take(context, obj, stored, request, folder)
        request = dataclasses.replace(request, audio=audio, style=style)
        frame_rate.check_take_rate(request.rate, frame_rate.scene_rate(context.scene))
    if part != edit_parts.WHOLE:
        request = dataclasses.replace(request, parts=(part,))
    rate = frame_rate.scene_rate(context.scene)
    rows = _row_count(obj, actions, request, first)
    if request.audio.seconds is None:  # motion and sound must end together
        request = dataclasses.replace(request, audio=dataclasses.replace(request.audio, seconds=rate.seconds(rows)))
    motion = evaluate_curves.sample_motion(
        obj, first, rows, edit_plan.channel_names(request), generate.flame_placement(obj)
    )
    found = pins.find_pins_and_changes(obj)
    all_pins, changed_pins = (tuple(edit_parts.pins_of_part(some, part)) for some in found)
    if stored is None:
        changed_pins = all_pins
    model_hash = (stored or {}).get("model_hash", "")
    return EditContext(
        motion, first, request, sound, all_pins, changed_pins, stored is not None, model_hash, stored or {}
    )


def _audio_of_take(
    context: bpy.types.Context,
    obj: bpy.types.Object,
    stored: dict[str, Any],
    request: types.GenerateRequest,
    folder: Path,
) -> types.AudioSection:
    """Return where the sound of a take is now; of one that was imported without a sound, the chosen one."""
    settings = performance.of_object(obj, context.scene)
    choice, sound = performance.speech_choice(settings), stored.get("sound", "")
    if recorded.RECORDING in stored and not sound and speech_source.has_speech(context, choice):
        speech = speech_source.find_speech(context, choice, folder)
        rate = frame_rate.scene_rate(context.scene)
        shift = rate.seconds(stored["first_frame"] - speech.first_frame)
        return speech_source.shifted(speech.section, shift, request.audio.seconds)
    shift = recorded.sound_shift(stored)
    return speech_source.locate_audio(context, request, sound, settings.filepath, folder, shift)


def _request_from_settings(
    context: bpy.types.Context, obj: bpy.types.Object, folder: Path
) -> tuple[types.GenerateRequest, int, str]:
    """Return the request, first frame and sound of the settings, for animation that DiFACE did not generate."""
    settings = performance.of_object(obj, context.scene)
    speech = speech_source.find_speech(context, performance.speech_choice(settings), folder)
    return generate.request_from_settings(context.scene, settings, speech.section), speech.first_frame, speech.name


def _row_count(
    obj: bpy.types.Object, actions: list[bpy.types.Action], request: types.GenerateRequest, first: int
) -> int:
    """Return the number of rows: of a take its samples; else to the end of the sound's strip, or to the last key."""
    if generated := [action for action in actions if stored_request.read_request(action)]:
        return take_request.row_count(generated, request)
    if request.audio.seconds is not None:
        return request.rate.rows(request.audio.seconds)
    ends = [action.frame_range[1] for action in actions]
    ends += [c.start + c.scale * c.fcurve.keyframe_points[-1].co.x for _address, c in active_curves.all_curves(obj)]
    return max(1, round(max(ends)) - first + 1)


def edit_request(
    context: bpy.types.Context, obj: bpy.types.Object, edit_context: EditContext, plan: Plan
) -> types.GenerateRequest:
    """Build the request for `plan`. Raises SceneError if nothing would be regenerated."""
    edit_plan.check_not_empty(plan)
    settings = context.scene.diface.edit
    channel_pins = pins.to_channel_pins(
        obj, plan.pins, edit_context.motion.channels, edit_context.first_frame, generate.flame_placement(obj)
    )
    channel_pins = channel_pins[(channel_pins.row >= 0) & (channel_pins.row <= len(edit_context.motion) - 1)]
    keep_motion = settings.keep_motion if plan.keep_motion is None else plan.keep_motion
    constraints = types.Constraints(
        values=edit_context.motion.values,
        known_mask=~plan.regenerate_mask,
        pins=channel_pins,
        falloff=settings.falloff if plan.falloff is None else plan.falloff,
        keep_motion=keep_motion if edit_context.is_generated else max(keep_motion, MIN_FOREIGN_KEEP_MOTION),
    )
    return dataclasses.replace(
        edit_context.request,
        seed=edit_context.request.seed if plan.seed is None else plan.seed,
        steps=choices.STEPS[context.scene.diface.quality],
        layers=edit_context.request.layers.without_seeds(),
        constraints=constraints,
    )


def store_current_request(context: bpy.types.Context, obj: bpy.types.Object) -> None:
    """Store a request with the active take that reproduces it as it is: everything kept, nothing regenerated.

    Without its sound the take gets no request.
    """
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(errors.DifaceError):
        edit_context = read_edit_context(context, obj, Path(folder))
        motion = edit_context.motion
        constraints = types.Constraints(motion.values, np.ones(motion.values.shape, bool))
        layers = edit_context.request.layers.without_seeds()
        request = dataclasses.replace(edit_context.request, layers=layers, constraints=constraints)
        if request.engine is None:
            take_request.store(active_actions(obj)[0], request, "")


def name_with_suffix(name: str, suffix: str) -> str:
    """Return the name of an edited take: `suffix` is at its end once, however often the take was edited."""
    return f"{re.sub(rf' {suffix}([.][0-9]+)?$', '', name)} {suffix}"

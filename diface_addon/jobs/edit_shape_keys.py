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
from ..scene.animation import active_curves, sample_motion
from ..scene.animation.active_actions import active_actions
from ..scene.audio import audio_strip, speech_source
from ..scene.edits import write_edit
from ..scene.files import temporary
from ..scene.keys import frame_rate
from ..scene.pins import pins
from ..scene.provenance import baseline, take_request
from ..scene.styles import styles
from ..scene.takes import takes
from ..settings import choices, preferences, scene_settings
from ..version import VERSION
from ..worker import process
from . import current, edit_warnings, generate, worker_client
from .edit_plan import Base, Plan, PlanOf

FOREIGN_STAY = 0.5
"""How much stays at least of a motion that DiFACE did not make: its models could not find back to it from nothing."""


class Edit(generate.Generation):
    """An edit on its way. Holds no bpy object, nor may `plan_of`."""

    def __init__(
        self, job: process.Job, base: Base, plan_of: PlanOf, plan: Plan, obj: bpy.types.Object, folder: object
    ) -> None:
        super().__init__(
            job, speech_source.Speech(base.request.audio, base.first_frame, base.sound), obj.session_uid, folder
        )
        self._base, self._plan_of, self._plan = base, plan_of, plan
        self._actions = [action.session_uid for action in active_actions(obj)]

    def restarted(self, context: bpy.types.Context) -> Edit | None:
        """Restart the edit if pins that it was started with were removed or moved since. Raises DifaceError."""
        obj = self.target()
        same = [action.session_uid for action in active_actions(obj)] == self._actions
        if not same or set(self._base.pins) <= set(self.pins_now(obj)):
            return None
        self.end()
        return begin(context, self._plan_of)

    def pins_now(self, obj: bpy.types.Object) -> list[pins.Pin]:
        """The pins that there are now."""
        return pins.find(obj)

    def write(self) -> takes.Written:
        """The edit as a new take; the one that was edited stays. Raises DifaceError, with the scene as it was."""
        result = self.job.wait()
        obj = self.target()
        found = {action.session_uid: action for action in bpy.data.actions}
        if not all(uid in found for uid in self._actions):
            hint = "Undo that, or choose another take, and edit again."
            raise errors.SceneError("The motion was deleted while DiFACE worked on it.", hint)
        actions = [found[uid] for uid in self._actions]
        request = self.as_json(result.model_hash)
        wanted = self._plan.pins
        if active_actions(obj) == actions:  # what was keyed meanwhile counts too, and nothing that was let go
            now, before = self.pins_now(obj), self._base.pins
            gone = set(before) - set(now)
            wanted = [*(pin for pin in wanted if pin not in gone), *(pin for pin in now if pin not in before)]
        name = named(actions[0].name, self._plan.word)
        pull = self.job.request.constraints.pull
        placed = generate.placed(obj)
        written = write_edit.write_edit(
            obj, actions, result.motion, self._plan.made, wanted, name, request, pull, placed
        )
        self.remember(written, result.model_hash)
        notes = list(written.notes)
        for say in (edit_warnings.contradictions, edit_warnings.beyond, edit_warnings.crowded):
            notes += say(self._base, self._plan)
        if self._base.model_hash not in ("", result.model_hash):
            notes.append("The take was made by other models than these: what is new may speak a little otherwise.")
        return dataclasses.replace(written, notes=tuple(notes))

    def as_json(self, model_hash: str) -> dict[str, object]:
        rows = np.flatnonzero(self._plan.made.any(axis=1))
        edited = [int(rows[0] + self._base.first_frame), int(rows[-1] + self._base.first_frame)] if len(rows) else []
        more = {"sound": self._base.sound, "first_frame": self._base.first_frame, "model_hash": model_hash}
        asked = dataclasses.replace(self.job.request, layers=self._base.request.layers)
        return take_request.as_json(asked, **more, edited=edited, diface=VERSION)


def begin(context: bpy.types.Context, plan_of: PlanOf) -> Edit:
    """Send what `plan_of` makes of the motion to the worker. Raises DifaceError; in the scene only pins are marked."""
    obj = scene_settings.character(context)
    with temporary.kept_folder() as folder:
        base = base_of(context, obj, Path(folder.name))
        plan = plan_of(base)
        request = request_of(context, obj, base, plan)
        edit = Edit(worker_client.submit(request), base, plan_of, plan, obj, folder)
    pins.mark(obj, list(base.pins))
    current.set_current(edit)
    return edit


def base_of(context: bpy.types.Context, obj: bpy.types.Object, folder: Path) -> Base:
    """What animates `obj` now; files that have to be made go to `folder`. Raises DifaceError."""
    stored = next(filter(None, map(baseline.request_of, active_actions(obj))), None)
    if stored is None:
        spoken = speech_source.of_settings(context, folder)
        request, first, sound = generate.request_of(context, spoken.section), spoken.first_frame, spoken.name
    else:
        request, first, sound = take_request.of_json(stored), stored["first_frame"], stored.get("sound", "")
        style = styles.restored(request.style, preferences.styles_folder)
        request = dataclasses.replace(request, audio=still_there(context, request.audio, sound, folder), style=style)
    rate = frame_rate.of(context.scene)
    if stored is not None and abs(rate.value - request.rate.value) > 1e-6:
        message = f"The take was made at {request.rate.value:g} frames a second; the scene runs at {rate.value:g}."
        raise errors.SceneError(message, "Set the scene's frame rate back, or generate anew.")
    rows = _rows(obj, stored, request, first)
    if request.audio.seconds is None:  # so that rows and sound end together
        request = dataclasses.replace(request, audio=dataclasses.replace(request.audio, seconds=rate.seconds(rows)))
    motion = sample_motion.read(obj, first, rows, channels.of_parts(request.parts), generate.placed(obj))
    found, new = map(tuple, pins.look(obj))
    unsettled = found if stored is None else new
    made_by = (stored or {}).get("model_hash", "")
    return Base(motion, first, request, sound, found, unsettled, stored is not None, made_by)


def _rows(obj: bpy.types.Object, stored: dict | None, request: types.GenerateRequest, first: int) -> int:
    """Of a take as many as it has samples; else as the sound's strip lasts, or to the last key."""
    if stored is None and request.audio.seconds is not None:
        return request.rate.rows(request.audio.seconds)
    if stored is None:
        ends = [action.frame_range[1] for action in active_actions(obj)]
        ends += [c.start + c.scale * c.fcurve.keyframe_points[-1].co.x for _address, c in active_curves.all_curves(obj)]
        return max(1, round(max(ends)) - first + 1)
    ours = [action for action in active_actions(obj) if baseline.request_of(action)]
    curves = [curve for action in ours for some in baseline.samples_of(action).values() for curve in some]
    return max(len(curve.values) for curve in curves)


def still_there(
    context: bpy.types.Context, section: types.AudioSection, sound: str, folder: Path
) -> types.AudioSection:
    """The take's sound: its file where that is still there, else what its strip plays. Raises AudioError."""
    if section.path.is_file():
        return section
    return audio_strip.section(*audio_strip.find(context, sound), folder)


def request_of(context: bpy.types.Context, obj: bpy.types.Object, base: Base, plan: Plan) -> types.GenerateRequest:
    """The request that makes `plan` of `base`. Raises SceneError where nothing would be made."""
    if not plan.made.any():
        raise errors.SceneError("There is nothing to make anew.", "Change a key, or choose other frames or regions.")
    settings = context.scene.diface.edit
    found = pins.as_channels(obj, plan.pins, base.motion.channels, base.first_frame, generate.placed(obj))
    found = found[(found.at >= 0) & (found.at <= len(base.motion) - 1)]
    stay = settings.stay if plan.stay is None else plan.stay
    kept = types.Constraints(
        values=base.motion.values,
        keep=~plan.made,
        pins=found,
        pull=settings.pull,
        stay=stay if base.ours else max(stay, FOREIGN_STAY),
    )
    return dataclasses.replace(
        base.request,
        seed=base.request.seed if plan.seed is None else plan.seed,
        steps=choices.STEPS[context.scene.diface.quality],
        layers=types.Layers(None, None, None),
        constraints=kept,
    )


def remember_as_it_is(context: bpy.types.Context, obj: bpy.types.Object) -> None:
    """Keep a request with the take that plays that gives it as it is: all is kept, and nothing made. Without its sound
    there is none."""
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(errors.DifaceError):
        base = base_of(context, obj, Path(folder))
        kept = types.Constraints(base.motion.values, np.ones(base.motion.values.shape, bool))
        request = dataclasses.replace(base.request, layers=types.Layers(None, None, None), constraints=kept)
        if request.engine is None:
            take_request.keep(active_actions(obj)[0], request, "")


def named(take: str, word: str) -> str:
    """What an edit of a take is called: `word` stands at the end once, however often it is edited."""
    return f"{re.sub(rf' {word}([.][0-9]+)?$', '', take)} {word}"

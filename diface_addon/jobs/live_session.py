"""What Live knows of the take that it writes into: what was answered, what is new, and what is asked for it."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import bpy
import numpy as np

from ..core import channels, errors, types
from ..scene.animation import sample_motion, target
from ..scene.animation.active_actions import active_actions
from ..scene.edits import changes as edit_changes
from ..scene.edits import write_edit, write_edit_in_place
from ..scene.files import temporary
from ..scene.keys import frame_rate
from ..scene.pins import pins
from ..scene.pins.pin import Pin
from ..scene.provenance import baseline, take_request
from ..settings import choices, scene_settings
from ..version import VERSION
from . import edit, edit_plan, edit_scope, edit_shape_keys, generate
from .edit_scope import ANSWERS

NEAR = 2.5
"""Seconds to either side of what was changed that are made anew."""
SHOWN = 3.5
"""Seconds beyond that which the models see of the motion, at most."""
MARGIN = 2
"""Rows beyond that the writing looks at."""
LIVE = "live"
"""What a working copy's name ends with."""
OURS = "of_models"
"""In a working copy's request: whether DiFACE's models made what it is a copy of."""
OVERRIDES = ("seed", "face_strength", "head_strength", "head_axes", "style")


class Settings(NamedTuple):
    """What the panel says that Live answers."""

    seed: int
    face_strength: float
    head_strength: float
    head_axes: tuple[float, float, float]
    style: types.Style
    pull: float
    stay: float

    @classmethod
    def of(cls, scene: bpy.types.Scene) -> Settings:
        """Those of a scene."""
        settings = scene.diface
        return cls(
            settings.seed,
            settings.face_strength,
            settings.head_strength,
            tuple(settings.head_axes),
            generate.style_of(settings),
            settings.edit.pull,
            settings.edit.stay,
        )


STEPS = 4
"""Denoising steps of the first, draft update, half of Draft's: within .002 in every correlation
(docs/research/tables.md), in half the time. The final update follows."""


@dataclass(frozen=True)
class Wanted:
    """What shall be made anew: stretches of frames (first, last), by which of ANSWERS it is; `final` in more steps."""

    stretches: tuple[tuple[str, float, float], ...]
    final: bool = False

    @property
    def parts(self) -> tuple[str, ...]:
        """Those that something is made of, in the order of a request's."""
        wanted = {ANSWERS[answer].part for answer, _first, _last in self.stretches}
        return tuple(part for part in channels.PARTS if part in wanted)


@dataclass(frozen=True)
class Asked:
    """What is on its way: the request, what of it is written, and where."""

    request: types.GenerateRequest
    made: np.ndarray
    pins: tuple[Pin, ...]
    all_pins: list[Pin]
    stay: float


class Session:
    """One character and one take of its own, from switching Live on to switching it off. Holds no bpy object."""

    def __init__(self, context: bpy.types.Context) -> None:
        obj = scene_settings.character(context)
        self._folder = temporary.folder()
        base = edit_shape_keys.base_of(context, obj, Path(self._folder.name))
        self.scene, self._character = context.scene.session_uid, obj.session_uid
        self._actions = [action.session_uid for action in active_actions(obj)]
        self._request, self._first, self._rows = base.request, base.first_frame, len(base.motion)
        self._settings = Settings.of(context.scene)
        stored = (baseline.request_of(action) for action in active_actions(obj))
        self._ours = all(request.get(OURS, True) for request in stored if request)
        self._found = list(base.pins)
        self._known = frozenset(base.pins)
        self._stay_new: frozenset[Pin] = frozenset()
        self._last: Wanted | None = None

    def close(self) -> None:
        """Have the copy make itself again as it is now, and let go of the sound, where it had to be made."""
        obj = target.by_uid(self._character)
        if obj is not None and [action.session_uid for action in active_actions(obj)] == self._actions:
            edit_shape_keys.remember_as_it_is(bpy.context, obj)
        self._folder.cleanup()

    def character(self) -> bpy.types.Object:
        """Found again. Raises SceneError where it is gone, or its take."""
        obj = target.by_uid(self._character)
        if obj is None:
            raise errors.SceneError("Live is off: the character was deleted.", "Undo that, and switch Live on again.")
        if [action.session_uid for action in active_actions(obj)] != self._actions:
            raise errors.SceneError("Live is off: another take plays.", "Switch Live on to edit that one.")
        return obj

    def returned(self, obj: bpy.types.Object) -> None:
        """Undo or Redo brought another state back: what is pinned in it counts, and nothing that was there before."""
        self._known, self._stay_new = frozenset(pins.find(obj)), frozenset()

    def changes(self, scene: bpy.types.Scene, obj: bpy.types.Object) -> Wanted | None:
        """What has to be made anew for what is new in the scene; None where that is nothing."""
        found, new = pins.look(obj)
        self._found = found
        there = {(pin.address, pin.frame) for pin in found}
        gone = [pin for pin in self._known if (pin.address, pin.frame) not in there]
        new = [pin for pin in new if pin not in self._stay_new]
        stretches = self._around_pins([*new, *gone], scene) | self._of_settings(scene)
        return Wanted(tuple(sorted(stretches))) if stretches else None

    def _around_pins(self, changed: list[Pin], scene: bpy.types.Scene) -> set[tuple[str, float, float]]:
        reach = self._reach(scene)
        return {(edit_scope.to(pin), pin.frame - reach, pin.frame + reach) for pin in changed}

    def _reach(self, scene: bpy.types.Scene) -> float:
        """Frames to either side: as far as a pin may bend the motion at least."""
        return max(NEAR * self._request.rate.value, 2 * scene.diface.edit.pull)

    def _of_settings(self, scene: bpy.types.Scene) -> set[tuple[str, float, float]]:
        now, before = Settings.of(scene), self._settings
        parts: set[str] = set()
        if now.seed != before.seed:
            parts |= {"face", "head"}
        if (now.face_strength, now.style) != (before.face_strength, before.style):
            parts.add("face")
        if (now.head_strength, now.head_axes) != (before.head_strength, before.head_axes):
            parts.add("head")
        reach, at = self._reach(scene), min(max(scene.frame_current, self._first), self._first + self._rows - 1)
        found = {(part, at - reach, at + reach) for part in parts if part in self._request.parts}
        if (now.pull, now.stay) != (before.pull, before.stay) and self._last:
            found |= set(self._last.stretches)
        return found

    def settle(self, scene: bpy.types.Scene, obj: bpy.types.Object) -> None:
        """What is new is beyond the take, and needs no answer."""
        self._settings = Settings.of(scene)
        self._answered(obj)

    def _answered(self, obj: bpy.types.Object) -> None:
        """What is pinned now is known; what is new all the same (its curve is locked, or it is beyond the take) stays
        so, and is not asked for again."""
        self._found, new = pins.look(obj)
        self._known, self._stay_new = frozenset(self._found), frozenset(new)

    def is_same(self, scene: bpy.types.Scene, asked: Asked) -> bool:
        """Whether something was asked with the pins that `changes` saw last, and the settings that are there now."""
        settings = Settings.of(scene)
        now = self._asked(settings, asked.request.parts)
        kept = asked.request.constraints
        same = all(getattr(now, name) == getattr(asked.request, name) for name in OVERRIDES)
        return same and (kept.pull, asked.stay) == (settings.pull, settings.stay) and asked.all_pins == self._found

    def again(self) -> Wanted | None:
        """What was answered in a draft, in full quality; None where there is nothing."""
        return None if self._last is None or self._last.final else dataclasses.replace(self._last, final=True)

    def ask(self, scene: bpy.types.Scene, obj: bpy.types.Object, wanted: Wanted) -> Asked | None:
        """The request for it; None where nothing of it is within the take. Raises SceneError."""
        if abs(frame_rate.of(scene).value - self._request.rate.value) > 1e-6:
            raise errors.SceneError("Live is off: the scene's frame rate was changed.", "Set it back.")
        parts = tuple(part for part in wanted.parts if part in self._request.parts)
        if not parts:
            return None
        names = channels.of_parts(parts)
        values = np.zeros((self._rows, len(names)), np.float32)
        motion = types.Motion(values, names, self._request.rate)
        base = edit_plan.Base(motion, self._first, self._request, "", (), (), self._ours)
        made = np.zeros(values.shape, bool)
        for answer, first, last in wanted.stretches:
            made |= base.rows(math.floor(first), math.ceil(last), ANSWERS[answer].channels)
        rows = np.flatnonzero(made.any(axis=1))
        if not len(rows):
            return None
        shown = round(SHOWN * self._request.rate.value)
        begin, end = max(0, int(rows[0]) - shown), min(self._rows, int(rows[-1]) + 1 + shown)
        values[begin:end] = sample_motion.read(obj, self._first + begin, end - begin, names).values
        found = tuple(pin for pin in self._found if self._is_within(pin, begin, end))
        settings = Settings.of(scene)
        asked = dataclasses.replace(base, request=self._asked(settings, parts))
        request = edit_shape_keys.request_of(bpy.context, obj, asked, edit_plan.Plan(made, found))
        steps = choices.STEPS["FINAL"] if wanted.final else STEPS
        return Asked(dataclasses.replace(request, steps=steps), made, found, self._found, settings.stay)

    def _asked(self, settings: Settings, parts: tuple[str, ...]) -> types.GenerateRequest:
        """The take's request with those settings that were changed since Live is on."""
        now, before = settings._asdict(), self._settings._asdict()
        changed = {name: now[name] for name in OVERRIDES if now[name] != before[name]}
        return dataclasses.replace(self._request, parts=parts, **changed)

    def _is_within(self, pin: Pin, begin: int, end: int) -> bool:
        return self._first + begin <= pin.frame <= self._first + end - 1

    def write(
        self, scene: bpy.types.Scene, obj: bpy.types.Object, asked: Asked, wanted: Wanted, result: types.GenerateResult
    ) -> None:
        """Put the result into the curves, in place."""
        rows = np.flatnonzero(asked.made.any(axis=1))
        begin, end = max(0, int(rows[0]) - MARGIN), min(self._rows, int(rows[-1]) + 1 + MARGIN)
        motion = dataclasses.replace(result.motion, values=result.motion.values[begin:end])
        near = tuple(pin for pin in asked.pins if self._is_made(pin, asked))
        first, pull = self._first + begin, asked.request.constraints.pull
        edit = edit_changes.Edited(motion, asked.made[begin:end], near, first, pull)
        settings = Settings.of(scene)
        self._request = dataclasses.replace(self._asked(settings, asked.request.parts), parts=self._request.parts)
        actions = active_actions(obj)
        stored = take_request.as_json(self._request, model_hash=result.model_hash, diface=VERSION)
        fields = {name: stored[name] for name in (*OVERRIDES, "model_hash", "diface")}
        write_edit_in_place.overwrite(obj, actions, edit, fields)
        if wanted.final:
            edit_shape_keys.remember_as_it_is(bpy.context, obj)
        else:
            take_request.forget(actions[0])  # what is kept is no longer what is there
        self._settings, self._last = settings, wanted
        self._answered(obj)

    def _is_made(self, pin: Pin, asked: Asked) -> bool:
        """Whether it is where its part is made anew."""
        part = channels.FACE if pin.kind == "KEY" else channels.HEAD
        columns = [c for c, name in enumerate(channels.of_parts(asked.request.parts)) if name in part]
        row = round(pin.frame - self._first)
        return 0 <= row < self._rows and bool(asked.made[row][columns].any())


def begin_copy(context: bpy.types.Context) -> None:
    """Let a working copy of the take that plays animate the character, for Live to write into. Raises DifaceError."""
    edit.check(context)
    obj = scene_settings.character(context)
    with temporary.folder() as folder:
        base = edit_shape_keys.base_of(context, obj, Path(folder))
    actions = active_actions(obj)
    name = edit_shape_keys.named(actions[0].name, LIVE)
    made = np.zeros(base.motion.values.shape, bool)
    more = {"sound": base.sound, "first_frame": base.first_frame, "model_hash": "", "diface": VERSION, OURS: base.ours}
    request = take_request.as_json(base.request, **more)
    kept = () if base.ours else base.pins
    write_edit.write_edit(obj, actions, base.motion, made, kept, name, request)
    edit_shape_keys.remember_as_it_is(context, obj)

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
from ..scene.animation import character_checks, sampling
from ..scene.animation.active_actions import active_actions
from ..scene.edits import curve_changes as edit_changes
from ..scene.edits import write_edit, write_edit_in_place
from ..scene.files import temporary
from ..scene.keys import frame_rate
from ..scene.pins import pins
from ..scene.pins.pin import Pin
from ..scene.provenance import stored_request, take_request
from ..scene.takes import rest_easing
from ..settings import choices, scene_settings
from ..version import VERSION
from . import edit, edit_plan, edit_scope, edit_shape_keys, generate
from .edit_scope import SCOPES

REGENERATE_SECONDS = 2.5
"""Seconds to either side of what was changed that are made anew."""
CONTEXT_SECONDS = 3.5
"""Seconds beyond that which the models see of the motion, at most."""
WRITE_MARGIN = 2
"""Rows beyond that the writing looks at."""
COPY_SUFFIX = "live"
"""What a working copy's name ends with."""
IS_GENERATED_KEY = "of_models"
"""In a working copy's request: whether DiFACE's models made what it is a copy of."""
OVERRIDES = ("seed", "face_strength", "head_strength", "head_axes", "style")


class LiveSettings(NamedTuple):
    """What the panel says that Live answers."""

    seed: int
    face_strength: float
    head_strength: float
    head_axes: tuple[float, float, float]
    style: types.Style
    falloff: float
    keep_motion: float

    @classmethod
    def from_scene(cls, scene: bpy.types.Scene) -> LiveSettings:
        """Those of a scene."""
        settings = scene.diface
        return cls(
            settings.seed,
            settings.face_strength,
            settings.head_strength,
            tuple(settings.head_axes),
            generate.style_from_settings(settings),
            settings.edit.falloff,
            settings.edit.keep_motion,
        )


LIVE_STEPS = 4
"""Denoising steps of the first, draft update, half of Draft's: within .002 in every correlation
(docs/research/tables.md), in half the time. The final update follows."""


@dataclass(frozen=True)
class Regeneration:
    """What shall be made anew: stretches of frames (first, last), by which of ANSWERS it is; `final` in more steps."""

    segments: tuple[tuple[str, float, float], ...]
    final: bool = False

    @property
    def parts(self) -> tuple[str, ...]:
        """Those that something is made of, in the order of a request's."""
        wanted = {SCOPES[answer].part for answer, _first, _last in self.segments}
        return tuple(part for part in channels.PARTS if part in wanted)


@dataclass(frozen=True)
class LiveRequest:
    """What is on its way: the request, what of it is written, and where."""

    request: types.GenerateRequest
    regenerate_mask: np.ndarray
    pins: tuple[Pin, ...]
    all_pins: list[Pin]
    keep_motion: float


class LiveSession:
    """One character and one take of its own, from switching Live on to switching it off. Holds no bpy object."""

    def __init__(self, context: bpy.types.Context) -> None:
        obj = scene_settings.character(context)
        self._folder = temporary.folder()
        base = edit_shape_keys.read_edit_context(context, obj, Path(self._folder.name))
        self.scene_uid, self._character_uid = context.scene.session_uid, obj.session_uid
        self._action_uids = [action.session_uid for action in active_actions(obj)]
        self._request, self._first_frame, self._row_count = base.request, base.first_frame, len(base.motion)
        self._settings = LiveSettings.from_scene(context.scene)
        stored = (stored_request.read_request(action) for action in active_actions(obj))
        self._is_generated = all(request.get(IS_GENERATED_KEY, True) for request in stored if request)
        self._pins = list(base.pins)
        self._known_pins = frozenset(base.pins)
        self._ignored_pins: frozenset[Pin] = frozenset()
        self._last_regeneration: Regeneration | None = None

    def close(self) -> None:
        """Have the copy make itself again as it is now, and let go of the sound, where it had to be made."""
        obj = character_checks.find_by_uid(self._character_uid)
        if obj is not None and [action.session_uid for action in active_actions(obj)] == self._action_uids:
            edit_shape_keys.store_current_request(bpy.context, obj)
        self._folder.cleanup()

    def find_character(self) -> bpy.types.Object:
        """Found again. Raises SceneError where it is gone, or its take."""
        obj = character_checks.find_by_uid(self._character_uid)
        if obj is None:
            raise errors.SceneError("Live is off: the character was deleted.", "Undo that, and switch Live on again.")
        if [action.session_uid for action in active_actions(obj)] != self._action_uids:
            raise errors.SceneError("Live is off: another take plays.", "Switch Live on to edit that one.")
        return obj

    def reset_pins(self, obj: bpy.types.Object) -> None:
        """Undo or Redo brought another state back: what is pinned in it counts, and nothing that was there before."""
        self._known_pins, self._ignored_pins = frozenset(pins.find_pins(obj)), frozenset()

    def find_changes(self, scene: bpy.types.Scene, obj: bpy.types.Object) -> Regeneration | None:
        """What has to be made anew for what is new in the scene; None where that is nothing."""
        found, new = pins.find_pins_and_changes(obj)
        self._pins = found
        there = {(pin.address, pin.frame) for pin in found}
        gone = [pin for pin in self._known_pins if (pin.address, pin.frame) not in there]
        new = [pin for pin in new if pin not in self._ignored_pins]
        stretches = self._segments_around_pins([*new, *gone], scene) | self._segments_for_settings(scene)
        return Regeneration(tuple(sorted(stretches))) if stretches else None

    def _segments_around_pins(self, changed: list[Pin], scene: bpy.types.Scene) -> set[tuple[str, float, float]]:
        reach = self._half_width(scene)
        return {(edit_scope.scope_name(pin), pin.frame - reach, pin.frame + reach) for pin in changed}

    def _half_width(self, scene: bpy.types.Scene) -> float:
        """Frames to either side: as far as a pin may bend the motion at least."""
        return max(REGENERATE_SECONDS * self._request.rate.value, 2 * scene.diface.edit.falloff)

    def _segments_for_settings(self, scene: bpy.types.Scene) -> set[tuple[str, float, float]]:
        now, before = LiveSettings.from_scene(scene), self._settings
        parts: set[str] = set()
        if now.seed != before.seed:
            parts |= {"face", "head"}
        if (now.face_strength, now.style) != (before.face_strength, before.style):
            parts.add("face")
        if (now.head_strength, now.head_axes) != (before.head_strength, before.head_axes):
            parts.add("head")
        reach, at = (
            self._half_width(scene),
            min(max(scene.frame_current, self._first_frame), self._first_frame + self._row_count - 1),
        )
        found = {(part, at - reach, at + reach) for part in parts if part in self._request.parts}
        if (now.falloff, now.keep_motion) != (before.falloff, before.keep_motion) and self._last_regeneration:
            found |= set(self._last_regeneration.segments)
        return found

    def ignore_changes(self, scene: bpy.types.Scene, obj: bpy.types.Object) -> None:
        """What is new is beyond the take, and needs no answer."""
        self._settings = LiveSettings.from_scene(scene)
        self._mark_pins_known(obj)

    def _mark_pins_known(self, obj: bpy.types.Object) -> None:
        """What is pinned now is known; what is new all the same (its curve is locked, or it is beyond the take) stays
        so, and is not asked for again."""
        self._pins, new = pins.find_pins_and_changes(obj)
        self._known_pins, self._ignored_pins = frozenset(self._pins), frozenset(new)

    def is_current(self, scene: bpy.types.Scene, live_request: LiveRequest) -> bool:
        """Whether something was asked with the pins that `changes` saw last, and the settings that are there now."""
        settings = LiveSettings.from_scene(scene)
        now = self._request_with_overrides(settings, live_request.request.parts)
        kept = live_request.request.constraints
        same = all(getattr(now, name) == getattr(live_request.request, name) for name in OVERRIDES)
        return (
            same
            and (kept.falloff, live_request.keep_motion) == (settings.falloff, settings.keep_motion)
            and live_request.all_pins == self._pins
        )

    def refinement(self) -> Regeneration | None:
        """What was answered in a draft, in full quality; None where there is nothing."""
        return (
            None
            if self._last_regeneration is None or self._last_regeneration.final
            else dataclasses.replace(self._last_regeneration, final=True)
        )

    def build_request(
        self, scene: bpy.types.Scene, obj: bpy.types.Object, regeneration: Regeneration
    ) -> LiveRequest | None:
        """The request for it; None where nothing of it is within the take. Raises SceneError."""
        if not frame_rate.is_same(frame_rate.scene_rate(scene), self._request.rate):
            hint = "Press Convert Take and switch Live on again, or set the frame rate back."
            raise errors.SceneError("Live is off: the scene's frame rate was changed.", hint)
        parts = tuple(part for part in regeneration.parts if part in self._request.parts)
        if not parts:
            return None
        names = channels.of_parts(parts)
        values = np.zeros((self._row_count, len(names)), np.float32)
        motion = types.Motion(values, names, self._request.rate)
        base = edit_plan.EditContext(motion, self._first_frame, self._request, "", (), (), self._is_generated)
        made = np.zeros(values.shape, bool)
        for answer, first, last in regeneration.segments:
            made |= base.regenerate_mask(math.floor(first), math.ceil(last), SCOPES[answer].channels)
        rows = np.flatnonzero(made.any(axis=1))
        if not len(rows):
            return None
        shown = round(CONTEXT_SECONDS * self._request.rate.value)
        begin, end = max(0, int(rows[0]) - shown), min(self._row_count, int(rows[-1]) + 1 + shown)
        values[begin:end] = sampling.sample_motion(obj, self._first_frame + begin, end - begin, names).values
        found = tuple(pin for pin in self._pins if self._is_within(pin, begin, end))
        settings = LiveSettings.from_scene(scene)
        asked = dataclasses.replace(base, request=self._request_with_overrides(settings, parts))
        request = edit_shape_keys.edit_request(bpy.context, obj, asked, edit_plan.Plan(made, found))
        steps = choices.STEPS["FINAL"] if regeneration.final else LIVE_STEPS
        return LiveRequest(dataclasses.replace(request, steps=steps), made, found, self._pins, settings.keep_motion)

    def _request_with_overrides(self, settings: LiveSettings, parts: tuple[str, ...]) -> types.GenerateRequest:
        """The take's request with those settings that were changed since Live is on."""
        now, before = settings._asdict(), self._settings._asdict()
        changed = {name: now[name] for name in OVERRIDES if now[name] != before[name]}
        return dataclasses.replace(self._request, parts=parts, **changed)

    def _is_within(self, pin: Pin, begin: int, end: int) -> bool:
        return self._first_frame + begin <= pin.frame <= self._first_frame + end - 1

    def write(
        self,
        scene: bpy.types.Scene,
        obj: bpy.types.Object,
        live_request: LiveRequest,
        regeneration: Regeneration,
        result: types.GenerateResult,
    ) -> None:
        """Put the result into the curves, in place."""
        rows = np.flatnonzero(live_request.regenerate_mask.any(axis=1))
        begin, end = max(0, int(rows[0]) - WRITE_MARGIN), min(self._row_count, int(rows[-1]) + 1 + WRITE_MARGIN)
        pins_of_request = live_request.request.constraints.pins
        eased = rest_easing.ease_ends(result.motion, pins_of_request, live_request.regenerate_mask)
        motion = dataclasses.replace(eased, values=eased.values[begin:end])
        near = tuple(pin for pin in live_request.pins if self._is_regenerated(pin, live_request))
        first, pull = self._first_frame + begin, live_request.request.constraints.falloff
        edit = edit_changes.MotionEdit(motion, live_request.regenerate_mask[begin:end], near, first, pull)
        settings = LiveSettings.from_scene(scene)
        self._request = dataclasses.replace(
            self._request_with_overrides(settings, live_request.request.parts), parts=self._request.parts
        )
        actions = active_actions(obj)
        stored = take_request.to_json(self._request, model_hash=result.model_hash, diface=VERSION)
        fields = {name: stored[name] for name in (*OVERRIDES, "model_hash", "diface")}
        write_edit_in_place.write_in_place(obj, actions, edit, fields)
        if regeneration.final:
            edit_shape_keys.store_current_request(bpy.context, obj)
        else:
            take_request.discard(actions[0])  # what is kept is no longer what is there
        self._settings, self._last_regeneration = settings, regeneration
        self._mark_pins_known(obj)

    def _is_regenerated(self, pin: Pin, live_request: LiveRequest) -> bool:
        """Whether it is where its part is made anew."""
        part = channels.FACE if pin.kind == "KEY" else channels.HEAD
        columns = [c for c, name in enumerate(channels.of_parts(live_request.request.parts)) if name in part]
        row = round(pin.frame - self._first_frame)
        return 0 <= row < self._row_count and bool(live_request.regenerate_mask[row][columns].any())


def create_working_copy(context: bpy.types.Context) -> None:
    """Let a working copy of the take that plays animate the character, for Live to write into. Raises DifaceError."""
    edit.check(context)
    obj = scene_settings.character(context)
    with temporary.folder() as folder:
        base = edit_shape_keys.read_edit_context(context, obj, Path(folder))
    actions = active_actions(obj)
    name = edit_shape_keys.name_with_suffix(actions[0].name, COPY_SUFFIX)
    made = np.zeros(base.motion.values.shape, bool)
    more = {
        "sound": base.sound,
        "first_frame": base.first_frame,
        "model_hash": "",
        "diface": VERSION,
        IS_GENERATED_KEY: base.is_generated,
    }
    request = take_request.to_json(base.request, **more)
    kept = () if base.is_generated else base.pins
    copied = edit_changes.MotionEdit(base.motion, made, tuple(kept), base.first_frame)
    write_edit.write_edit(obj, actions, copied, name, request)
    edit_shape_keys.store_current_request(context, obj)

"""The state of Live for one take: find changes, build requests, write results."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import bpy
import numpy as np

from ...core import channels, errors, types
from ...scene.animation import character_checks, evaluate_curves
from ...scene.animation.active_actions import active_actions
from ...scene.edits import curve_changes as edit_changes
from ...scene.edits import write_edit, write_edit_in_place
from ...scene.files import temporary
from ...scene.keys import frame_rate, key_table
from ...scene.pins import pins
from ...scene.pins.pin import Pin
from ...scene.provenance import stored_request, take_request
from ...scene.takes import rest_easing
from ...scene.takes.lines import line
from ...settings import choices, scene_settings
from ...settings.directing import direction_settings
from ...version import VERSION
from .. import edit, edit_parts, edit_plan, edit_scope, edit_shape_keys
from ..edit_scope import SCOPES
from .live_request import OVERRIDES, LiveRequest, LiveSettings, Regeneration

REGENERATE_SECONDS = 2.5
"""Seconds before and after a change that are regenerated."""
CONTEXT_SECONDS = 3.5
"""Seconds of motion before and after the regenerated rows that the models get as context."""
WRITE_MARGIN = 2
"""Rows beyond the regenerated ones that are read when the result is written."""
COPY_SUFFIX = "live"
"""What the name of a working copy ends with."""
IS_GENERATED_KEY = "of_models"
"""Key in the request of a working copy: whether DiFACE generated the take that was copied."""
LIVE_STEPS = 4
"""Denoising steps of the first, draft update, half of Draft's: within .002 in every correlation
(docs/research/tables.md), in half the time. The final update follows."""


class LiveSession:
    """One character and its working copy, from switching Live on to switching it off. Holds no bpy object."""

    def __init__(self, context: bpy.types.Context) -> None:
        obj = scene_settings.character(context)
        self._folder = temporary.folder()
        base = edit_shape_keys.read_edit_context(context, obj, Path(self._folder.name))
        self.scene_uid, self._character_uid = context.scene.session_uid, obj.session_uid
        self._action_uids = [action.session_uid for action in active_actions(obj)]
        self._request, self._first_frame, self._row_count = base.request, base.first_frame, len(base.motion)
        self._settings = self.settings(context.scene)
        stored = (stored_request.read_request(action) for action in active_actions(obj))
        self._is_generated = all(request.get(IS_GENERATED_KEY, True) for request in stored if request)
        self._pins = list(base.pins)
        self._known_pins = frozenset(base.pins)
        self._ignored_pins: frozenset[Pin] = frozenset()
        self._last_regeneration: Regeneration | None = None

    def close(self) -> None:
        """Store a request that reproduces the working copy, and remove temporary files."""
        obj = character_checks.find_by_uid(self._character_uid)
        if obj is not None and [action.session_uid for action in active_actions(obj)] == self._action_uids:
            with direction_settings.reading_plain(obj):
                edit_shape_keys.store_current_request(bpy.context, obj)
        self._folder.cleanup()

    def find_character(self) -> bpy.types.Object:
        """Look the character up. Raises SceneError if it was deleted, or if another take is active."""
        obj = character_checks.find_by_uid(self._character_uid)
        if obj is None:
            raise errors.SceneError("Live is off: the character was deleted.", "Undo that, and switch Live on again.")
        if [action.session_uid for action in active_actions(obj)] != self._action_uids:
            raise errors.SceneError("Live is off: another take is active.", "Switch Live on to edit that one.")
        return obj

    def settings(self, scene: bpy.types.Scene) -> LiveSettings:
        """Return the settings that Live depends on, as they are now."""
        return LiveSettings.of(scene, character_checks.find_by_uid(self._character_uid))

    def reset_pins(self, obj: bpy.types.Object) -> None:
        """Take the current pins as known, after Undo or Redo restored another state."""
        self._known_pins, self._ignored_pins = frozenset(pins.find_pins(obj)), frozenset()

    def find_changes(self, scene: bpy.types.Scene, obj: bpy.types.Object) -> Regeneration | None:
        """Return what has to be regenerated for the changes in the scene; None if nothing changed."""
        self._pins, changed = pins.find_pins_and_changes(obj)
        existing = {(pin.address, pin.frame) for pin in self._pins}
        removed = [pin for pin in self._known_pins if (pin.address, pin.frame) not in existing]
        changed = [pin for pin in changed if pin not in self._ignored_pins]
        names = self.settings(scene).channels
        chosen = edit_scope.pins_on_channels([*changed, *removed], names)
        segments = self._segments_around_pins(chosen, scene) | self._segments_for_settings(scene)
        return Regeneration(tuple(sorted(segments)), names) if segments else None

    def _segments_around_pins(self, changed: list[Pin], scene: bpy.types.Scene) -> set[tuple[str, float, float]]:
        radius = self._radius(scene)
        return {(edit_scope.scope_name(pin), pin.frame - radius, pin.frame + radius) for pin in changed}

    def _radius(self, scene: bpy.types.Scene) -> float:
        """Return the frames before and after a change that are regenerated: at least all that a pin may warp."""
        return max(REGENERATE_SECONDS * self._request.rate.value, 2 * scene.diface.edit.falloff)

    def _segments_for_settings(self, scene: bpy.types.Scene) -> set[tuple[str, float, float]]:
        now, before = self.settings(scene), self._settings
        parts: set[str] = set()
        if now.seed != before.seed:
            parts |= {"face", "head"}
        if (now.face_strength, now.style) != (before.face_strength, before.style):
            parts.add("face")
        if (now.head_strength, now.head_axes) != (before.head_strength, before.head_axes):
            parts.add("head")
        parts = {part for part in parts if set(channels.PARTS[part]) & set(now.channels)}
        radius, last_frame = self._radius(scene), self._first_frame + self._row_count - 1
        center = min(max(scene.frame_current, self._first_frame), last_frame)
        segments = {(part, center - radius, center + radius) for part in parts if part in self._request.parts}
        if (now.falloff, now.keep_motion) != (before.falloff, before.keep_motion) and self._last_regeneration:
            segments |= set(self._last_regeneration.segments)
        return segments

    def ignore_changes(self, scene: bpy.types.Scene, obj: bpy.types.Object) -> None:
        """Take the changes as known: they are outside the take."""
        self._settings = self.settings(scene)
        self._mark_pins_known(obj, self._settings.channels)

    def _mark_pins_known(self, obj: bpy.types.Object, names: tuple[str, ...]) -> None:
        """Take the pins on channels `names` as known. Those still changed (locked, or outside the take) are ignored.

        Changes of other channels stay pending until their region is chosen.
        """
        self._pins, changed = pins.find_pins_and_changes(obj)
        ignored = {*edit_scope.pins_on_channels(changed, names), *(self._ignored_pins & set(changed))}
        self._known_pins, self._ignored_pins = frozenset(self._pins), frozenset(ignored)

    def is_current(self, scene: bpy.types.Scene, live_request: LiveRequest) -> bool:
        """Return whether a request has the pins that `find_changes` found last, and the current settings."""
        settings = self.settings(scene)
        now = self._request_with_overrides(settings, live_request.request.parts)
        constraints = live_request.request.constraints
        same = all(getattr(now, name) == getattr(live_request.request, name) for name in OVERRIDES)
        return (
            same
            and (constraints.falloff, live_request.keep_motion) == (settings.falloff, settings.keep_motion)
            and live_request.all_pins == self._pins
        )

    def refinement(self) -> Regeneration | None:
        """Return the last draft in full quality; None if there is no draft."""
        if self._last_regeneration is None or self._last_regeneration.final:
            return None
        return dataclasses.replace(self._last_regeneration, final=True)

    def build_request(
        self, scene: bpy.types.Scene, obj: bpy.types.Object, regeneration: Regeneration
    ) -> LiveRequest | None:
        """Build the request for a regeneration. Returns None if no part of it is within the take.

        Raises:
            SceneError: The frame rate of the scene is not that of the take.
        """
        if not frame_rate.is_same(frame_rate.scene_rate(scene), self._request.rate):
            hint = "Press Convert Take and switch Live on again, or set the frame rate back."
            raise errors.SceneError("Live is off: the scene's frame rate was changed.", hint)
        parts = tuple(part for part in regeneration.parts if part in self._request.parts)
        if not parts:
            return None
        names = edit_plan.channel_names(dataclasses.replace(self._request, parts=parts))
        values = np.zeros((self._row_count, len(names)), np.float32)
        motion = types.Motion(values, names, self._request.rate)
        base = edit_plan.EditContext(motion, self._first_frame, self._request, "", (), (), self._is_generated)
        mask, settings = np.zeros(values.shape, bool), self.settings(scene)
        for scope, first, last in regeneration.segments:
            scope_channels = tuple(name for name in SCOPES[scope].channels if name in regeneration.channels)
            mask |= base.regenerate_mask(math.floor(first), math.ceil(last), scope_channels)
        rows = np.flatnonzero(mask.any(axis=1))
        if not len(rows):
            return None
        context_rows = round(CONTEXT_SECONDS * self._request.rate.value)
        begin, end = max(0, int(rows[0]) - context_rows), min(self._row_count, int(rows[-1]) + 1 + context_rows)
        near_pins = tuple(pin for pin in self._pins if self._is_within(pin, begin, end))
        base = dataclasses.replace(base, request=self._request_with_overrides(settings, parts))
        with direction_settings.reading_plain(obj):
            values[begin:end] = evaluate_curves.sample_motion(obj, self._first_frame + begin, end - begin, names).values
            request = edit_shape_keys.edit_request(bpy.context, obj, base, edit_plan.Plan(mask, near_pins))
        steps = choices.STEPS["FINAL"] if regeneration.final else LIVE_STEPS
        request = dataclasses.replace(request, steps=steps)
        return LiveRequest(request, mask, near_pins, self._pins, settings.keep_motion)

    def _request_with_overrides(self, settings: LiveSettings, parts: tuple[str, ...]) -> types.GenerateRequest:
        """Return the take's request with the settings that were changed since Live was switched on."""
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
        """Write a result into the curves of the working copy."""
        rows = np.flatnonzero(live_request.regenerate_mask.any(axis=1))
        begin, end = max(0, int(rows[0]) - WRITE_MARGIN), min(self._row_count, int(rows[-1]) + 1 + WRITE_MARGIN)
        pins_of_request = live_request.request.constraints.pins
        eased = rest_easing.ease_ends(result.motion, pins_of_request, live_request.regenerate_mask)
        motion = dataclasses.replace(eased, values=eased.values[begin:end])
        chosen = edit_scope.pins_on_channels(live_request.pins, regeneration.channels)
        near = tuple(pin for pin in chosen if self._is_regenerated(pin, live_request))
        first, pull = self._first_frame + begin, live_request.request.constraints.falloff
        edit = edit_changes.MotionEdit(motion, live_request.regenerate_mask[begin:end], near, first, pull)
        settings = self.settings(scene)
        self._request = dataclasses.replace(
            self._request_with_overrides(settings, live_request.request.parts), parts=self._request.parts
        )
        actions = active_actions(obj)
        stored = take_request.to_json(self._request, model_hash=result.model_hash, diface=VERSION)
        fields = {name: stored[name] for name in (*OVERRIDES, "model_hash", "diface")}
        with key_table.reading_once():
            with direction_settings.changing_plain(obj):
                write_edit_in_place.write_in_place(obj, actions, edit, fields, is_draft=not regeneration.final)
                if regeneration.final:
                    edit_shape_keys.store_current_request(bpy.context, obj)
                else:
                    take_request.discard(actions[0])  # it no longer reproduces the curves
            self._settings, self._last_regeneration = settings, regeneration
            self._mark_pins_known(obj, regeneration.channels)

    def _is_regenerated(self, pin: Pin, live_request: LiveRequest) -> bool:
        """Return whether a pin is in a regenerated row of its part."""
        part = channels.HEAD if pins.is_head(pin) else channels.SPEECH
        columns = [c for c, name in enumerate(edit_plan.channel_names(live_request.request)) if name in part]
        row = round(pin.frame - self._first_frame)
        return 0 <= row < self._row_count and bool(live_request.regenerate_mask[row][columns].any())


def create_working_copy(context: bpy.types.Context) -> None:
    """Animate the character by a working copy of the active take, which Live changes. Raises DifaceError."""
    edit.check(context)
    if not context.scene.diface.edit.regions:
        raise errors.SceneError("No region is chosen.", "Choose at least one under Regions.")
    obj = scene_settings.character(context)
    with direction_settings.reading_plain(obj):
        _copy_active_take(context, obj)


def _copy_active_take(context: bpy.types.Context, obj: bpy.types.Object) -> None:
    if edit_parts.separate_parts(obj):
        hint = "Use Regenerate, or let one take animate both."
        raise errors.SceneError("Live cannot edit a face and a head that different models generated.", hint)
    with temporary.folder() as folder:
        base = edit_shape_keys.read_edit_context(context, obj, Path(folder))
    actions = active_actions(obj)
    name = edit_shape_keys.name_with_suffix(actions[0].name, COPY_SUFFIX)
    nothing = np.zeros(base.motion.values.shape, bool)
    more = {
        "sound": base.sound,
        "first_frame": base.first_frame,
        "model_hash": "",
        "diface": VERSION,
        IS_GENERATED_KEY: base.is_generated,
        **line.fields_after_edit(base.stored),
    }
    request = take_request.to_json(base.request, **more)
    kept_pins = () if base.is_generated else base.pins
    copied = edit_changes.MotionEdit(base.motion, nothing, tuple(kept_pins), base.first_frame)
    write_edit.write_edit(obj, actions, copied, name, request)
    edit_shape_keys.store_current_request(context, obj)

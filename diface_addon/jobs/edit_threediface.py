"""Edit a take of the user's 3DiFACE models: whole faces are kept or regenerated, the head key by key."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import bpy
import numpy as np

from ..core import channels, types
from ..scene.animation import evaluate_curves
from ..scene.audio import speech_source
from ..scene.edits import threediface_head_keys
from ..scene.keys import frame_rate
from ..scene.pins import pins, vertex_pins
from ..scene.provenance import reduction_state, stored_request, take_request
from ..scene.reduction import reduce_keys, restore_keys
from ..scene.takes import rest_easing, take_names, write_take
from ..scene.vertex_animation import pc2_file, take_cache
from ..settings import performance, threediface_models
from . import edit_parts, edit_plan, edit_shape_keys, generate

FACE_COLUMN = "vertices"
"""The column of a regenerate mask that stands for the whole face, and the path of the face's pins."""


class ThreeDifaceEditContext(edit_plan.EditContext):
    """What is edited: the columns of the motion are FACE_COLUMN, whose values are not used, and the head's axes."""

    def regenerate_mask(self, first: int, last: int, channel_names: tuple[str, ...]) -> np.ndarray:
        """Return the mask (T, C) bool; any channel of the face selects the whole face."""
        face = (FACE_COLUMN,) if set(channel_names) & set(channels.FACE) else ()
        return super().regenerate_mask(first, last, (*channel_names, *face))


class ThreeDifaceEditJob(edit_shape_keys.EditJob):
    """An edit of a 3DiFACE take that the worker is processing."""

    @staticmethod
    def read_context(
        context: bpy.types.Context, obj: bpy.types.Object, folder: Path, part: str
    ) -> ThreeDifaceEditContext:
        """Read the take that animates `obj`. Files that have to be written go to `folder`. Raises DifaceError."""
        return read_threediface_context(context, obj, folder, part)

    @staticmethod
    def build_request(
        context: bpy.types.Context, obj: bpy.types.Object, edit_context: edit_plan.EditContext, plan: edit_plan.Plan
    ) -> types.GenerateRequest:
        """Build the request for `plan`. Raises SceneError if nothing would be regenerated."""
        return threediface_edit_request(context, obj, edit_context, plan)

    @staticmethod
    def edited_actions(obj: bpy.types.Object, part: str) -> list[bpy.types.Action]:
        """Return the Actions of the take that is edited."""
        return edited_actions(obj, part)

    @staticmethod
    def mark_pins(obj: bpy.types.Object, edit_context: edit_plan.EditContext) -> None:
        """Mark nothing: whole faces have no keys."""

    def current_pins(self, obj: bpy.types.Object) -> list[pins.Pin]:
        """Return the pins that exist now."""
        all_pins, _changed = find_pins_and_changes(obj, "face" in self.request.parts)
        return edit_parts.pins_of_part(all_pins, self._part)

    def write_new_take(self) -> write_take.TakeResult:
        """Write the edit as a new take; the edited one is kept. Raises DifaceError, with the scene unchanged."""
        result = self.task.wait_for(types.GenerateResult)
        obj, base_actions = self.find_character(), self.base_actions()
        head_keys = threediface_head_keys.read_head_keys(obj, restore_keys.dense_keys)
        name = take_names.edit_name(self._plan.label)
        shapes = generate.custom_shapes(result, self.request.engine)
        motion = _ease_ends(result.motion, self._edit_context, self._plan, self.request.constraints)
        parent = stored_request.require_request(base_actions[0])["take"]
        request = {**self.request_json(result.model_hash), "parent": parent}
        written = write_take.write_take(obj, motion, name, request, generate.flame_placement(obj), shapes)
        self._transfer_pins(obj, base_actions, list(written.actions), head_keys)
        self.store_request(written, result.model_hash)
        if reduced := next(filter(None, map(reduction_state.read, base_actions)), None):
            reduce_keys.reduce(obj, written.actions, reduced)
        return written

    def _transfer_pins(
        self,
        obj: bpy.types.Object,
        base_actions: list[bpy.types.Action],
        new_actions: list[bpy.types.Action],
        head_keys: threediface_head_keys.KeyTables,
    ) -> None:
        names, mask = self._edit_context.motion.channels, self._plan.regenerate_mask
        if FACE_COLUMN in names:
            vertex_pins.copy_pins(obj, base_actions, new_actions, _kept_frames(self._edit_context, self._plan))
        head_columns = [column for column, name in enumerate(names) if name != FACE_COLUMN]
        head_rows = mask[:, head_columns].any(axis=1)
        threediface_head_keys.restore_head_keys(new_actions, head_keys, head_rows, self._plan.pins)


def is_threediface(obj: bpy.types.Object, part: str = edit_parts.WHOLE) -> bool:
    """Return whether a take of the user's 3DiFACE models animates `obj`, or a part of it."""
    if part != "head" and vertex_pins.find_take(obj):
        return True
    request = next(filter(None, map(stored_request.read_request, edit_parts.part_actions(obj, part))), None)
    return bool(request and request.get("engine"))


def edited_actions(obj: bpy.types.Object, part: str = edit_parts.WHOLE) -> list[bpy.types.Action]:
    """Return the Actions of the take that is edited."""
    take = vertex_pins.find_take(obj) if part != "head" else None
    return vertex_pins.take_actions(take) if take else edit_parts.part_actions(obj, part)


def read_threediface_context(
    context: bpy.types.Context, obj: bpy.types.Object, folder: Path, part: str = edit_parts.WHOLE
) -> ThreeDifaceEditContext:
    """Read the take that animates `obj`, or a part of it.

    Args:
        context: Names the settings.
        obj: The character.
        folder: For files that have to be written.
        part: The part, if another model generated the other one.

    Raises:
        DifaceError: The take's sound, models or frame rate does not allow an edit.
    """
    actions = edited_actions(obj, part)
    stored = stored_request.require_request(actions[0])
    request, first, sound = take_request.from_json(stored), stored["first_frame"], stored["sound"]
    frame_rate.check_take_rate(request.rate, frame_rate.scene_rate(context.scene))
    request = threediface_models.resolve(request)
    sound_file = performance.of_object(obj, context.scene).filepath
    audio = speech_source.locate_audio(context, request, sound, sound_file, folder)
    parts = request.parts if part == edit_parts.WHOLE else (part,)
    request = dataclasses.replace(request, audio=audio, parts=parts, constraints=None)
    names = channels.HEAD if "head" in parts else ()
    values = evaluate_curves.sample_motion(
        obj, first, row_count(obj, actions, request), names, generate.flame_placement(obj)
    ).values
    found = find_pins_and_changes(obj, "face" in parts)
    all_pins, changed_pins = (tuple(edit_parts.pins_of_part(some, part)) for some in found)
    if "face" in parts:
        values, names = np.concatenate([np.zeros((len(values), 1), np.float32), values], axis=1), (FACE_COLUMN, *names)
    motion = types.Motion(values, names, request.rate)
    return ThreeDifaceEditContext(motion, first, request, sound, all_pins, changed_pins, True, stored=stored)


def find_pins_and_changes(obj: bpy.types.Object, has_face: bool) -> tuple[list[pins.Pin], list[pins.Pin]]:
    """Return all pins, keys of the head and whole faces, and those changed since the motion was generated."""
    all_pins, changed = (edit_parts.pins_of_part(some, "head") for some in pins.find_pins_and_changes(obj))
    if has_face:
        actions = edited_actions(obj)
        all_pins += map(_face_pin, vertex_pins.pin_frames(actions))
        changed += map(_face_pin, vertex_pins.pin_frames(actions, changed_only=True))
    return all_pins, changed


def _face_pin(frame: float) -> pins.Pin:
    return pins.Pin("KEY", FACE_COLUMN, 0, frame, 0.0)


def threediface_edit_request(
    context: bpy.types.Context, obj: bpy.types.Object, edit_context: edit_plan.EditContext, plan: edit_plan.Plan
) -> types.GenerateRequest:
    """Build the request for `plan`. Raises SceneError if nothing would be regenerated."""
    edit_plan.check_not_empty(plan)
    motion, first = edit_context.motion, edit_context.first_frame
    names = tuple(name for name in motion.channels if name != FACE_COLUMN)
    columns = [motion.channels.index(name) for name in names]
    placement, vertices = generate.flame_placement(obj), None
    if FACE_COLUMN in motion.channels:
        kept_frames = _kept_frames(edit_context, plan)
        vertices = vertex_pins.to_vertex_pins(obj, edited_actions(obj), first, kept_frames, placement)
    channel_pins = pins.to_channel_pins(obj, list(plan.pins), names, first, placement)
    constraints = types.Constraints(
        values=motion.values[:, columns],
        known_mask=~plan.regenerate_mask[:, columns],
        pins=channel_pins[(channel_pins.row >= 0) & (channel_pins.row <= len(motion) - 1)],
        falloff=context.scene.diface.edit.falloff,
        vertices=vertices,
    )
    seed = edit_context.request.seed if plan.seed is None else plan.seed
    return dataclasses.replace(edit_context.request, seed=seed, constraints=constraints)


def _ease_ends(
    motion: types.Motion, edit_context: edit_plan.EditContext, plan: edit_plan.Plan, constraints: types.Constraints
) -> types.Motion:
    """Return a result that begins and ends at rest where it was regenerated, pins and kept frames excepted."""
    names = edit_context.motion.channels
    columns = [names.index(name if name in names else FACE_COLUMN) for name in motion.channels]
    return rest_easing.ease_ends(motion, _result_pins(motion, constraints), plan.regenerate_mask[:, columns])


def _result_pins(motion: types.Motion, constraints: types.Constraints) -> types.Pins:
    """Return the rows that a result passes through, as pins without values: a sculpted face pins every shape.

    Of the faces only the first and the last count; one between two rows needs both.
    """
    shapes, kept = len(motion.channels) - constraints.values.shape[1], constraints.vertices
    ends = np.unique([np.floor(kept.row[0]), np.ceil(kept.row[-1])]) if kept is not None else np.zeros(0)
    row = np.concatenate([np.tile(ends, shapes), constraints.pins.row])
    channel = np.concatenate([np.repeat(np.arange(shapes), len(ends)), constraints.pins.channel + shapes])
    return types.Pins(row, channel.astype(np.int32), np.zeros(len(row), np.float32))


def _kept_frames(edit_context: edit_plan.EditContext, plan: edit_plan.Plan) -> list[int]:
    """Return the frames whose face is kept."""
    kept_rows = ~plan.regenerate_mask[:, edit_context.motion.channels.index(FACE_COLUMN)]
    return (edit_context.first_frame + np.flatnonzero(kept_rows)).tolist()


def row_count(obj: bpy.types.Object, actions: list[bpy.types.Action], request: types.GenerateRequest) -> int:
    """Return the number of rows of a take: of its cache, or of its baselines."""
    if file := take_cache.cache_file(obj, actions):
        return pc2_file.row_count(file)
    return take_request.row_count(actions, request)

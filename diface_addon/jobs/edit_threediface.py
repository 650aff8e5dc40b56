"""One edit of a take of the user's 3DiFACE models: faces stay or are made anew whole, the head's keys one by one."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import bpy
import numpy as np

from ..core import channels, errors, placement, types
from ..scene.animation import sampling
from ..scene.animation.active_actions import active_actions
from ..scene.characters import flame_mesh
from ..scene.edits import threediface_head_keys
from ..scene.files import temporary
from ..scene.keys import frame_rate
from ..scene.pins import pins, vertex_pins
from ..scene.provenance import baseline, stored_request, take_request
from ..scene.takes import take_writers, write_take
from ..scene.vertex_animation import take_cache, vertex_cache
from ..settings import preferences, scene_settings, threediface_models
from ..worker import process
from . import edit_plan, edit_shape_keys, running_job, worker_client
from .edit_plan import Planner

FACE_COLUMN = "vertices"
"""The column that stands for a whole face, where an edit says what is made anew; and the path of its pins."""

Actions = list[bpy.types.Action]


class ThreeDifaceEditContext(edit_plan.EditContext):
    """What is edited, as columns FACE (of which no value counts) and the head's axes."""

    def regenerate_mask(self, first: int, last: int, channel_names: tuple[str, ...]) -> np.ndarray:
        """As for any motion; the face is made anew whole where a channel of it is named."""
        face = (FACE_COLUMN,) if set(channel_names) & set(channels.FACE) else ()
        return super().regenerate_mask(first, last, (*channel_names, *face))


class ThreeDifaceEditJob(edit_shape_keys.EditJob):
    """Such an edit on its way. Holds no bpy object."""

    def __init__(
        self,
        task: process.WorkerTask,
        edit_context: ThreeDifaceEditContext,
        planner: Planner,
        plan: edit_plan.Plan,
        obj: bpy.types.Object,
        folder: object,
    ) -> None:
        super().__init__(task, edit_context, planner, plan, obj, folder)
        self._action_uids = [action.session_uid for action in edited_actions(obj)]

    def restart_if_stale(self, context: bpy.types.Context) -> ThreeDifaceEditJob | None:
        """Restart the edit if pins that it was started with were removed or moved since. Raises DifaceError."""
        obj = self.find_character()
        same = [action.session_uid for action in active_actions(obj)] == self._action_uids
        if not same or set(self._edit_context.pins) <= set(self.current_pins(obj)):
            return None
        self.end()
        return begin(context, self._planner)

    def current_pins(self, obj: bpy.types.Object) -> list[pins.Pin]:
        """The pins that there are now."""
        return _find_pins(obj, self.task.request)[0]

    def write_result(self) -> write_take.TakeResult:
        """The edit as a new take; the one that was edited stays. Raises DifaceError, with the scene as it was."""
        result = self.task.wait()
        obj, asked = self.find_character(), self.task.request
        found = {action.session_uid: action for action in bpy.data.actions}
        if not all(uid in found for uid in self._action_uids):
            hint = "Undo that, or choose another take, and edit again."
            raise errors.SceneError("The take was deleted while DiFACE worked on it.", hint)
        old, head = [found[uid] for uid in self._action_uids], threediface_head_keys.read_head_keys(obj)
        name = edit_shape_keys.name_with_suffix(old[0].name, self._plan.name_suffix)
        own = (
            take_writers.CustomShapes(result.shapes, threediface_models.is_cache(asked.engine))
            if result.shapes
            else None
        )
        request = {**self.request_json(result.model_hash), "parent": stored_request.read_request(old[0])["take"]}
        written = write_take.write_take(obj, result.motion, name, request, _flame_placement(obj), own)
        self._transfer_pins(obj, old, list(written.actions), head)
        self.store_request(written, result.model_hash)
        return written

    def _transfer_pins(
        self, obj: bpy.types.Object, old: Actions, new: Actions, head: threediface_head_keys.KeyTables
    ) -> None:
        names, made = self._edit_context.motion.channels, self._plan.regenerate_mask
        if FACE_COLUMN in names:
            vertex_pins.copy_pins(obj, old, new, _kept_frames(self._edit_context, self._plan))
        turned = made[:, [column for column, name in enumerate(names) if name != FACE_COLUMN]].any(axis=1)
        threediface_head_keys.restore_head_keys(new, head, turned, self._plan.pins)


def is_threediface(obj: bpy.types.Object) -> bool:
    """Whether a take of the user's 3DiFACE models animates `obj`; quick enough for a button."""
    if vertex_pins.find_take(obj):
        return True
    request = next(filter(None, map(stored_request.read_request, active_actions(obj))), None)
    return bool(request and request.get("engine"))


def edited_actions(obj: bpy.types.Object) -> Actions:
    """The Actions of the take that is edited."""
    take = vertex_pins.find_take(obj)
    return vertex_pins.take_actions(take) if take else active_actions(obj)


def begin(context: bpy.types.Context, planner: Planner) -> ThreeDifaceEditJob:
    """Send what `plan_of` makes of the take to the worker. Raises DifaceError; nothing in the scene is changed."""
    obj = scene_settings.character(context)
    with temporary.kept_folder() as folder:
        base = read_threediface_context(context, obj, Path(folder.name))
        plan = planner(base)
        request = threediface_edit_request(context, obj, base, plan)
        edit = ThreeDifaceEditJob(worker_client.submit(request), base, planner, plan, obj, folder)
    running_job.set_current(edit)
    return edit


def read_threediface_context(context: bpy.types.Context, obj: bpy.types.Object, folder: Path) -> ThreeDifaceEditContext:
    """The take that animates `obj`; files that have to be made go to `folder`. Raises DifaceError."""
    actions = edited_actions(obj)
    stored = stored_request.read_request(actions[0])
    request, first = take_request.from_json(stored), stored["first_frame"]
    rate = frame_rate.scene_rate(context.scene)
    frame_rate.check_take_rate(request.rate, rate)
    request = dataclasses.replace(
        request, audio=edit_shape_keys.locate_audio(context, request.audio, stored["sound"], folder), constraints=None
    )
    names = channels.HEAD if "head" in request.parts else ()
    values = sampling.sample_motion(obj, first, _row_count(obj, actions), names, _flame_placement(obj)).values
    found, unsettled = _find_pins(obj, request)
    if "face" in request.parts:
        values, names = np.concatenate([np.zeros((len(values), 1), np.float32), values], axis=1), (FACE_COLUMN, *names)
    motion = types.Motion(values, names, rate)
    return ThreeDifaceEditContext(motion, first, request, stored["sound"], tuple(found), tuple(unsettled), True)


def _find_pins(obj: bpy.types.Object, request: types.GenerateRequest) -> tuple[list[pins.Pin], list[pins.Pin]]:
    """The pins that there are, keys of the head and whole faces, and those that the motion does not know yet."""
    found, new = ([pin for pin in some if pin.kind == "OBJECT"] for some in pins.find_pins_and_changes(obj))
    if "face" in request.parts:
        actions = edited_actions(obj)
        found += [pins.Pin("KEY", FACE_COLUMN, 0, frame, 0.0) for frame in vertex_pins.pin_frames(actions)]
        new += [
            pins.Pin("KEY", FACE_COLUMN, 0, frame, 0.0) for frame in vertex_pins.pin_frames(actions, changed_only=True)
        ]
    return found, new


def threediface_edit_request(
    context: bpy.types.Context, obj: bpy.types.Object, edit_context: ThreeDifaceEditContext, plan: edit_plan.Plan
) -> types.GenerateRequest:
    """The request that makes `plan` of `base`. Raises SceneError where nothing would be made."""
    if not plan.regenerate_mask.any():
        raise errors.SceneError("There is nothing to make anew.", "Change a key, or choose other frames or regions.")
    names = tuple(name for name in edit_context.motion.channels if name != FACE_COLUMN)
    columns = [edit_context.motion.channels.index(name) for name in names]
    placed, vertices = _flame_placement(obj), None
    if FACE_COLUMN in edit_context.motion.channels:
        vertices = vertex_pins.to_vertex_pins(
            obj, edited_actions(obj), edit_context.first_frame, _kept_frames(edit_context, plan), placed
        )
    found = pins.to_channel_pins(obj, list(plan.pins), names, edit_context.first_frame, placed)
    kept = types.Constraints(
        values=edit_context.motion.values[:, columns],
        known_mask=~plan.regenerate_mask[:, columns],
        pins=found[(found.row >= 0) & (found.row <= len(edit_context.motion) - 1)],
        falloff=context.scene.diface.edit.falloff,
        vertices=vertices,
    )
    return dataclasses.replace(
        edit_context.request, seed=edit_context.request.seed if plan.seed is None else plan.seed, constraints=kept
    )


def _kept_frames(edit_context: edit_plan.EditContext, plan: edit_plan.Plan) -> list[int]:
    """Frames whose face stays."""
    return (
        edit_context.first_frame
        + np.flatnonzero(~plan.regenerate_mask[:, edit_context.motion.channels.index(FACE_COLUMN)])
    ).tolist()


def _row_count(obj: bpy.types.Object, actions: Actions) -> int:
    """Of a take as many as its cache has, or samples."""
    if file := take_cache.cache_file(obj, actions):
        return vertex_cache.row_count(file)
    return max(len(curve.values) for a in actions for some in baseline.read_samples(a).values() for curve in some)


def _flame_placement(obj: bpy.types.Object) -> placement.Placement | None:
    return flame_mesh.estimate_placement(obj, preferences.flame_file()) if flame_mesh.is_flame(obj) else None

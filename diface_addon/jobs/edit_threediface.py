"""One edit of a take of the user's 3DiFACE models: faces stay or are made anew whole, the head's keys one by one."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import bpy
import numpy as np

from ..core import channels, errors, placement, types
from ..scene.animation import sample_motion
from ..scene.animation.active_actions import active_actions
from ..scene.characters import flame_mesh
from ..scene.edits import threediface_head_keys
from ..scene.files import temporary
from ..scene.keys import frame_rate
from ..scene.pins import pins, vertex_pins
from ..scene.provenance import baseline, take_request
from ..scene.takes import takes
from ..scene.vertex_animation import take_cache, vertex_cache
from ..settings import preferences, scene_settings, threediface_models
from ..worker import process
from . import current, edit_plan, edit_shape_keys, worker_client
from .edit_plan import PlanOf

FACE = "vertices"
"""The column that stands for a whole face, where an edit says what is made anew; and the path of its pins."""

Actions = list[bpy.types.Action]


class OwnBase(edit_plan.Base):
    """What is edited, as columns FACE (of which no value counts) and the head's axes."""

    def rows(self, first: int, last: int, names: tuple[str, ...]) -> np.ndarray:
        """As for any motion; the face is made anew whole where a channel of it is named."""
        face = (FACE,) if set(names) & set(channels.FACE) else ()
        return super().rows(first, last, (*names, *face))


class OwnEdit(edit_shape_keys.Edit):
    """Such an edit on its way. Holds no bpy object."""

    def __init__(
        self,
        job: process.Job,
        base: OwnBase,
        plan_of: PlanOf,
        plan: edit_plan.Plan,
        obj: bpy.types.Object,
        folder: object,
    ) -> None:
        super().__init__(job, base, plan_of, plan, obj, folder)
        self._actions = [action.session_uid for action in actions_of(obj)]

    def restarted(self, context: bpy.types.Context) -> OwnEdit | None:
        """Restart the edit if pins that it was started with were removed or moved since. Raises DifaceError."""
        obj = self.target()
        same = [action.session_uid for action in active_actions(obj)] == self._actions
        if not same or set(self._base.pins) <= set(self.pins_now(obj)):
            return None
        self.end()
        return begin(context, self._plan_of)

    def pins_now(self, obj: bpy.types.Object) -> list[pins.Pin]:
        """The pins that there are now."""
        return _pins(obj, self.job.request)[0]

    def write(self) -> takes.Written:
        """The edit as a new take; the one that was edited stays. Raises DifaceError, with the scene as it was."""
        result = self.job.wait()
        obj, asked = self.target(), self.job.request
        found = {action.session_uid: action for action in bpy.data.actions}
        if not all(uid in found for uid in self._actions):
            hint = "Undo that, or choose another take, and edit again."
            raise errors.SceneError("The take was deleted while DiFACE worked on it.", hint)
        old, head = [found[uid] for uid in self._actions], threediface_head_keys.of(obj)
        name = edit_shape_keys.named(old[0].name, self._plan.word)
        own = takes.Own(result.shapes, threediface_models.is_cache(asked.engine)) if result.shapes else None
        written = takes.write_take(obj, result.motion, name, self.as_json(result.model_hash), _placed(obj), own)
        self._keep(obj, old, list(written.actions), head)
        self.remember(written, result.model_hash)
        return written

    def _keep(self, obj: bpy.types.Object, old: Actions, new: Actions, head: threediface_head_keys.Tables) -> None:
        names, made = self._base.motion.channels, self._plan.made
        if FACE in names:
            vertex_pins.carry(obj, old, new, _kept(self._base, self._plan))
        turned = made[:, [column for column, name in enumerate(names) if name != FACE]].any(axis=1)
        threediface_head_keys.keep(new, head, turned, self._plan.pins)


def is_threediface(obj: bpy.types.Object) -> bool:
    """Whether a take of the user's 3DiFACE models animates `obj`; quick enough for a button."""
    if vertex_pins.take_of(obj):
        return True
    request = next(filter(None, map(baseline.request_of, active_actions(obj))), None)
    return bool(request and request.get("engine"))


def actions_of(obj: bpy.types.Object) -> Actions:
    """The Actions of the take that is edited."""
    take = vertex_pins.take_of(obj)
    return vertex_pins.actions_of(take) if take else active_actions(obj)


def begin(context: bpy.types.Context, plan_of: PlanOf) -> OwnEdit:
    """Send what `plan_of` makes of the take to the worker. Raises DifaceError; nothing in the scene is changed."""
    obj = scene_settings.character(context)
    with temporary.kept_folder() as folder:
        base = base_of(context, obj, Path(folder.name))
        plan = plan_of(base)
        request = request_of(context, obj, base, plan)
        edit = OwnEdit(worker_client.submit(request), base, plan_of, plan, obj, folder)
    current.set_current(edit)
    return edit


def base_of(context: bpy.types.Context, obj: bpy.types.Object, folder: Path) -> OwnBase:
    """The take that animates `obj`; files that have to be made go to `folder`. Raises DifaceError."""
    actions = actions_of(obj)
    stored = baseline.request_of(actions[0])
    request, first = take_request.of_json(stored), stored["first_frame"]
    rate = frame_rate.of(context.scene)
    if abs(rate.value - request.rate.value) > 1e-6:
        message = f"The take was made at {request.rate.value:g} frames a second; the scene runs at {rate.value:g}."
        raise errors.SceneError(message, "Set the scene's frame rate back, or generate anew.")
    request = dataclasses.replace(
        request, audio=edit_shape_keys.still_there(context, request.audio, stored["sound"], folder), constraints=None
    )
    names = channels.HEAD if "head" in request.parts else ()
    values = sample_motion.read(obj, first, _rows(obj, actions), names, _placed(obj)).values
    found, unsettled = _pins(obj, request)
    if "face" in request.parts:
        values, names = np.concatenate([np.zeros((len(values), 1), np.float32), values], axis=1), (FACE, *names)
    motion = types.Motion(values, names, rate)
    return OwnBase(motion, first, request, stored["sound"], tuple(found), tuple(unsettled), True)


def _pins(obj: bpy.types.Object, request: types.GenerateRequest) -> tuple[list[pins.Pin], list[pins.Pin]]:
    """The pins that there are, keys of the head and whole faces, and those that the motion does not know yet."""
    found, new = ([pin for pin in some if pin.kind == "OBJECT"] for some in pins.look(obj))
    if "face" in request.parts:
        actions = actions_of(obj)
        found += [pins.Pin("KEY", FACE, 0, frame, 0.0) for frame in vertex_pins.frames(actions)]
        new += [pins.Pin("KEY", FACE, 0, frame, 0.0) for frame in vertex_pins.frames(actions, unsettled=True)]
    return found, new


def request_of(
    context: bpy.types.Context, obj: bpy.types.Object, base: OwnBase, plan: edit_plan.Plan
) -> types.GenerateRequest:
    """The request that makes `plan` of `base`. Raises SceneError where nothing would be made."""
    if not plan.made.any():
        raise errors.SceneError("There is nothing to make anew.", "Change a key, or choose other frames or regions.")
    names = tuple(name for name in base.motion.channels if name != FACE)
    columns = [base.motion.channels.index(name) for name in names]
    placed, vertices = _placed(obj), None
    if FACE in base.motion.channels:
        vertices = vertex_pins.of(obj, actions_of(obj), base.first_frame, _kept(base, plan), placed)
    found = pins.as_channels(obj, list(plan.pins), names, base.first_frame, placed)
    kept = types.Constraints(
        values=base.motion.values[:, columns],
        keep=~plan.made[:, columns],
        pins=found[(found.at >= 0) & (found.at <= len(base.motion) - 1)],
        pull=context.scene.diface.edit.pull,
        vertices=vertices,
    )
    return dataclasses.replace(
        base.request, seed=base.request.seed if plan.seed is None else plan.seed, constraints=kept
    )


def _kept(base: edit_plan.Base, plan: edit_plan.Plan) -> list[int]:
    """Frames whose face stays."""
    return (base.first_frame + np.flatnonzero(~plan.made[:, base.motion.channels.index(FACE)])).tolist()


def _rows(obj: bpy.types.Object, actions: Actions) -> int:
    """Of a take as many as its cache has, or samples."""
    if file := take_cache.of(obj, actions):
        return vertex_cache.length(file)
    return max(len(curve.values) for a in actions for some in baseline.samples_of(a).values() for curve in some)


def _placed(obj: bpy.types.Object) -> placement.Placement | None:
    return flame_mesh.place(obj, preferences.flame_file()) if flame_mesh.is_flame(obj) else None

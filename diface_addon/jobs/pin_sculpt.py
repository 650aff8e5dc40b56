"""Pin a sculpt: solve for the values of shape keys that come closest to it, and key them as pins."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from ..core import errors, types
from ..rig.property_address import PropertyAddress
from ..scene.animation import active_curves, character_checks
from ..scene.keys import editable_actions
from ..scene.pins import linked_pins, pins, sculpt, vertex_pins
from ..settings import scene_settings
from ..worker import process
from . import running_job, worker_client

MM_PER_METRE = 1000.0
MIN_DISPLACEMENT = 1e-7
"""Displacement of a vertex, in units of length, below which it was not sculpted."""


@dataclass(frozen=True)
class PinnedSculpt:
    """The object whose sculpt was pinned, and notes for the user."""

    name: str
    notes: tuple[str, ...]


class PinSculptJob(running_job.WorkerJob):
    """A solve that the worker is processing."""

    def __init__(
        self,
        task: process.WorkerTask,
        main: bpy.types.Object,
        sculpted: sculpt.Sculpt,
        addresses: tuple[PropertyAddress, ...],
    ) -> None:
        super().__init__(task)
        self._object_uid = main.session_uid
        self._sculpted = sculpted
        self._addresses = addresses

    def restart_if_stale(self, context: bpy.types.Context) -> PinSculptJob | None:
        """Restart the solve if the user sculpted further. Raises DifaceError."""
        if np.array_equal(read_sculpt(self._find_object()).now, self._sculpted.now):
            return None
        self.end()
        return begin(context)

    def write_result(self) -> PinnedSculpt:
        """Key the shape keys that the sculpt changed, and end it. Raises DifaceError, with the scene unchanged."""
        result, main = self.task.wait_for(types.SolveResult), self._find_object()
        obj = sculpt.sculpted_mesh(main, None)
        current = self.task.request_of(types.SolveRequest).current
        solved = zip(self._addresses, result.weights, current, strict=True)
        changed = {address: float(value) for address, value, before in solved if value != before}
        if not changed:
            message = f"The shape keys of {obj.name} cannot reproduce this sculpt."
            raise errors.SceneError(message, "Sculpt it differently, or discard it.")
        enter_object_mode(bpy.context, obj)
        sculpt.end(obj)
        frame = self._sculpted.frame
        wanted = [pins.Pin(*address, frame, value) for address, value in changed.items()]
        wanted = linked_pins.on_all_properties(main, wanted, (frame, frame))
        keyed, notes = pins.set_properties(main, frame, {pin.address: pin.value for pin in wanted})
        names = active_curves.channels_by_address(main)
        unit = MM_PER_METRE * bpy.context.scene.unit_settings.scale_length * abs(obj.matrix_world.median_scale)
        accuracy = f"Error {result.rms * unit:.1f} mm, at most {result.worst * unit:.1f} mm."
        pinned = f"{_channel_count(len({names[address] for address in keyed}))} pinned at frame {frame:g}."
        return PinnedSculpt(main.name, (pinned, accuracy, *notes))

    def _find_object(self) -> bpy.types.Object:
        obj = character_checks.find_by_uid(self._object_uid)
        if obj is None:
            raise errors.SceneError("The character was deleted during Pin Sculpt.", "Undo that, and pin it again.")
        return obj


def begin(context: bpy.types.Context) -> PinSculptJob:
    """Send the sculpt to the worker. Nothing in the scene is changed. Raises DifaceError."""
    running_job.check_idle()
    main = scene_settings.character(context)
    sculpted = read_sculpt(main)
    addresses, request = sculpt.make_solve_request(main, sculpt.sculpted_mesh(main, None), sculpted)
    job = PinSculptJob(worker_client.submit(request), main, sculpted, addresses)
    running_job.set_current(job)
    return job


def read_sculpt(main: bpy.types.Object) -> sculpt.Sculpt:
    """Return the sculpt of a character. Raises SceneError if it does not exist or cannot be pinned."""
    sculpted = sculpt.read(sculpt.sculpted_mesh(main, None))
    check_keys(main, sculpted.take)
    if abs(sculpted.now - sculpted.start).max(initial=0.0) < MIN_DISPLACEMENT:
        raise errors.SceneError("Nothing was sculpted yet.", "Sculpt it or edit its vertices, or discard it.")
    return sculpted


def pin_vertices(context: bpy.types.Context, obj: bpy.types.Object, sculpted: sculpt.Sculpt) -> str:
    """Pin the vertices themselves, for a take of 3DiFACE models. Returns a message."""
    actions = vertex_pins.take_actions(sculpted.take)
    enter_object_mode(context, obj)
    sculpt.end(obj)
    vertex_pins.add_pin(obj, actions, sculpted.frame, sculpted.now)
    return f"The face is pinned at frame {sculpted.frame:g}. Regenerate adapts the motion to it."


def check_keys(obj: bpy.types.Object, take: str | None) -> None:
    """Raise SceneError if a sculpt could not be pinned: its Actions are linked from another file."""
    if take:
        editable_actions.check(vertex_pins.take_actions(take))
    else:
        character_checks.check_keys_editable(obj)


def enter_object_mode(context: bpy.types.Context, obj: bpy.types.Object) -> None:
    """Enter Object Mode: in other modes shape keys cannot be added or removed."""
    if obj.mode != "OBJECT":
        with context.temp_override(active_object=obj, object=obj):  # pyrefly: ignore[bad-context-manager]
            bpy.ops.object.mode_set(mode="OBJECT")


def _channel_count(count: int) -> str:
    return "1 channel is" if count == 1 else f"{count} channels are"

"""Compute the 52 ARKit shapes for any humanoid head, and add them as shape keys to its meshes."""

from __future__ import annotations

import bpy
import numpy as np

from ...core import channels, errors, types
from ...rig.gaze.still_eyes import still_eyes
from ...scene.animation import character_checks
from ...scene.characters import bundled_head, face_landmarks, humanoid_mesh, shape_key_names, shape_keys
from ...settings import character_settings
from ...worker import process
from .. import running_job, worker_client
from .added_keys import AddedKeys

STILL = 1e-5
"""Displacement below which a part does not move in a shape, relative to the character's largest displacement."""


class HumanoidKeysJob(running_job.WorkerJob):
    """A computation of ARKit shapes that the worker is processing."""

    def __init__(self, task: process.WorkerTask, read: humanoid_mesh.HumanoidMesh) -> None:
        super().__init__(task)
        self._uids = tuple(obj.session_uid for obj in read.objects)
        self._left_out = read.left_out

    def write_result(self) -> AddedKeys:
        """Add the shape keys that the meshes do not have. Raises DifaceError, with the scene unchanged."""
        shapes = self.task.wait_for(types.Shapes)
        read = self._unchanged()
        main = read.objects[0]
        existing = shape_key_names.face_shape_keys(main)
        missing = [index for index, name in enumerate(shapes.names) if name not in existing]
        looks = [index for index, name in enumerate(shapes.names) if name.startswith("eyeLook")]
        eyes = _still_eyes(main)
        smallest = STILL * float(np.abs(shapes.deltas).max(initial=0.0))
        starts = np.cumsum((0, *read.counts))
        for obj, start, count in zip(read.objects, starts, read.counts, strict=False):
            for index in sorted({*missing, *looks}) if obj in eyes else missing:
                deltas = shapes.deltas[index, start : start + count]
                if obj == main or np.abs(deltas).max(initial=0.0) > smallest:
                    _add_key(obj, shapes.names[index], humanoid_mesh.to_local(obj, deltas))
        face_landmarks.remove(main)
        return AddedKeys(main.name, self._notes(main, shapes, len(missing)))

    def _unchanged(self) -> humanoid_mesh.HumanoidMesh:
        """The character's meshes. Raises SceneError if they are not those that were sent."""
        main = character_checks.find_by_uid(self._uids[0])
        if main is None or not main.users_scene:
            raise errors.SceneError(
                "The character was deleted during Add ARKit Shape Keys.", "Undo that, and repeat it."
            )
        read = read_character(main)
        sent = self.task.request_of(types.ShapesRequest).vertices
        same = tuple(obj.session_uid for obj in read.objects) == self._uids
        if not same or not np.array_equal(read.vertices, sent):
            raise errors.SceneError(f"{main.name} was edited during Add ARKit Shape Keys.", "Add them again.")
        return read

    def _notes(self, main: bpy.types.Object, shapes: types.Shapes, added: int) -> tuple[str, ...]:
        notes = [f"{main.name} has {added} more shape keys.", *shapes.notes]
        absent = [name for name in channels.FACE if name not in shapes.names]
        if absent:
            notes.append(f"Nothing in it moves with {', '.join(absent)}.")
        if self._left_out:
            notes.append(f"Left as they are: {', '.join(self._left_out)}.")
        return tuple(notes)


def _add_key(obj: bpy.types.Object, name: str, deltas: np.ndarray) -> None:
    keys = obj.data.shape_keys
    if keys is not None and name in keys.key_blocks:
        return
    extended = name.startswith(bundled_head.EXTENDED_PREFIXES)
    slider_max = bundled_head.EXTENDED_SLIDER_MAX if extended else 1.0
    shape_keys.add_shape_keys(obj, (name,), deltas[None], (0.0, slider_max))


def begin(obj: bpy.types.Object) -> HumanoidKeysJob:
    """Send the character's meshes to the worker. Nothing in the scene is changed. Raises DifaceError."""
    read = read_character(obj)
    landmarks = face_landmarks.places(obj)
    request = types.ShapesRequest(read.vertices, read.faces, is_flame=False, landmarks=landmarks)
    return HumanoidKeysJob(worker_client.submit(request), read)


def _still_eyes(main: bpy.types.Object) -> list[bpy.types.Object]:
    """Return the eyeballs that get shapes of gaze although the face has such shapes: those that nothing turns."""
    found = character_settings.find(main)
    return still_eyes(found) if found and found.main == main else []


def read_character(main: bpy.types.Object) -> humanoid_mesh.HumanoidMesh:
    """Return the meshes of the character of `main`, as the panel shows them."""
    found = character_settings.find(main)
    parts = (*found.faces, *found.on_head, *found.body) if found and found.main == main else ()
    return humanoid_mesh.read(main, parts)

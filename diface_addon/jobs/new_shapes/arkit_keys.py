"""Compute the 52 ARKit shapes for a head, and add them as shape keys: FLAME meshes here, others by registration."""

from __future__ import annotations

import bpy
import numpy as np

from ...core import errors, placement, types
from ...scene.animation import character_checks
from ...scene.characters import bundled_head, flame_mesh, humanoid_mesh, shape_key_names, shape_keys
from ...settings import preferences, scene_settings
from ...worker import process
from .. import running_job, worker_client
from . import humanoid_keys
from .added_keys import AddedKeys


class ArkitKeysJob(running_job.WorkerJob):
    """A computation of ARKit shapes for a FLAME mesh that the worker is processing."""

    def __init__(self, task: process.WorkerTask, obj: bpy.types.Object, placed: placement.Placement) -> None:
        super().__init__(task)
        self._object_uid = obj.session_uid
        self._placed = placed

    def write_result(self) -> AddedKeys:
        """Add the shape keys that the mesh does not have. Raises DifaceError, with the scene unchanged."""
        shapes = self.task.wait_for(types.Shapes)
        obj = character_checks.find_by_uid(self._object_uid)
        if obj is None:
            raise errors.SceneError(
                "The character was deleted during Add ARKit Shape Keys.", "Undo that, and repeat it."
            )
        _check(obj)
        sent = self.task.request_of(types.ShapesRequest).vertices
        if not np.array_equal(self._placed.to_flame(flame_mesh.rest_vertices(obj)), sent):
            raise errors.SceneError(f"{obj.name} was edited during Add ARKit Shape Keys.", "Add them again.")
        existing = shape_key_names.face_shape_keys(obj)
        missing = [index for index, name in enumerate(shapes.names) if name not in existing]
        for index in missing:
            name = shapes.names[index]
            slider_max = bundled_head.EXTENDED_SLIDER_MAX if name.startswith(bundled_head.EXTENDED_PREFIXES) else 1.0
            deltas = self._placed.deltas_to_local(shapes.deltas[[index]])
            shape_keys.add_shape_keys(obj, (name,), deltas, (0.0, slider_max))
        return AddedKeys(obj.name, (f"{obj.name} has {len(missing)} more shape keys.",))


def check_can_add(context: bpy.types.Context) -> None:
    """Raise DifaceError if the character takes no shape keys. Fast enough for a button's poll."""
    running_job.check_idle()
    _check(scene_settings.character(context))


def _check(obj: bpy.types.Object | None) -> None:
    character_checks.check(obj, ())
    if flame_mesh.is_flame(obj):
        character_checks.check_custom_shapes(obj, ("face",), as_cache=False)
    else:
        humanoid_mesh.check(obj)


def begin(context: bpy.types.Context) -> running_job.WorkerJob:
    """Send the character's mesh to the worker. Nothing in the scene is changed. Raises DifaceError."""
    check_can_add(context)
    obj = scene_settings.character(context)
    job = _begin_flame(obj) if flame_mesh.is_flame(obj) else humanoid_keys.begin(obj)
    running_job.set_current(job)
    return job


def _begin_flame(obj: bpy.types.Object) -> ArkitKeysJob:
    placed = flame_mesh.estimate_placement(obj, preferences.flame_file())
    vertices = placed.to_flame(flame_mesh.rest_vertices(obj))
    request = types.ShapesRequest(vertices, flame_mesh.triangles(obj), preferences.flame_file())
    return ArkitKeysJob(worker_client.submit(request), obj, placed)

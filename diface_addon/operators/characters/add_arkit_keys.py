"""Add ARKit Shape Keys: what DiFACE's own models need, on a FLAME mesh."""

from __future__ import annotations

import bpy

from ...core import errors, types
from ...jobs import running_job, worker_client
from ...scene.animation import character_checks
from ...scene.characters import bundled_head, flame_mesh, shape_key_names, shape_keys
from ...settings import preferences, scene_settings
from ..base.operator_base import OperatorBase


class DIFACE_OT_add_arkit_keys(OperatorBase, bpy.types.Operator):
    """Give a FLAME mesh the 52 ARKit shapes as shape keys, carried over from DiFACE's own head"""

    bl_idname = "diface.add_arkit_keys"
    bl_label = "Add ARKit Shape Keys"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        if running_job.current() is not None:
            raise errors.WorkerError("DiFACE is generating.", "Add them when it has finished.")
        character_checks.check_custom_shapes(scene_settings.character(context), ("face",), as_cache=False)

    def run(self, context: bpy.types.Context) -> str:
        obj = scene_settings.character(context)
        self.check_ready(context)
        placed = flame_mesh.estimate_placement(obj, preferences.flame_file())
        vertices = placed.to_flame(flame_mesh.rest_vertices(obj))
        request = types.ShapesRequest(vertices, flame_mesh.triangles(obj), preferences.flame_file())
        shapes = worker_client.wait_with_cursor(context, request)

        has = shape_key_names.face_shape_keys(obj)
        missing = [index for index, name in enumerate(shapes.names) if name not in has]
        for index in missing:
            name = shapes.names[index]
            most = bundled_head.EXTENDED_SLIDER_MAX if name.startswith(bundled_head.EXTENDED_PREFIXES) else 1.0
            shape_keys.add_shape_keys(obj, (name,), placed.deltas_to_local(shapes.deltas[[index]]), (0.0, most))
        return f"{obj.name} has {len(missing)} more shape keys."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_add_arkit_keys,))

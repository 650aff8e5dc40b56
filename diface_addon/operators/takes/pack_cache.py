"""Pack Vertex Animation into the .blend, and Restore Vertex Animation from it."""

from __future__ import annotations

import bpy

from ...core import errors
from ...scene.animation import character_checks
from ...scene.takes import take_index
from ...scene.vertex_animation import take_cache
from ...settings import scene_settings
from ..base.operator_base import OperatorBase


class _CacheOperator(OperatorBase):
    """Mix-in for operators on the takes of the character that have a vertex cache."""

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        character_checks.check(scene_settings.character(context), ())

    def cached_takes(self, context: bpy.types.Context) -> list[list[bpy.types.Action]]:
        """Return the Actions of each take with a cache. Raises SceneError if no take has one."""
        obj = scene_settings.character(context)
        cached = [actions for actions in take_index.all_takes().values() if take_cache.cache_file(obj, actions)]
        if not cached:
            raise errors.SceneError(
                "No take is a vertex animation.", "Generate one with Motion As set to Vertex Animation."
            )
        return cached


class DIFACE_OT_pack_cache(_CacheOperator, bpy.types.Operator):
    """Store the vertex animation files of every take in the .blend. Restore writes them again"""

    bl_idname = "diface.pack_cache"
    bl_label = "Pack Vertex Animation"
    bl_options = {"REGISTER", "UNDO"}

    def run(self, context: bpy.types.Context) -> str:
        cached = self.cached_takes(context)
        for actions in cached:
            take_cache.pack(scene_settings.character(context), actions)
        return f"Packed vertex animations: {len(cached)}."


class DIFACE_OT_restore_cache(_CacheOperator, bpy.types.Operator):
    """Write missing files of packed vertex animations again"""

    bl_idname = "diface.restore_cache"
    bl_label = "Restore Vertex Animation"
    bl_options = {"REGISTER"}

    def run(self, context: bpy.types.Context) -> str:
        cached = self.cached_takes(context)
        for actions in cached:
            take_cache.restore(scene_settings.character(context), actions)
        return f"Restored vertex animations: {len(cached)}."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_pack_cache, DIFACE_OT_restore_cache))

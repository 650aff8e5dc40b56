"""Pack Vertex Animation: the files beside the .blend into it; Restore writes them again."""

from __future__ import annotations

import bpy

from ...core import errors
from ...scene.animation import character_checks
from ...scene.takes import take_index
from ...scene.vertex_animation import take_cache
from ...settings import scene_settings
from ..base.operator_base import OperatorBase


class _CacheOperator(OperatorBase):
    """Mix-in: works on the character's takes that have a vertex cache, and says how many."""

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        character_checks.check(scene_settings.character(context), ())

    def cached_takes(self, context: bpy.types.Context) -> list[list[bpy.types.Action]]:
        """The Actions of each take with a cache. Raises SceneError where there is none."""
        obj = scene_settings.character(context)
        found = [actions for actions in take_index.all_takes().values() if take_cache.cache_file(obj, actions)]
        if not found:
            raise errors.SceneError("No take is a vertex animation.", "There is nothing to pack or to restore.")
        return found


class DIFACE_OT_pack_cache(_CacheOperator, bpy.types.Operator):
    """Keep the vertex animation of every take in the .blend, from where Restore writes its files again"""

    bl_idname = "diface.pack_cache"
    bl_label = "Pack Vertex Animation"
    bl_options = {"REGISTER", "UNDO"}

    def run(self, context: bpy.types.Context) -> str:
        found = self.cached_takes(context)
        for actions in found:
            take_cache.pack(scene_settings.character(context), actions)
        return f"Packed: {len(found)}."


class DIFACE_OT_restore_cache(_CacheOperator, bpy.types.Operator):
    """Write the files of packed vertex animations again, where they are missing"""

    bl_idname = "diface.restore_cache"
    bl_label = "Restore Vertex Animation"
    bl_options = {"REGISTER"}

    def run(self, context: bpy.types.Context) -> str:
        found = self.cached_takes(context)
        for actions in found:
            take_cache.restore(scene_settings.character(context), actions)
        return f"In their files: {len(found)}."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_pack_cache, DIFACE_OT_restore_cache))

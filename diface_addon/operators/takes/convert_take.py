"""Convert Take: a copy of a take at the scene's frame rate."""

from __future__ import annotations

import tempfile
from pathlib import Path

import bpy

from ...jobs import edit_shape_keys
from ...scene.comparison import ghost
from ...scene.edits import convert_take
from ...scene.keys import frame_rate
from ...scene.provenance import reduction_state
from ...scene.reduction import reduce_keys, restore_keys
from ...scene.takes import rollback, take_copies, take_index, use_take
from ...settings import scene_settings
from ...settings.directing import direction_settings
from ..base.take_operator import TakeOperator


class DIFACE_OT_convert_take(TakeOperator, bpy.types.Operator):
    """Copy this take, or the active one, to the scene's frame rate. Sound, face and pins stay in sync"""

    bl_idname = "diface.convert_take"
    bl_label = "Convert Take"
    bl_options = {"REGISTER", "UNDO"}

    def run(self, context: bpy.types.Context) -> str:
        obj = scene_settings.character(context)
        actions = self.actions() if self.take else take_index.active_take(obj)
        rate = frame_rate.scene_rate(context.scene)
        convert_take.check_needed(actions, rate)
        name = edit_shape_keys.name_with_suffix(actions[0].name, "converted")
        with direction_settings.reading_plain(obj, actions):
            with tempfile.TemporaryDirectory() as folder, rollback.all_or_nothing(obj):
                mapping = convert_take.find_mapping(context, actions, rate, Path(folder))
                copies = take_copies.duplicate(actions, name)
                reductions = [reduction_state.read(copy) for copy in copies]
                for copy in copies:
                    restore_keys.restore(copy)
                convert_take.convert_take(copies, mapping, rate)
                for copy, reduction in zip(copies, reductions, strict=True):
                    if reduction:
                        reduce_keys.reduce(obj, [copy], reduction)
                use_take.replace_active_take(obj, actions, copies)
            ghost.remove_ghosts()
            if any(action in take_index.active_take(obj) for action in copies):
                edit_shape_keys.store_current_request(context, obj)
        return f"New take at {rate.value:g} frames per second: {copies[0].name}."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_convert_take,))

"""Set Keys: how many keys a take has: one a frame, one every few frames, or few Bezier keys within a bound."""

from __future__ import annotations

import math

import bpy

from ... import compat
from ...core import errors
from ...scene.keys import editable_actions
from ...scene.provenance import reduction_state
from ...scene.reduction import reduce_keys, restore_keys
from ...scene.takes import take_copies
from ...settings import scene_settings
from ...settings.directing import direction_settings
from ...settings.takes.key_settings import MODES, KeySettings
from ..base.take_operator import TakeOperator


class DIFACE_OT_set_keys(KeySettings, TakeOperator, bpy.types.Operator):
    """Set how many keys this take has, or the active one. Pins and closed lips are kept exactly"""

    bl_idname = "diface.set_keys"
    bl_label = "Set Keys"
    bl_options = {"REGISTER", "UNDO"}

    mode: bpy.props.EnumProperty(name="Keys", items=MODES, default="REDUCED")

    def draw(self, context: bpy.types.Context) -> None:
        self.layout.use_property_split = True
        self.draw_in(self.layout)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        known = next((known for action in self.actions() if (known := reduction_state.read(action))), None)
        if known and not self.properties.is_property_set("mode"):
            self.mode, self.step, self.face_tolerance = known.mode, known.step, known.lips
            self.head_tolerance = math.radians(known.head)
        return context.window_manager.invoke_props_dialog(self)

    def run(self, context: bpy.types.Context) -> str:
        obj, actions = scene_settings.character(context), self.actions()
        take_copies.check_has_keys(actions)
        editable_actions.check(actions)
        before = _key_count(actions)
        with direction_settings.changing_plain(obj, actions):
            if wanted := self.reduction():
                reduce_keys.reduce(obj, actions, wanted)
            else:
                for action in actions:
                    restore_keys.restore(action)
        after = _key_count(actions)
        if before == after == 0:
            raise errors.SceneError(f"{actions[0].name} has no keys.", "Choose a take with keys.")
        return f"{actions[0].name} has {after:,} keys; it had {before:,}."


def _key_count(actions: list[bpy.types.Action]) -> int:
    return sum(len(fcurve.keyframe_points) for action in actions for _address, fcurve in compat.action_fcurves(action))


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_set_keys,))

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
from ..base.take_operator import TakeOperator

MODES = (
    ("EVERY_FRAME", "Every Frame", "One key a frame, exactly as generated; what you edited since stays"),
    ("STEP", "Step", "Bezier keys every few frames, as on twos or threes"),
    ("REDUCED", "Reduced", "Few Bezier keys, fitted so that face and head stay within the tolerances"),
)


class DIFACE_OT_set_keys(TakeOperator, bpy.types.Operator):
    """Set how many keys this take has, or the active one. Pins and closed lips are kept exactly"""

    bl_idname = "diface.set_keys"
    bl_label = "Set Keys"
    bl_options = {"REGISTER", "UNDO"}

    mode: bpy.props.EnumProperty(name="Keys", items=MODES, default="REDUCED")
    step: bpy.props.IntProperty(
        name="Step", description="Frames from key to key", default=2, min=1, max=100, soft_max=10
    )
    face_tolerance: bpy.props.FloatProperty(
        name="Face Tolerance",
        description="Largest distance of a point of the face from the dense motion, in millimetres on a head of "
        "natural size",
        default=0.25,
        min=0.01,
        max=10.0,
        soft_max=2.0,
        precision=2,
    )
    head_tolerance: bpy.props.FloatProperty(
        name="Head Tolerance",
        description="Largest difference of the head's rotation from the dense motion",
        default=math.radians(0.1),
        min=math.radians(0.01),
        max=math.radians(10.0),
        soft_max=math.radians(2.0),
        subtype="ANGLE",
    )

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "mode")
        if self.mode == "STEP":
            layout.prop(self, "step")
        elif self.mode == "REDUCED":
            layout.prop(self, "face_tolerance")
            layout.prop(self, "head_tolerance")

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
            if self.mode == "EVERY_FRAME":
                for action in actions:
                    restore_keys.restore(action)
            else:
                reduce_keys.reduce(obj, actions, self._reduction())
        after = _key_count(actions)
        if before == after == 0:
            raise errors.SceneError(f"{actions[0].name} has no keys.", "Choose a take with keys.")
        return f"{actions[0].name} has {after:,} keys; it had {before:,}."

    def _reduction(self) -> reduction_state.Reduction:
        return reduction_state.Reduction(self.mode, self.step, self.face_tolerance, math.degrees(self.head_tolerance))


def _key_count(actions: list[bpy.types.Action]) -> int:
    return sum(len(fcurve.keyframe_points) for action in actions for _address, fcurve in compat.action_fcurves(action))


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_set_keys,))

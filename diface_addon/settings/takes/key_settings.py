"""How many keys a take has: the settings of *Set Keys*, and `object.diface.performance.keys` of new takes."""

from __future__ import annotations

import math

import bpy
from bpy.props import EnumProperty, FloatProperty, IntProperty

from ...scene.provenance import reduction_state
from ..choices import OVERRIDABLE

MODES = (
    ("EVERY_FRAME", "Every Frame", "One key a frame, exactly as generated; what you edited since stays"),
    ("STEP", "Step", "Bezier keys every few frames, as on twos or threes"),
    ("REDUCED", "Reduced", "Few Bezier keys, fitted so that face and head stay within the tolerances"),
)


class KeySettings:
    """Properties of the group below, and of the operator *Set Keys*."""

    mode: EnumProperty(name="Keys", description="How many keys a take has", items=MODES, override=OVERRIDABLE)
    step: IntProperty(
        name="Step",
        description="Frames from key to key",
        default=2,
        min=1,
        max=100,
        soft_max=10,
        override=OVERRIDABLE,
    )
    face_tolerance: FloatProperty(
        name="Face Tolerance",
        description="Largest distance of a point of the face from the dense motion, in millimetres on a head of "
        "natural size",
        default=0.25,
        min=0.01,
        max=10.0,
        soft_max=2.0,
        precision=2,
        override=OVERRIDABLE,
    )
    head_tolerance: FloatProperty(
        name="Head Tolerance",
        description="Largest difference of the head's rotation from the dense motion",
        default=math.radians(0.1),
        min=math.radians(0.01),
        max=math.radians(10.0),
        soft_max=math.radians(2.0),
        subtype="ANGLE",
        override=OVERRIDABLE,
    )

    def reduction(self) -> reduction_state.Reduction | None:
        """Return how keys are reduced; None for one key a frame."""
        if self.mode == "EVERY_FRAME":
            return None
        return reduction_state.Reduction(self.mode, self.step, self.face_tolerance, math.degrees(self.head_tolerance))

    def draw_in(self, layout: bpy.types.UILayout) -> None:
        """Draw the mode, and the settings that it uses."""
        layout.prop(self, "mode")
        if self.mode == "STEP":
            layout.prop(self, "step")
        elif self.mode == "REDUCED":
            layout.prop(self, "face_tolerance")
            layout.prop(self, "head_tolerance")


class DifaceKeySettings(KeySettings, bpy.types.PropertyGroup):
    """The keys of new takes."""

"""What keeps a head from turning as its keys say: constraints and drivers that set its rotation."""

from __future__ import annotations

import bpy

from ...rig.head_target import rotation_property
from ...rig.property_address import bone_path

TRACKING = frozenset({"DAMPED_TRACK", "LOCKED_TRACK", "TRACK_TO", "IK", "SPLINE_IK"})
"""Constraints that set a rotation, whatever it was."""
COPYING = frozenset({"COPY_ROTATION", "COPY_TRANSFORMS"})
"""Constraints that set a rotation if they replace it; those that mix keep it."""


def obstacle_notes(owner: bpy.types.Object, bone: str) -> list[str]:
    """Return notes about what sets the rotation of a bone, or of an object if `bone` is empty."""
    posed = owner.pose.bones[bone] if bone else owner
    path = bone_path(bone, rotation_property(posed.rotation_mode))
    drivers = owner.animation_data.drivers if owner.animation_data else ()
    notes = [
        f"The constraint {constraint.name} sets the rotation of {posed.name}, so the head does not turn as generated. "
        "Set its influence to 0, or choose another bone in the panel Character."
        for constraint in posed.constraints
        if _sets_rotation(constraint)
    ]
    if any(curve.data_path == path for curve in drivers):
        notes.append(f"A driver sets the rotation of {posed.name}, so the head does not turn as generated.")
    return notes


def _sets_rotation(constraint: bpy.types.Constraint) -> bool:
    if constraint.mute or constraint.influence == 0 or not constraint.is_valid:
        return False
    return constraint.type in TRACKING or (constraint.type in COPYING and constraint.mix_mode == "REPLACE")

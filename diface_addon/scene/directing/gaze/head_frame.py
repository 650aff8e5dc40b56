"""The axes of a character's head at rest, its eyes, and the joints that it turns about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import bpy
import numpy as np
from mathutils import Matrix

from ....core import placement
from ....rig import bone_axes, bones, head_target, parts
from ....rig.character import Character
from ....rig.gaze.eyes import Eye, EyeRig, find_eyes
from ....rig.head_target import HeadTarget
from ....rig.property_address import part_kind
from ...animation import active_curves, evaluate_curves
from .place import FloatArray, Place


@dataclass(frozen=True)
class HeadFrame:
    """The head of a character. Its coordinates are those of what turns, along the head's axes.

    Attributes:
        main: The main mesh.
        target: What turns: an object or a bone.
        character: What was found for a character that was not bound.
        eye_bones: Side -> armature and name of the eye bone, where there are eye bones.
    """

    main: bpy.types.Object
    target: HeadTarget
    character: Character | None
    eye_bones: Mapping[str, tuple[bpy.types.Object, str]]

    @classmethod
    def of(cls, main: bpy.types.Object, character: Character | None) -> HeadFrame:
        """Return the head of a main mesh; `character` is what was found for it."""
        eye_bones = {}
        if character is not None and character.armature is not None:
            found = {"Left": character.bones.left_eye, "Right": character.bones.right_eye}
            eye_bones = {side: (character.armature, bone) for side, bone in found.items() if bone}
        if head_target.STORED not in main and character is not None and character.bones.head:
            owner, bone = character.armature, character.bones.head
            return cls(main, HeadTarget("OBJECT", owner, bone), character, eye_bones)
        return cls(main, head_target.head_target(main), None, eye_bones)

    @cached_property
    def axes(self) -> FloatArray:
        """The head's left, back and up (3, 3) in the axes of the object or bone."""
        if self.character is not None:
            return bone_axes.bone_local_axes(self.target.owner, self.target.bone, self.character.facing)
        placed = evaluate_curves.find_placement(self.main)
        return np.eye(3) if placed is None else placed.rotation.T @ placement.FROM_BLENDER

    @property
    def place(self) -> Place:
        """What turns with the head."""
        return Place(self.target.owner, self.target.bone)

    def eyes(self) -> tuple[Eye, Eye] | None:
        """Return the eyes in the head's coordinates; None for a face without eyes."""
        meshes = {
            part_kind("KEY", number): obj
            for number, obj in parts.numbered_objects(self.main).items()
            if obj.type == "MESH" and obj.data.shape_keys
        }
        targets = active_curves.mapping(self.main).all_targets
        rig = EyeRig(targets, bones.bone_groups(self.main), meshes, self.eye_bones)
        return find_eyes(rig, self.to_head)

    def to_head(self, obj: bpy.types.Object) -> FloatArray:
        """Return the matrix (4, 4) from the coordinates of an object at rest to those of the head."""
        owner, turn = self.target.owner, np.eye(4)
        turn[:3, :3] = self.axes.T
        between = Matrix() if obj == owner else owner.matrix_world.inverted_safe() @ obj.matrix_world
        if self.target.bone:
            posed = owner.pose.bones[self.target.bone]
            follows = obj.parent == owner and obj.parent_type == "BONE"
            between = (posed.matrix if follows else posed.bone.matrix_local).inverted_safe() @ between
        return turn @ np.array(between, np.float64)

    def joints(self) -> tuple[FloatArray, FloatArray]:
        """Return the joints (J, 3) from the lowest in the head's coordinates, and the share of the rotation of each."""
        target = self.target
        if not target.bone:
            placed = evaluate_curves.find_placement(self.main)
            pivot = np.zeros(3) if placed is None else np.asarray(placed.neck, np.float64)
            return (self.axes.T @ pivot)[None], np.ones(1)
        matrix, turning = self.to_head(target.owner), self.turning_bones()
        places = [target.owner.data.bones[bone].head_local for bone in turning]
        joints = np.array([matrix[:3, :3] @ np.array(place) + matrix[:3, 3] for place in places])
        shares = np.array(list(turning.values()))
        return joints, shares / shares.sum()

    @property
    def base(self) -> Place:
        """What moves the head besides its own rotation."""
        if not self.target.bone:
            return Place(self.target.owner, of_parent=True)
        below = self.target.owner.data.bones[next(iter(self.turning_bones()))].parent
        return Place(self.target.owner, below.name if below else "")

    def turning_bones(self) -> dict[str, float]:
        """Return the share of the rotation of each bone of neck and head, from the lowest; empty for an object."""
        owner, own = self.target.owner, self.target.bone
        if not own:
            return {}
        necks = {group.bone for group in bones.bone_groups(self.main) if group.turns_head and group.armature == owner}
        above = [bone.name for bone in owner.data.bones[own].parent_recursive if bone.name in necks]
        share = (1.0 - self.target.share) / max(len(above), 1)
        return dict.fromkeys(reversed(above), share) | {own: self.target.share}

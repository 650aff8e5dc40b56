"""How far bones go along where others are shifted or turned, by parents and constraints, without posing anything.

Displacements are taken as linear. That is exact for what controls of a face do: parents, copied locations, weighted
parents (constraint *Armature*), copied transforms with an influence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from ..discovery.scene_index import constraint_targets
from ..shifted_bones.bone_shift import to_location

FloatArray = npt.NDArray[np.float64]
SAME = 1e-9
"""Difference up to which bones do not follow one another."""
LEAST = 0.01
"""Shift, relative to the largest motion that is wanted, that is left out."""


@dataclass(frozen=True)
class Motion:
    """How a bone moves in each of K cases: its head is shifted, and it turns by a small angle.

    Attributes:
        shift: (3, K) in world axes and units.
        turn: (3, K) rotation vectors in radians.
    """

    shift: FloatArray
    turn: FloatArray

    def at(self, offset: FloatArray) -> Motion:
        """Return how a point moves that is rigid with the bone, `offset` (3,) from its head."""
        return Motion(self.shift + np.cross(self.turn, offset[:, None], axis=0), self.turn)

    def blended(self, other: Motion, share: float) -> Motion:
        """Return the motion that is `other` to a share."""
        return Motion((1.0 - share) * self.shift + share * other.shift, (1.0 - share) * self.turn + share * other.turn)


class Following:
    """The bones of an armature, as they follow shifts and turns of some of them."""

    def __init__(
        self, armature: bpy.types.Object, shifts: Mapping[str, FloatArray], turns: Mapping[str, FloatArray]
    ) -> None:
        """Give bones their own motion: `shifts` and `turns` are bone -> (3, K), of the same K cases."""
        self._armature, self._shifts, self._turns = armature, shifts, turns
        self._cases = next(iter((*shifts.values(), *turns.values()))).shape[1]
        self._world = np.array(armature.matrix_world, np.float64)
        self._known: dict[str, Motion] = {}
        self._waiting: set[str] = set()

    def motion(self, bone: str) -> Motion:
        """Return how a bone moves. Bones that follow each other in a circle count as still."""
        if bone in self._known:
            return self._known[bone]
        if bone in self._waiting:
            return self._still()
        self._waiting.add(bone)
        found = self._computed(bone)
        self._waiting.discard(bone)
        self._known[bone] = found
        return found

    def joint(self, bone: str) -> FloatArray:
        """Return the head (3,) of a bone at rest, in world coordinates."""
        head = np.array(self._armature.data.bones[bone].head_local, np.float64)
        return self._world[:3, :3] @ head + self._world[:3, 3]

    def _still(self) -> Motion:
        return Motion(np.zeros((3, self._cases)), np.zeros((3, self._cases)))

    def _computed(self, bone: str) -> Motion:
        found = self._with_parent(bone)
        if bone in self._shifts or bone in self._turns:
            found = Motion(
                found.shift + self._shifts.get(bone, self._still().shift),
                found.turn + self._turns.get(bone, self._still().turn),
            )
        for constraint in self._armature.pose.bones[bone].constraints:
            if not constraint.mute and constraint.influence > 0:
                found = self._constrained(bone, found, constraint)
        return found

    def _with_parent(self, bone: str) -> Motion:
        parent = self._armature.data.bones[bone].parent
        if parent is None:
            return self._still()
        return self.motion(parent.name).at(self.joint(bone) - self.joint(parent.name))

    def _constrained(self, bone: str, found: Motion, constraint: bpy.types.Constraint) -> Motion:
        """Return a motion after a constraint; those that are not known leave it."""
        targets = [name for target, name in constraint_targets(constraint) if target == self._armature and name]
        targets = [name for name in targets if name in self._armature.pose.bones]
        if not targets:
            return found
        share = float(constraint.influence)
        if constraint.type == "ARMATURE":
            return found.blended(self._weighted(bone, constraint), share)
        if constraint.type == "COPY_LOCATION":
            return self._copied_location(bone, found, constraint, targets[0])
        if constraint.type == "COPY_TRANSFORMS" and constraint.mix_mode == "REPLACE":
            if constraint.owner_space == "LOCAL":
                own = self._relative(targets[0], constraint)
                parent = self._with_parent(bone)
                return found.blended(Motion(parent.shift + own.shift, parent.turn + own.turn), share)
            return found.blended(self.motion(targets[0]), share)
        if constraint.type == "COPY_ROTATION" and constraint.owner_space == "WORLD":
            return Motion(found.shift, found.blended(self.motion(targets[0]), share).turn)
        return found

    def _weighted(self, bone: str, constraint: bpy.types.Constraint) -> Motion:
        """Return the motion of a bone with several parents."""
        joint, weights = self.joint(bone), 0.0
        shift, turn = self._still().shift, self._still().turn
        for target in constraint.targets:
            if target.target == self._armature and target.subtarget in self._armature.pose.bones:
                moved = self.motion(target.subtarget).at(joint - self.joint(target.subtarget))
                shift, turn = shift + target.weight * moved.shift, turn + target.weight * moved.turn
                weights += target.weight
        return Motion(shift / max(weights, 1e-9), turn / max(weights, 1e-9))

    def _copied_location(self, bone: str, found: Motion, constraint: bpy.types.Constraint, target: str) -> Motion:
        share = float(constraint.influence)
        if constraint.use_offset and constraint.owner_space == "LOCAL":
            shift = self._own(target).shift
            if constraint.target_space == "LOCAL":
                shift = self._axes(bone) @ self._axes(target).T @ shift
            return Motion(found.shift + share * shift, found.turn)
        copied = self.motion(target).shift
        if constraint.use_offset:
            return Motion(found.shift + share * copied, found.turn)
        return Motion((1.0 - share) * found.shift + share * copied, found.turn)

    def _own(self, bone: str) -> Motion:
        """Return the motion of a bone relative to its parent."""
        found, parent = self.motion(bone), self._with_parent(bone)
        return Motion(found.shift - parent.shift, found.turn - parent.turn)

    def _relative(self, bone: str, constraint: bpy.types.Constraint) -> Motion:
        """Return the motion of the target of a constraint in the space that it is taken in."""
        space = constraint.space_subtarget
        if constraint.target_space != "CUSTOM" or space not in self._armature.pose.bones:
            return self._own(bone)
        found = self.motion(bone)
        frame = self.motion(space).at(self.joint(bone) - self.joint(space))
        return Motion(found.shift - frame.shift, found.turn - frame.turn)

    def _axes(self, bone: str) -> FloatArray:
        """Return the axes (3, 3) of a bone at rest in the world, as columns of length 1."""
        axes = self._world[:3, :3] @ np.array(self._armature.data.bones[bone].matrix_local, np.float64)[:3, :3]
        return axes / np.linalg.norm(axes, axis=0)


def locations(
    armature: bpy.types.Object, wanted: Mapping[str, Mapping[str, FloatArray]]
) -> dict[str, dict[str, FloatArray]]:
    """Return the locations of bones with which they move as wanted, although some follow others.

    Args:
        armature: The armature.
        wanted: Bone -> channel -> how the bone is to move at weight 1, (3,) in the world.

    Returns:
        Bone -> channel -> location (3,), in the axes and units that the bone's location has.
    """
    bones = list(wanted)
    names = list(dict.fromkeys(name for of_bone in wanted.values() for name in of_bone))
    if not names:
        return {}
    cases = 3 * len(bones)
    shifts = {bone: np.eye(3, cases, 3 * number) for number, bone in enumerate(bones)}
    following = Following(armature, shifts, {})
    response = np.concatenate([following.motion(bone).shift for bone in bones])  # (3 B, 3 B)
    motion = np.stack([[of_bone.get(name, np.zeros(3)) for name in names] for of_bone in wanted.values()])
    sums = motion.transpose(0, 2, 1).reshape(cases, -1)
    follows = np.abs(response - np.eye(cases)).max() > SAME
    solved = np.linalg.lstsq(response, sums, rcond=1e-6)[0] if follows else sums
    shifted = solved.reshape(len(bones), 3, -1)
    least = LEAST * np.linalg.norm(motion, axis=2).max()
    found: dict[str, dict[str, FloatArray]] = {}
    for number, bone in enumerate(bones):
        sizes = np.linalg.norm(shifted[number], axis=0)
        axes = {name: shifted[number][:, k] for k, name in enumerate(names) if sizes[k] > least}
        if axes:
            found[bone] = {name: to_location(armature, bone, axis) for name, axis in axes.items()}
    return found

"""Targets that eyes follow by a constraint, as in Rigify: gaze shifts the target, as the eye cannot be turned."""

from __future__ import annotations

import math
from collections.abc import Iterator

import bpy
import numpy as np
import numpy.typing as npt

from ...core import channels
from ..character import Character
from ..discovery.movers import AIM, MIN_INFLUENCE
from ..discovery.scene_index import constraint_targets
from ..rest_places import joint
from ..stored_bones import BoneAxes
from .bone_shift import to_location

IN_EYE = 0.06
"""Distance from an eye's joint, in heights of the head, up to which a bone is in the same place."""
AHEAD = 0.2
"""Least distance of a target, in heights of the head: nearer ones are controls of the lids."""
FORWARD = 0.8
"""Least cosine of the angle between a target's direction and that of the face."""
UP, LEFT = 2, 0
"""Columns of the head's axes."""


def find_targets(character: Character) -> dict[str, str]:
    """Return the bones that the eyes follow: side ("Left", "Right") -> name of the target bone."""
    found = {}
    for side, eye in (("Left", character.bones.left_eye), ("Right", character.bones.right_eye)):
        target = _target(character, eye) if eye else ""
        if target:
            found[side] = target
    return found


def target_axes(character: Character, targets: dict[str, str]) -> dict[str, BoneAxes]:
    """Return for each target bone the channels of gaze with its location at weight 1.

    A target at distance d shifts by d tan(angle), with the angles of the bundled head's eyes. A target of both eyes
    has half of each.
    """
    found: dict[str, BoneAxes] = {}
    armature = character.armature
    for target in dict.fromkeys(targets.values()):
        sides = [side for side in targets if targets[side] == target]
        axes: dict[str, npt.NDArray[np.float64]] = {}
        for side in sides:
            eye = character.bones.left_eye if side == "Left" else character.bones.right_eye
            distance = np.linalg.norm(joint(armature, target) - joint(armature, eye))
            for channel, direction in _directions(character.facing, side):
                reach = distance * math.tan(math.radians(channels.LOOK_DEGREES[channel[7 : -len(side)]]))
                axes[channel] = to_location(armature, target, reach * direction) / len(sides)
        found[target] = axes
    return found


def _directions(facing: npt.NDArray, side: str) -> Iterator[tuple[str, npt.NDArray[np.float64]]]:
    """Yield the channels of gaze of an eye with the direction (3,) in world coordinates that each looks in."""
    outwards = 1.0 if side == "Left" else -1.0
    yield f"eyeLookUp{side}", facing[:, UP]
    yield f"eyeLookDown{side}", -facing[:, UP]
    yield f"eyeLookOut{side}", outwards * facing[:, LEFT]
    yield f"eyeLookIn{side}", -outwards * facing[:, LEFT]


def _target(character: Character, eye: str) -> str:
    """Return the farthest bone in front that a bone in the place of an eye aims at; "" without one."""
    armature = character.armature
    assert armature is not None
    place, size = joint(armature, eye), character.head_size
    found = []
    for pose in armature.pose.bones:
        if np.linalg.norm(joint(armature, pose.name) - place) > IN_EYE * size:
            continue
        for target in _aims(armature, pose):
            offset = joint(armature, target) - place
            distance = float(np.linalg.norm(offset))
            if distance >= AHEAD * size and -offset @ character.facing[:, 1] >= FORWARD * distance:
                found.append((distance, target))
    return max(found, default=(0.0, ""))[1]


def _aims(armature: bpy.types.Object, pose: bpy.types.PoseBone) -> Iterator[str]:
    """Yield the bones that a pose bone aims at."""
    for constraint in pose.constraints:
        if constraint.type in AIM and not constraint.mute and constraint.influence > MIN_INFLUENCE:
            yield from (bone for target, bone in constraint_targets(constraint) if target == armature and bone)

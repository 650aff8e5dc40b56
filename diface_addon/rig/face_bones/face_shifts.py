"""How far each channel shifts the bones of a face: so that lips, brows and cheeks move as the bundled head's do."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from ...core import channels
from ..character import Character
from ..rest_places import joint
from ..stored_bones import BoneAxes
from . import surface_motion
from .face_bone_names import LIPS, Part
from .following import Following

FloatArray = npt.NDArray[np.float64]
LEAST = 0.002
"""Displacement, in heights of the head, from which a channel shifts a bone: 0.4 mm of a head of 20 cm."""
NOT_SHIFTED = channels.LAYER_CHANNELS | {"jawLeft", "jawRight", "jawForward", "tongueOut", "eyeSquintLeft",
                                         "eyeSquintRight", "eyeWideLeft", "eyeWideRight"}  # fmt: skip
"""Channels of lids, tongue and jaw bones."""
CARRIED = 0.15
"""Share of a lip's motion as the mouth opens from which the jaw takes the lip along."""
CORNER = 0.85
"""A lip's bone of an unknown lip that is farther aside than this is one of a corner; 1 is the outermost."""


def face_motions(character: Character, jaw: BoneAxes, reached: Collection[str]) -> dict[str, BoneAxes]:
    """Return how each face bone of a character is to move: channel -> displacement (3,) in the world at weight 1.

    Args:
        character: The character.
        jaw: The axes of its jaw bone, see `bone_axes`; the bones follow it.
        reached: Channels that shape keys reach, which move no bones.
    """
    wanted = [name for name in channels.FACE if name not in NOT_SHIFTED and name not in reached]
    face, unit = character.face_bones, character.mouth_to_eyes
    if not face or not wanted or unit <= 0 or character.armature is None or character.mouth is None:
        return {}
    scale, least = unit / surface_motion.eye_height(), LEAST * character.head_size
    places, carried = _places(character, character.mouth, scale), _by_jaw(character, list(face), jaw)
    found: dict[str, BoneAxes] = {}
    for bone, by_jaw in zip(face, carried, strict=True):
        motion = scale * surface_motion.motion_at(*places[bone]) @ character.facing.T  # (52, 3) in the world
        axes = dict(zip(channels.FACE, motion, strict=True))
        if places[bone][0] in LIPS:
            axes |= _with_jaw(axes["jawOpen"], axes["mouthClose"], by_jaw)
        found[bone] = {name: axes[name] for name in wanted if np.linalg.norm(axes[name]) > least}
    return found


def _with_jaw(opening: FloatArray, closing: FloatArray, by_jaw: FloatArray) -> dict[str, FloatArray]:
    """Return jawOpen and mouthClose of a lip that the jaw takes along: together they leave it where it shuts.

    A lip that the jaw should take along but does not is moved by its bone.
    """
    far = float(np.linalg.norm(opening))
    is_carried = far <= 0 or float(by_jaw @ opening) > CARRIED * far**2
    own = np.zeros(3) if is_carried else opening - by_jaw
    return {"jawOpen": own, "mouthClose": opening + closing - by_jaw - own}


def _places(character: Character, mouth: FloatArray, scale: float) -> dict[str, tuple[Part, FloatArray, float]]:
    """Return what `surface_motion.motion_at` needs for each bone; the head is `scale` times the bundled one."""
    armature, face = character.armature, character.face_bones
    assert armature is not None
    local = {bone: (joint(armature, bone) - mouth) @ character.facing / scale for bone in face}
    lips = [bone for bone, part in face.items() if part in LIPS]
    width = max((abs(local[bone][0]) for bone in lips), default=1.0) or 1.0
    brows = [abs(local[bone][0]) for bone, part in face.items() if part == "brow"]
    inner, outer = min(brows, default=0.0), max(brows, default=1.0)
    found: dict[str, tuple[Part, FloatArray, float]] = {}
    for bone, part in face.items():
        along = local[bone][0] / width
        if part == "lip":
            part = "corner" if abs(along) > CORNER else "upper lip" if local[bone][2] >= 0 else "lower lip"
        if part in ("brow", "under brow"):
            along = float(np.clip((abs(local[bone][0]) - inner) / max(outer - inner, 1e-9), 0.0, 1.0))
        found[bone] = part, local[bone], along
    return found


def _by_jaw(character: Character, bones: list[str], jaw: BoneAxes) -> FloatArray:
    """Return how far (B, 3) the jaw bone at jawOpen 1 takes the bones along."""
    name, armature = character.bones.jaw, character.armature
    if "jawOpen" not in jaw or armature is None:
        return np.zeros((len(bones), 3))
    angle = float(np.linalg.norm(jaw["jawOpen"]))
    axis = np.linalg.det(character.facing) * character.facing[:, 0]  # the facing of a mirrored character is mirrored
    turn = angle * axis
    following = Following(armature, {}, {name: turn[:, None]})
    offsets = np.stack([joint(armature, bone) for bone in bones]) - joint(armature, name)
    small = np.cross(turn, offsets)
    whole = _turned(offsets, axis, angle) - offsets
    moved = np.stack([following.motion(bone).shift[:, 0] for bone in bones])
    share = (moved * small).sum(axis=1) / np.maximum((small**2).sum(axis=1), 1e-18)
    return share[:, None] * whole


def _turned(offsets: FloatArray, axis: FloatArray, angle: float) -> FloatArray:
    """Return offsets (B, 3) turned about a unit axis (3,)."""
    along = np.outer(offsets @ axis, axis)
    return along + np.cos(angle) * (offsets - along) + np.sin(angle) * np.cross(axis, offsets)

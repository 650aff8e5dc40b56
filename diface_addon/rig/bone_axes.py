"""How far channels turn the bones of jaw, eyes, lids and neck, and about which of the bones' axes."""

from __future__ import annotations

import math

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Matrix

from ..core import channels
from .character import Character
from .face_bones import face_shifts, following
from .lids import lid_bones
from .mapping import face_mapping
from .rest_places import joint, world_vertices
from .shape_displacement import positions
from .shifted_bones import eye_targets, eyeballs, tongue
from .stored_bones import BoneAxes

NECK_SHARE = 0.4
"""Share of the head's rotation that the neck takes, all its bones together: cervical flexion and rotation are divided
between the upper joints, which tilt the skull, and the lower ones (White and Panjabi 1990, Clinical Biomechanics of the
Spine, chapter 2)."""
JAW_CHIN = 0.105
"""How far the bundled head's chin moves at jawOpen 1, relative to the height of the head."""
JAW_DEGREES = (6.0, 30.0)
"""Limits of the angle of a jaw bone at jawOpen 1."""
JAW_SIDE_DEGREES = 6.0
ENOUGH = 0.6
"""A jawOpen shape that moves at least this share of JAW_CHIN opens the mouth without the bone."""
LEFT, UP = 0, 2
"""Columns of the head's axes."""


def find_axes(character: Character) -> tuple[dict[str, BoneAxes], dict[str, BoneAxes]]:
    """Return the axes of each bone that channels turn, and the locations of each that they shift.

    Turned are bones of neck, jaw, eyes and lids; shifted are those of tongue, lids and skin, and targets of eyes. Bones
    of which shape keys do the work are left out.
    """
    armature, bones, facing = character.armature, character.bones, character.facing
    if armature is None:
        return {}, {}
    mapping = _mapping(character)
    jaw = _jaw_axes(character, mapping) if bones.jaw else {}
    gazing, lids = _gazing(character, mapping), lid_bones.find_lids(character, mapping)
    targets = {side: target for side, target in eye_targets.find_targets(character).items() if side in gazing}
    turned: dict[str, BoneAxes] = _neck_axes(character) if bones.head else {}
    if jaw:
        turned[bones.jaw] = jaw
    for side, eye in gazing.items():
        if side not in targets:
            turned[eye] = _eye_axes(_to_bone(armature, eye, facing), side)
    for lid, (channel, angle) in lids.turned.items():
        turned[lid] = {channel: angle * _to_bone(armature, lid, facing)[:, LEFT]}
    for bone, turns in tongue.tongue_turns(character, mapping.channels).items():
        left = _to_bone(armature, bone, facing)[:, LEFT]
        turned[bone] = {channel: -angle * left for channel, angle in turns.items()}
    shifted = tongue.tongue_axes(character, mapping.channels)
    of_face = face_shifts.face_motions(character, jaw, mapping.channels)
    of_skin = following.locations(armature, of_face) | following.locations(armature, lids.moved)
    shifted = shifted | lids.shifted | of_skin | eye_targets.target_axes(character, targets)
    return turned | lids.stored, shifted


def _neck_axes(character: Character) -> dict[str, BoneAxes]:
    """Return the axes of the bones of the neck, which share its part of the head's rotation."""
    found: dict[str, BoneAxes] = {}
    for neck in character.bones.neck:
        axes = _to_bone(character.armature, neck, character.facing)
        share = NECK_SHARE / len(character.bones.neck)
        found[neck] = {name: share * axes @ np.eye(3)[row] for row, name in enumerate(channels.HEAD)}
    return found


def head_share(character: Character) -> float:
    """Return the share of the head's rotation that the head bone takes: what the neck does not give it.

    A head that does not follow its neck, as Rigify's with *Head Follow* at 0, takes all of it.
    """
    armature, bones = character.armature, character.bones
    if armature is None or not bones.neck:
        return 1.0
    axis = character.facing[:, LEFT]
    turns = dict.fromkeys(bones.neck, (NECK_SHARE / len(bones.neck) * axis)[:, None])
    by_neck = float(following.Following(armature, {}, turns).motion(bones.head).turn[:, 0] @ axis)
    return round(1.0 - min(max(by_neck, 0.0), NECK_SHARE), 6)


def _gazing(character: Character, mapping: face_mapping.FaceMapping) -> dict[str, str]:
    """Return the eye bones that are needed for gaze, by side: those whose eyeballs no shape key turns."""
    eyes = {"Left": character.bones.left_eye, "Right": character.bones.right_eye}
    return {
        side: eye for side, eye in eyes.items() if eye and not eyeballs.turned_by_shapes(character, eye, side, mapping)
    }


def _to_bone(armature: bpy.types.Object, bone: str, facing: npt.NDArray) -> npt.NDArray[np.float64]:
    """Return the matrix (3, 3) from rotation vectors about the head's axes to those about a bone's axes."""
    axes = bone_local_axes(armature, bone, facing)
    return np.linalg.det(axes) * axes


def bone_local_axes(armature: bpy.types.Object, bone: str, facing: npt.NDArray) -> npt.NDArray[np.float64]:
    """Return the head's axes `facing` (3, 3), columns in world coordinates, in the axes of a bone at rest."""
    return local_axes(armature.matrix_world.to_3x3() @ armature.data.bones[bone].matrix_local.to_3x3(), facing)


def local_axes(local: Matrix, facing: npt.NDArray) -> npt.NDArray[np.float64]:
    """Return the head's axes `facing` (3, 3), columns in world coordinates, in the axes `local` (3, 3).

    The result is the orthogonal matrix nearest to the exact one, which need not be orthogonal if scales differ.
    """
    u, _sizes, v = np.linalg.svd(np.linalg.inv(np.array(local)) @ facing)
    return np.asarray(u @ v, np.float64)


def _mapping(character: Character) -> face_mapping.FaceMapping:
    """Return the mapping of the character's shape keys; its main mesh has the kind '0'."""
    meshes = {str(number): face for number, face in enumerate(character.faces) if face.data.shape_keys}
    return face_mapping.face_mapping(meshes, dict.fromkeys(meshes, ()))


def _jaw_axes(character: Character, mapping: face_mapping.FaceMapping) -> dict[str, npt.NDArray[np.float64]]:
    """Return the axes of a jaw bone: for the opening that the shapes lack, by the distance of the chin."""
    axes, reached = _to_bone(character.armature, character.bones.jaw, character.facing), mapping.channels
    wanted = JAW_CHIN * character.head_size
    missing = max(0.0, wanted - _chin_movement(character, mapping))
    found = {}
    arm = _chin_distance(character)
    if missing > (1 - ENOUGH) * wanted and arm > 0:
        degrees = min(max(math.degrees(missing / arm), JAW_DEGREES[0]), JAW_DEGREES[1])
        found["jawOpen"] = math.radians(degrees) * axes[:, LEFT]
    if "jawLeft" not in reached and found:
        found["jawLeft"] = math.radians(JAW_SIDE_DEGREES) * axes[:, UP]
        found["jawRight"] = -found["jawLeft"]
    if "jawOpen" in found and "mouthClose" not in reached and not character.face_bones:
        found["mouthClose"] = -found["jawOpen"]  # nothing else lifts the lower lip: the jaw shuts the mouth
    return found


def _chin_movement(character: Character, mapping: face_mapping.FaceMapping) -> float:
    """Return how far, in world units, the shape of jawOpen moves the main mesh at most; 0 without such a shape."""
    keys = character.main.data.shape_keys
    if keys is None:
        return 0.0
    names = [target.name for target in mapping.targets["0"] if target.channels == ("jawOpen",)]
    if not names:
        poses = mapping.group.poses if mapping.group else None
        column = channels.FACE.index("jawOpen")
        names = [poses.names[int(poses.recipes[:, column].argmax())]] if poses is not None else []
    scale = character.main.matrix_world.to_scale()
    moved = 0.0
    for key in [keys.key_blocks[name] for name in names if name in keys.key_blocks]:
        delta = (positions(key) - positions(key.relative_key)) * np.abs(np.array(scale))
        moved = max(moved, float(np.linalg.norm(delta, axis=1).max(initial=0.0)))
    return moved


def _chin_distance(character: Character) -> float:
    """Return the distance of the chin from the joint of the jaw, in world units: half a head's height if it is odd."""
    offsets = world_vertices(character.main) - joint(character.armature, character.bones.jaw)
    near = np.linalg.norm(offsets, axis=1) < character.head_size
    reach = offsets[near] @ -character.facing[:, 1]
    arm = float(reach.max(initial=0.0))
    return arm if 0.2 * character.head_size < arm < character.head_size else 0.5 * character.head_size


def _eye_axes(axes: npt.NDArray[np.float64], side: str) -> dict[str, npt.NDArray[np.float64]]:
    """Return the axes of an eye bone, with the angles of the bundled head's eyes."""
    outwards = 1.0 if side == "Left" else -1.0
    turns = {"Down": axes[:, LEFT], "Up": -axes[:, LEFT], "Out": outwards * axes[:, UP], "In": -outwards * axes[:, UP]}
    return {f"eyeLook{way}{side}": math.radians(channels.LOOK_DEGREES[way]) * axis for way, axis in turns.items()}

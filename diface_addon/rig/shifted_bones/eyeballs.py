"""Whether shape keys turn an eyeball, or only move the lids around it and leave the eyeball to a bone."""

from __future__ import annotations

import bpy
import numpy as np
import numpy.typing as npt

from ..character import Character
from ..discovery.movers import Movers
from ..discovery.skin import read_skin, sampled
from ..mapping.face_mapping import FaceMapping
from ..rest_places import joint, world_vertices
from ..shape_displacement import positions

NEAR = 0.12
"""Distance from the joint of an eye, in heights of the head, up to which its eyeball reaches."""
LEAST = 0.004
"""Movement, in heights of the head, from which a shape turns an eyeball: a quarter of what looking sideways needs."""
MOST = 0.5
"""A vertex is moved by the eye bone that has at least this share of it."""


def turned_by_shapes(character: Character, eye: str, side: str, mapping: FaceMapping) -> bool:
    """Return whether the shapes of gaze of one side move what an eye bone moves.

    Args:
        character: The character.
        eye: The eye bone.
        side: "Left" or "Right".
        mapping: Of the character's shape keys; its meshes have their number in `character.faces` as kind.
    """
    channel = f"eyeLookOut{side}"
    if channel not in mapping.channels:
        return False
    eyeballs = [(obj, _eyeball(character, obj, eye)) for obj in (*character.faces, *character.on_head)]
    if not any(len(vertices) for _obj, vertices in eyeballs):
        return True
    moved = 0.0
    for number, (obj, vertices) in enumerate(eyeballs[: len(character.faces)]):
        targets = mapping.targets.get(str(number), ())
        for name in [target.name for target in targets if channel in target.channels]:
            moved = max(moved, _movement(obj, name, vertices))
    return moved >= LEAST * character.head_size


def _eyeball(character: Character, obj: bpy.types.Object, eye: str) -> npt.NDArray[np.intp]:
    """Return the vertices of an object that an eye bone moves."""
    armature = character.armature
    assert armature is not None
    if obj.type != "MESH":
        return np.empty(0, np.intp)
    distances = np.linalg.norm(world_vertices(obj) - joint(armature, eye), axis=1)
    near = np.flatnonzero(distances < NEAR * character.head_size)
    if not len(near):
        return near
    return sampled(near)[read_skin(obj, armature, near).share(Movers(armature).reach(eye)) >= MOST]


def _movement(obj: bpy.types.Object, name: str, vertices: npt.NDArray[np.intp]) -> float:
    """Return how far, in world units, a shape key moves some vertices at most."""
    key = obj.data.shape_keys.key_blocks[name]
    delta = (positions(key) - positions(key.relative_key))[vertices] @ np.array(obj.matrix_world)[:3, :3].T
    return float(np.linalg.norm(delta, axis=1).max(initial=0.0))

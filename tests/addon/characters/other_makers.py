"""Characters of other makers, which are beside the checkout and not part of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix

from .bundled_parts import FloatArray
from .kinds import Built
from .surfaces import positions

STILL = 1e-4
"""Largest offset in metres of a vertex that no face shape moves."""


HEAD_BONES = ("Head", "Neck")


@dataclass(frozen=True)
class _Facts:
    """What a test must know of a character: heights in metres."""

    file: str
    opens_mouth: str
    scalp: float
    shoulders: float | None = None
    solved: bool = False
    head_bone: str = ""


CHARACTERS = {
    "Rocketbox": _Facts("rocketbox_female.fbx", "AK_25_JawOpen", 1.66, 1.40, head_bone="Bip01 Head"),
    "ICT-FaceKit": _Facts("ict_facekit.blend", "jawOpen", 0.07),
    "MakeHuman units": _Facts("makehuman_units.blend", "mouth-open", 0.75, 0.45, solved=True),
    "FaceBuilder": _Facts("facebuilder_head.blend", "JawOpen", 0.04),
}


def load(label: str, folder: Path) -> Built:
    """Return a character of CHARACTERS in a new scene; `folder` has their files.

    Opens or imports the file, so that add-on settings of the scene are lost.
    """
    facts = CHARACTERS[label]
    if facts.file.endswith(".fbx"):
        bpy.ops.preferences.addon_enable(module="io_scene_fbx")
        bpy.ops.import_scene.fbx(filepath=str(folder / facts.file))
    else:
        bpy.ops.wm.open_mainfile(filepath=str(folder / facts.file))
    main = next(obj for obj in bpy.data.objects if obj.type == "MESH" and obj.data.shape_keys)
    main.name = label
    points, still = _rest(main)
    return Built(
        label, main, (main,),
        armature=next((obj for obj in bpy.data.objects if obj.type == "ARMATURE"), None),
        head_bone=facts.head_bone, opens_mouth=facts.opens_mouth, solved=facts.solved, world=Matrix(),
        skull=np.flatnonzero(still & (points[:, 2] > facts.scalp)),
        torso=_torso(main, points, facts.shoulders) if facts.shoulders else np.empty(0, np.int64),
    )  # fmt: skip


def _torso(obj: bpy.types.Object, points: FloatArray, shoulders: float) -> np.ndarray:
    """Return the vertices below the shoulders that no bone of head or neck moves: a pony tail hangs lower."""
    above = {group.index for group in obj.vertex_groups if group.name.endswith(HEAD_BONES)}
    on_head = [any(group.group in above for group in vertex.groups) for vertex in obj.data.vertices]
    return np.flatnonzero((points[:, 2] < shoulders) & ~np.array(on_head))


def _rest(obj: bpy.types.Object) -> tuple[FloatArray, np.ndarray]:
    """Return the vertices (V, 3) in the world, and which of them no shape key moves."""
    matrix = np.array(obj.matrix_world)[:3, :3]
    keys = obj.data.shape_keys.key_blocks
    shapes = np.stack([positions(key.data) for key in keys]) @ matrix.T
    moved = np.linalg.norm(shapes - shapes[0], axis=2).max(axis=0)
    return shapes[0] + np.array(obj.matrix_world.translation), moved < STILL

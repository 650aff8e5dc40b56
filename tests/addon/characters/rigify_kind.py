"""The bundled head without face shapes, on a rig that Blender's Rigify generated: its face is moved by bones alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy
import numpy as np
from mathutils import Vector

from .armature_kind import skull_of_skin
from .bundled_parts import (
    PARTS,
    FloatArray,
    add_mesh,
    arkit_shapes,
    bundled_head,
    lips_of_skin,
    standing,
    vertices_of,
)
from .kinds import Built
from .skeleton import skin

KEPT = ("face", "spine", "spine.001", "spine.002", "spine.003", "spine.004", "spine.005", "spine.006")
METARIG_MOUTH = np.array((0.0, -0.149, 1.807))
"""Between the corners of the metarig's mouth."""
SCALE = np.array((0.57, 0.74, 0.74))
"""From the metarig's face to the bundled head's: its eyes and mouth are wider."""
LIP = 0.003
"""Half the height of a lip in metres: where its bone is, beside the edge."""
FAR = 0.012
"""Distance in metres from which the head's bone has a vertex more than a bone of the face."""


def build_rigify(upgraded: bool) -> Built:
    """Build the character: head, teeth with tongue, and eyes, on a generated rig.

    Args:
        upgraded: Whether the face is of Rigify's chains of skin, or of its older rig of one piece.
    """
    with _rigify():
        armature = _generated(upgraded)
    parts = {name: add_mesh(name, vertices_of(*PARTS[name]), {}, armature.matrix_world) for name in PARTS}
    for name in ("Hair", "Brows", "Body"):
        bpy.data.objects.remove(parts.pop(name))
    skin(parts["Head"], armature, _skin_weights(armature))
    skin(parts["Teeth"], armature, _mouth_weights(armature))
    for side in ("Left", "Right"):
        bone = f"DEF-eye.{side[0]}" if upgraded else f"MCH-eye.{side[0]}"
        parts[f"Eye{side}"].parent = armature
        parts[f"Eye{side}"].parent_type, parts[f"Eye{side}"].parent_bone = "BONE", bone
        bpy.context.view_layer.update()
        parts[f"Eye{side}"].matrix_world = armature.matrix_world
    bpy.context.view_layer.update()
    main = parts.pop("Head")
    return Built(
        "Rigify, upgraded face" if upgraded else "Rigify", main, (main,), tuple(parts.values()), armature=armature,
        head_bone="head", skull=skull_of_skin(), lips=lips_of_skin(),
    )  # fmt: skip


@contextmanager
def _rigify() -> Iterator[None]:
    """Enable Rigify. The interface of a generated rig is unregistered too: Blender 4.5 would hang at its exit."""
    before = set(dir(bpy.types))
    bpy.ops.preferences.addon_enable(module="rigify")
    try:
        yield
    finally:
        bpy.ops.preferences.addon_disable(module="rigify")
        for name in set(dir(bpy.types)) - before:
            bpy.utils.unregister_class(getattr(bpy.types, name))


def _generated(upgraded: bool) -> bpy.types.Object:
    bpy.ops.object.armature_human_metarig_add()
    metarig = bpy.context.object
    bpy.ops.object.mode_set(mode="EDIT")
    bones = metarig.data.edit_bones
    face = {bone.name for bone in bones["face"].children_recursive}
    for bone in list(bones):
        if bone.name not in face.union(KEPT):
            bones.remove(bone)
    places = {(bone.name, end): np.array(getattr(bone, end)) for bone in bones for end in ("head", "tail")}
    fitted: dict[tuple[float, ...], FloatArray] = {}
    for (name, _end), place in places.items():
        fitted.setdefault(_key(place), _fit(name, place))
    for (name, end), place in places.items():
        setattr(bones[name], end, Vector(fitted[_key(place)]))
    bpy.ops.object.mode_set(mode="POSE")
    if upgraded:
        bpy.ops.pose.rigify_upgrade_face()
    bpy.ops.pose.rigify_generate()
    armature = metarig.data.rigify_target_rig
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.data.objects.remove(metarig)
    armature.name = "rig"
    return armature


def _key(place: FloatArray) -> tuple[float, ...]:
    return tuple(np.round(place, 3).tolist())


def _fit(name: str, place: FloatArray) -> FloatArray:
    """Return where a joint of the metarig is on the bundled head."""
    mouth = standing()[bundled_head().landmarks["mouth_corners"]].mean(axis=0)
    wanted = (place - METARIG_MOUTH) * SCALE + mouth
    kind = name.split(".")[0]
    if kind == "lip":
        found = _nearest(wanted, f"{'upper' if '.T' in name else 'lower'}_inner_lip", "xz")
        is_corner = abs(found[0]) > 0.017
        return found + (0.0, 0.0, 0.0 if is_corner else LIP if ".T" in name else -LIP)
    if kind == "lid":
        side = "left" if wanted[0] > 0 else "right"
        return _nearest(wanted, f"{'upper' if '.T' in name else 'lower'}_lid_{side}", "xz")
    if kind == "eye":
        middle = standing()[vertices_of(f"eyeball_{'left' if place[0] > 0 else 'right'}")].mean(axis=0)
        return np.array((middle[0], middle[1] - (0.0 if place[1] > -0.13 else 0.02), middle[2]))
    if kind in ("brow", "cheek", "nose", "chin", "forehead"):
        return _nearest(wanted, "skin", "xz", front=True)
    return wanted


def _nearest(wanted: FloatArray, landmark: str, axes: str, front: bool = False) -> FloatArray:
    points = standing()[vertices_of(landmark)]
    if front:
        points = points[points[:, 1] < -0.02]
    columns = ["xyz".index(axis) for axis in axes]
    return points[np.linalg.norm((points - wanted)[:, columns], axis=1).argmin()]


def _skin_weights(armature: bpy.types.Object) -> dict[str, FloatArray]:
    """Return the weights of the head's skin, by distance, apart for the two lips."""
    chosen = vertices_of(*PARTS["Head"])
    points = standing()[chosen]
    drop = -arkit_shapes()["jawOpen"][chosen][:, 2]
    mouth = standing()[bundled_head().landmarks["mouth_corners"]].mean(axis=0)
    is_lower = (drop > 0.3 * drop.max()) | ((points[:, 2] < mouth[2] - 0.004) & (points[:, 2] > mouth[2] - 0.06))
    bones = [bone for bone in armature.data.bones if bone.use_deform and not _is_inside(bone.name)]
    nearness = {}
    for bone in bones:
        near = 1.0 / np.maximum(_distance(points, bone), 1e-4) ** 4
        if bone.name.startswith(("DEF-lip.B", "DEF-chin", "DEF-jaw")):
            near = near * is_lower
        elif bone.name.startswith(("DEF-lip.T", "DEF-nose", "DEF-cheek")):
            near = near * ~is_lower
        nearness[bone.name] = near * (points[:, 1] < 0.0)
    nearness["DEF-spine.006"] = np.full(len(points), FAR**-4)
    total = np.sum(list(nearness.values()), axis=0)
    return {name: _cut(near / total) for name, near in nearness.items()}


def _cut(weights: FloatArray) -> FloatArray:
    return np.where(weights > 0.01, weights, 0.0)


def _is_inside(name: str) -> bool:
    return name.startswith(("DEF-spine", "DEF-tongue", "DEF-teeth", "DEF-eye", "DEF-jaw_master", "DEF-ear"))


def _distance(points: FloatArray, bone: bpy.types.Bone) -> FloatArray:
    """Return the distances (V,) of points from a bone."""
    head, tail = np.array(bone.head_local), np.array(bone.tail_local)
    way = tail - head
    along = np.clip((points - head) @ way / (way @ way), 0.0, 1.0)
    return np.linalg.norm(points - head - along[:, None] * way, axis=1)


def _mouth_weights(armature: bpy.types.Object) -> dict[str, FloatArray]:
    """Return the weights of teeth and tongue."""
    chosen = vertices_of(*PARTS["Teeth"])
    bones = armature.data.bones
    lower = next(name for name in ("DEF-teeth.B", "ORG-teeth.B") if name in bones)
    upper = next(name for name in ("DEF-teeth.T", "ORG-teeth.T") if name in bones)
    for name in (lower, upper):
        bones[name].use_deform = True
    parts = {upper: "upper_teeth", lower: "lower_teeth", "DEF-tongue": "tongue"}
    return {bone: np.isin(chosen, vertices_of(part)).astype(float) for bone, part in parts.items()}

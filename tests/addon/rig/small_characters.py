"""Small characters of several kinds, for tests of the search: a head of a few hundred vertices, parts, bones."""

from __future__ import annotations

from collections.abc import Sequence

import bmesh
import bpy
import numpy as np
from mathutils import Matrix, Vector

RADIUS = 0.11
EYES, MOUTH = ((0.032, -0.095, 0.035), (-0.032, -0.095, 0.035)), (0.0, -0.105, -0.03)
SHAPES: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "eyeBlinkLeft": (EYES[0], (0, 0, -0.01)),
    "eyeBlinkRight": (EYES[1], (0, 0, -0.01)),
    "jawOpen": ((0, -0.09, -0.06), (0, 0.005, -0.02)),
    "mouthSmileLeft": ((0.025, -0.1, -0.03), (0.01, 0, 0.005)),
    "mouthSmileRight": ((-0.025, -0.1, -0.03), (-0.01, 0, 0.005)),
    "mouthPucker": (MOUTH, (0, -0.01, 0)),
    "browInnerUp": ((0, -0.09, 0.06), (0, 0, 0.01)),
}
"""Shape -> the point that it moves, and by how much."""


def add_mesh(
    name: str, centre: Sequence[float], size: Sequence[float], shapes: Sequence[str] = (), origin=(0, 0, 0)
) -> bpy.types.Object:
    """Add an ellipsoid with shapes of `SHAPES`, at the height of the head; `size` are its half axes."""
    edit = bmesh.new()
    bmesh.ops.create_uvsphere(edit, u_segments=24, v_segments=18, radius=1.0)
    edit.transform(Matrix.Translation(Vector(centre) - Vector(origin)) @ Matrix.Diagonal((*size, 1)))
    mesh = bpy.data.meshes.new(name)
    edit.to_mesh(mesh)
    edit.free()
    obj = bpy.data.objects.new(name, mesh)
    obj.location = origin
    bpy.context.scene.collection.objects.link(obj)
    if shapes:
        obj.shape_key_add(name="Basis", from_mix=False)
    for shape in shapes:
        add_shape(obj, shape, origin)
    return obj


def add_shape(obj: bpy.types.Object, name: str, origin=(0, 0, 0), offset: Sequence[float] = (0, 0, 0)) -> None:
    """Add a shape of `SHAPES`, or one that moves nothing, to a head whose centre is `HEIGHT` above the ground."""
    key = obj.shape_key_add(name=name, from_mix=False)
    if name not in SHAPES:
        return
    point, motion = SHAPES[name]
    at = Vector(point) + Vector((0, 0, HEIGHT)) - Vector(origin) + Vector(offset)
    for vertex in key.data:
        distance = (vertex.co - at).length
        vertex.co += Vector(motion) * max(0.0, 1.0 - distance / 0.04)


HEIGHT = 1.6
"""Height of the centre of the head."""


def add_head(name: str = "Face", shapes: Sequence[str] = tuple(SHAPES), origin=(0, 0, 0)) -> bpy.types.Object:
    return add_mesh(name, (0, 0, HEIGHT), (0.08, RADIUS, 0.12), shapes, origin)


def add_armature(bones: Sequence[tuple[str, str, Sequence[float], Sequence[float]]], name: str = "Rig"):
    """Add an armature of (name, parent, head, tail) bones."""
    armature = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    bpy.context.scene.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    for bone, parent, head, tail in bones:
        new = armature.data.edit_bones.new(bone)
        new.head, new.tail = head, tail
        new.parent = armature.data.edit_bones.get(parent)
    bpy.ops.object.mode_set(mode="OBJECT")
    return armature


def bind(obj: bpy.types.Object, armature: bpy.types.Object, weights: dict[str, float], parent: bool = True) -> None:
    """Skin all vertices of an object to bones."""
    for bone, weight in weights.items():
        obj.vertex_groups.new(name=bone).add(range(len(obj.data.vertices)), weight, "REPLACE")
    obj.modifiers.new("Armature", "ARMATURE").object = armature
    if parent:
        obj.parent = armature


def body_bones(names: dict[str, str]) -> list[tuple[str, str, Sequence[float], Sequence[float]]]:
    """Return bones with arms, named by `names`: hips, chest, neck, head, jaw, left, right (eyes), tongue."""
    bones = [
        ("hips", "", (0, 0, 0.9), (0, 0, 1.1)),
        ("chest", "hips", (0, 0, 1.1), (0, 0, 1.4)),
        ("neck", "chest", (0, 0.02, 1.42), (0, 0.02, 1.5)),
        ("head", "neck", (0, 0.02, 1.5), (0, 0.02, 1.7)),
        ("jaw", "head", (0, 0.0, 1.56), (0, -0.08, 1.52)),
        ("tongue", "jaw", (0, -0.02, 1.56), (0, -0.06, 1.56)),
        ("left", "head", (0.032, -0.06, 1.635), (0.032, -0.1, 1.635)),
        ("right", "head", (-0.032, -0.06, 1.635), (-0.032, -0.1, 1.635)),
        ("arm", "chest", (0.15, 0, 1.4), (0.6, 0, 1.4)),
    ]
    named = {key: names.get(key, key) for key, *_rest in bones}
    return [(named[key], named.get(parent, ""), head, tail) for key, parent, head, tail in bones]


def add_avatar(names: dict[str, str], name: str = "Rig") -> dict[str, bpy.types.Object]:
    """Add a character of separate parts under an armature; returns its objects by what they are."""
    armature = add_armature(body_bones(names), name)
    head = names.get("head", "head")
    found = {
        "rig": armature,
        "face": add_head("Face"),
        "teeth": add_mesh("Teeth", (0, -0.07, HEIGHT - 0.04), (0.02, 0.02, 0.01), ("jawOpen",)),
        "hair": add_mesh("Hair", (0, 0.02, HEIGHT + 0.05), (0.1, 0.12, 0.1)),
        "body": add_mesh("Body", (0, 0, 1.0), (0.2, 0.1, 0.45)),
    }
    for part in "LR":
        x, y, z = EYES["LR".index(part)]
        found[f"eye{part}"] = add_mesh(f"Eye{part}", (x, y + 0.03, z + HEIGHT), (0.012, 0.012, 0.012))
        bind(found[f"eye{part}"], armature, {names.get("left" if part == "L" else "right", "left"): 1.0})
    bind(found["face"], armature, {head: 1.0})
    add_chin_weight(found["face"], names.get("jaw", "jaw"), head)
    bind(found["teeth"], armature, {names.get("jaw", "jaw"): 1.0})
    add_tongue_weight(found["teeth"], names)
    bind(found["hair"], armature, {head: 1.0})
    bind(found["body"], armature, {names.get("chest", "chest"): 0.6, names.get("hips", "hips"): 0.4})
    bpy.context.view_layer.update()
    return found


def add_chin_weight(face: bpy.types.Object, jaw: str, head: str) -> None:
    """Skin the chin to the jaw bone."""
    chin = [vertex.index for vertex in face.data.vertices if vertex.co.z < HEIGHT - 0.04 and vertex.co.y < 0]
    face.vertex_groups[head].remove(chin)
    face.vertex_groups.new(name=jaw).add(chin, 1.0, "REPLACE")


def add_tongue_weight(teeth: bpy.types.Object, names: dict[str, str]) -> None:
    """Skin some vertices of the teeth to the tongue bone."""
    group = teeth.vertex_groups.new(name=names.get("tongue", "tongue"))
    group.add(range(10), 1.0, "REPLACE")


def turn(objects: Sequence[bpy.types.Object], matrix: Matrix) -> None:
    """Place objects without parents by `matrix`, in the world."""
    for obj in objects:
        if obj.parent is None:
            obj.matrix_world = matrix @ obj.matrix_world
    bpy.context.view_layer.update()


def columns(facing: np.ndarray) -> list[tuple[int, ...]]:
    """Return the axes of a head, rounded to whole numbers."""
    return [tuple(round(value) for value in facing[:, column]) for column in range(3)]

"""Which objects form one character with a picked object, so that two characters never mix."""

from __future__ import annotations

import bpy
import numpy as np

from ..recognition.recognized_shapes import Recipe, channel_of, recognized_shapes
from . import shape_words
from .scene_index import SceneIndex, ancestors, armatures_of
from .shapes import FaceShapes, face_shapes

GAP, PART_GAP = 0.25, 3.0
"""Two faces are apart if the gap between them, relative to the larger one, is more than this; two parts, which may be
the eyes of one face, if it is more than the second number.
"""
ALIKE = 0.7
"""Faces are alike if size and number of shapes of one are more than this much of the other's."""
PART_SIZE = 0.7
"""Largest size of a loose part relative to the head that it lies in."""

Group = dict[int, bpy.types.Object]


class FaceTable:
    """The face shapes of objects, computed when they are first needed."""

    def __init__(self) -> None:
        self._found: dict[int, FaceShapes] = {}
        self._boxes: dict[int, np.ndarray] = {}

    def shapes(self, obj: bpy.types.Object) -> FaceShapes:
        if obj.session_uid not in self._found:
            self._found[obj.session_uid] = face_shapes(obj)
        return self._found[obj.session_uid]

    def faces(self, group: Group) -> list[bpy.types.Object]:
        """Return the objects of a group with face shapes, those with most first."""
        found = [obj for obj in group.values() if obj.type == "MESH" and self.shapes(obj).shapes]
        return sorted(found, key=lambda obj: (-len(self.shapes(obj).shapes), obj.name))

    def recognize(self, group: Group) -> tuple[list[bpy.types.Object], dict[str, Recipe]]:
        """Return the faces of a group without any named face shape, by what shapes move, and what the first one's are.

        The face is the mesh with most such shapes; other meshes with the same shape keys move along.
        """
        shapes = {obj: recognized_shapes(obj) for obj in group.values() if obj.type == "MESH"}
        main = max(shapes, key=lambda obj: (len(shapes[obj]), obj.name), default=None)
        if main is None or not shapes[main]:
            return [], {}
        names = set(main.data.shape_keys.key_blocks.keys())
        faces = [obj for obj in shapes if obj.data.shape_keys and set(obj.data.shape_keys.key_blocks.keys()) == names]
        faces.sort(key=lambda obj: (obj != main, obj.name))
        known = {name: shape_words.of_channel(channel_of(recipe)) for name, recipe in shapes[main].items()}
        self._found |= {obj.session_uid: face_shapes(obj, known) for obj in faces}
        return [obj for obj in faces if self.shapes(obj).shapes], shapes[main]

    def box(self, obj: bpy.types.Object) -> np.ndarray:
        """Return the smallest and largest world coordinates (2, 3) of the face of an object."""
        if obj.session_uid not in self._boxes:
            face, matrix = self.shapes(obj), np.array(obj.matrix_world)
            assert face.rest is not None, "only objects with face shapes are asked for"
            world = face.rest[face.moved()] @ matrix[:3, :3].T + matrix[:3, 3]
            self._boxes[obj.session_uid] = np.stack([world.min(axis=0), world.max(axis=0)])
        return self._boxes[obj.session_uid]


def find_group(obj: bpy.types.Object, index: SceneIndex, table: FaceTable) -> Group | None:
    """Return the objects of the character of `obj`; None if it holds several characters, or no mesh.

    The group grows from the armature, or the object, towards the root of the scene, until it would hold two faces.
    """
    armature = obj if obj.type == "ARMATURE" else next(iter(armatures_of(obj)), None)
    group = index.closure([armature or obj, obj])
    if _holds_two(group, table, obj):
        return None
    start = armature or obj
    for ancestor in dict.fromkeys([*ancestors(start), *ancestors(obj)]):
        larger = index.closure([ancestor, *group.values()])
        if _holds_two(larger, table, ancestor):
            break
        group = larger
    return group if any(other.type == "MESH" for other in group.values()) else None


def loose_parts(obj: bpy.types.Object, index: SceneIndex, table: FaceTable) -> Group:
    """Return the head and its parts of which `obj` is one, without any parent or armature, by where they lie."""
    loose = [other for other in index.objects if other.type == "MESH" and not other.parent and not armatures_of(other)]
    if obj not in loose:
        return {obj.session_uid: obj}
    hosts = [other for other in loose if other != obj and _lies_in(obj, other, table) and table.shapes(other).shapes]
    host = max(hosts, key=lambda other: len(table.shapes(other).shapes), default=obj)
    parts = [other for other in loose if other != host and table.shapes(host).shapes and _lies_in(other, host, table)]
    return {other.session_uid: other for other in (host, obj, *parts)}


def _lies_in(part: bpy.types.Object, host: bpy.types.Object, table: FaceTable) -> bool:
    """Return whether a smaller mesh has its centre inside the head of another."""
    outer, inner = _bounds(host), _bounds(part)
    centre = inner.mean(axis=0)
    inside = bool(np.all(centre >= outer[0]) and np.all(centre <= outer[1]))
    smaller = np.linalg.norm(inner[1] - inner[0]) <= PART_SIZE * np.linalg.norm(outer[1] - outer[0])
    return inside and bool(smaller) and not _is_full(table.shapes(part))


def _bounds(obj: bpy.types.Object) -> np.ndarray:
    """Return the smallest and largest world coordinates (2, 3) of an object."""
    matrix = np.array(obj.matrix_world)
    corners = np.array([tuple(corner) for corner in obj.bound_box]) @ matrix[:3, :3].T + matrix[:3, 3]
    return np.stack([corners.min(axis=0), corners.max(axis=0)])


def _holds_two(group: Group, table: FaceTable, root: bpy.types.Object) -> bool:
    """Return whether a group holds the faces of two characters: two that no larger face of the group has as a part."""
    hosts: list[bpy.types.Object] = []
    for face in table.faces(group):
        if all(_are_rivals(face, host, table, root) for host in hosts):
            hosts.append(face)
    return len(hosts) > 1


def _are_rivals(a: bpy.types.Object, b: bpy.types.Object, table: FaceTable, root: bpy.types.Object) -> bool:
    """Return whether two meshes are the faces of two characters, rather than parts of one.

    Meshes of one armature belong together. Others are two characters if they are apart, or if both are whole faces of
    the same size in different branches below the root; in the same branch they are levels of detail.
    """
    if set(armatures_of(a)) & set(armatures_of(b)):
        return False
    faces, boxes = [table.shapes(obj) for obj in (a, b)], [table.box(obj) for obj in (a, b)]
    full = [_is_full(face) for face in faces]
    if _gap(*boxes) > (GAP if any(full) else PART_GAP):
        return True
    sizes = sorted(float(np.linalg.norm(np.ptp(box, axis=0))) for box in boxes)
    counts = sorted(len(face.shapes) for face in faces)
    alike = sizes[0] > ALIKE * sizes[1] and counts[0] > ALIKE * counts[1]
    return all(full) and alike and _branch(a, root) != _branch(b, root)


def _is_full(face: FaceShapes) -> bool:
    """Return whether shapes are those of a whole face and not those of teeth, eyes or lashes."""
    regions = face.regions
    return bool(regions & {"mouth", "jaw"}) and bool(regions & {"eye", "brow"})


def _gap(a: np.ndarray, b: np.ndarray) -> float:
    """Return the largest gap between two boxes along an axis, relative to the larger box; negative if they overlap."""
    gaps = np.maximum(a[0] - b[1], b[0] - a[1])
    return float(gaps.max() / max(np.ptp(a, axis=0).max(), np.ptp(b, axis=0).max(), 1e-12))


def _branch(obj: bpy.types.Object, root: bpy.types.Object) -> bpy.types.Object | None:
    """Return the object below `root` that `obj` hangs on: its parent or armature; None if it hangs on the root."""
    chain = [*ancestors(obj)] if obj.parent else armatures_of(obj)
    below = [other for other in chain if other != root and root in [*ancestors(other)]]
    return below[-1] if below else None

"""Finds the whole character of any picked object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import bpy
import numpy as np
import numpy.typing as npt

from ..character import Bones, Character, Choices
from ..face_bones.find_face_bones import find_face_bones, mouth_between, moved_by_face_bones
from ..gaze.still_eyes import still_eyes
from ..recognition.recognized_shapes import Recipe
from ..rest_places import world_vertices
from . import bones_by_shape, find_bones, notes
from .grouping import FaceTable, Group, find_group, loose_parts
from .landmarks import Landmarks, find_landmarks, mean_normal
from .movers import Movers
from .placement import Placement, pivot_near, place
from .scene_index import GEOMETRY, GHOST_MARK, SceneIndex, armatures_of
from .skin import Skin, read_skin
from .sort_parts import follows_bone, is_bust, lies_on_head, rotated_object

FloatArray = npt.NDArray[np.float64]
OF_HEAD = 0.5
"""Share of a vertex that a head bone must have for it to belong to the head."""
AROUND_MOUTH = 1.5
"""Distance from the middle of a mouth that bones move, in its widths, up to which vertices are the face's."""


@dataclass(frozen=True)
class _Parts:
    """The objects of a character before the head is known."""

    main: bpy.types.Object
    faces: tuple[bpy.types.Object, ...]
    others: tuple[bpy.types.Object, ...]
    armature: bpy.types.Object | None
    table: FaceTable
    recognized: Mapping[str, Recipe]

    @property
    def objects(self) -> tuple[bpy.types.Object, ...]:
        return (*self.faces, *self.others)


def discover(obj: bpy.types.Object | None, choices: Choices | None = None) -> Character | None:
    """Return the character of an object, computed afresh; `find_character` keeps it for redraws.

    Args:
        obj: A mesh, an armature, an empty, or any object that is part of a character or contains it.
        choices: What the user set instead of what would be found.

    Returns:
        The character. None if the object belongs to no mesh, or contains several characters.
    """
    if obj is None or GHOST_MARK in obj:
        return None
    choices = choices or Choices()
    index, table = SceneIndex(obj), FaceTable()
    group = find_group(obj, index, table)
    if group is None:
        return None
    if len(group) == 1:
        group = loose_parts(obj, index, table)
    group |= {other.session_uid: other for other in choices.added if other.users_scene}
    parts = _parts(obj, {uid: other for uid, other in group.items() if uid not in choices.unused}, table, choices)
    return _character(parts, choices) if parts else None


def _parts(obj: bpy.types.Object, group: Group, table: FaceTable, choices: Choices) -> _Parts | None:
    """Return the objects of a group by what they are; None without a mesh."""
    faces = table.faces(group)
    meshes = [other for other in group.values() if other.type == "MESH"]
    if not faces and not meshes:
        return None
    recognized: dict[str, Recipe] = {}
    if not faces:
        by_bones = _moved_by_face_bones(meshes)
        faces, recognized = ([by_bones], {}) if by_bones else table.recognize(group)
    if not faces:
        faces = [_likely_head(obj, meshes)]
    armature = choices.armature or _main_armature(faces[0], table, group)
    widgets = {pose.custom_shape for other in group.values() if other.type == "ARMATURE" for pose in other.pose.bones}
    others = [
        other for other in group.values() if other.type in GEOMETRY and other not in faces and other not in widgets
    ]
    others.sort(key=lambda other: other.name)
    return _Parts(faces[0], tuple(faces), tuple(others), armature, table, recognized)


def _likely_head(obj: bpy.types.Object, meshes: Sequence[bpy.types.Object]) -> bpy.types.Object:
    """Return the mesh that is taken for the face where neither shapes nor bones say so: picked, or by weights."""
    if obj.type == "MESH":
        return obj

    def share(mesh: bpy.types.Object) -> float:
        armature = next(iter(armatures_of(mesh)), None)
        if armature is None:
            return 0.0
        movers, skin = Movers(armature), read_skin(mesh, armature)
        heads = [bone for bone in skin.bones if (name := find_bones.read_name(bone)) and name.role == "head"]
        return float(sum(skin.share(movers.reach(bone)).sum() for bone in heads))

    return max(sorted(meshes, key=lambda mesh: mesh.name), key=share)


def _moved_by_face_bones(meshes: Sequence[bpy.types.Object]) -> bpy.types.Object | None:
    """Return the mesh that most bones of a face move; None if an armature without such bones moves them."""
    reach: dict[int, frozenset[str]] = {}
    found: dict[bpy.types.Object, int] = {}
    for mesh in meshes:
        for armature in armatures_of(mesh)[:1]:
            if armature.session_uid not in reach:
                reach[armature.session_uid] = moved_by_face_bones(armature)
            found[mesh] = sum(group.name in reach[armature.session_uid] for group in mesh.vertex_groups)
    most = max(found.values(), default=0)
    return min((mesh for mesh in found if found[mesh] == most), key=lambda mesh: mesh.name) if most else None


def _main_armature(main: bpy.types.Object, table: FaceTable, group: Group) -> bpy.types.Object | None:
    """Return the armature that moves most of a face; None without any."""
    found = [armature for armature in armatures_of(main) if armature.session_uid in group]
    if len(found) < 2:
        return found[0] if found else None
    vertices = _face_vertices(main, table)
    return max(found, key=lambda armature: float(read_skin(main, armature, vertices).weights.sum()))


def _face_vertices(main: bpy.types.Object, table: FaceTable) -> npt.NDArray[np.intp] | None:
    moved = table.shapes(main).moved()
    return moved if len(moved) else None


def _character(parts: _Parts, choices: Choices) -> Character:
    main, armature, table = parts.main, parts.armature, parts.table
    face = table.shapes(main)
    marks = find_landmarks(main, face, [(obj, table.shapes(obj)) for obj in parts.faces[1:]])
    rig = _rig(parts) if armature else None
    face_bones = find_face_bones(armature, rig.movers, rig.skins) if rig else {}
    lips = mouth_between(armature, face_bones) if armature else None
    if rig and lips and marks.mouth is None:
        near, marks = _around_mouth(main, marks, *lips)
        rig = replace(rig, face=read_skin(main, rig.armature, near), knows_face=True)
    placed = place(main, marks, armature)
    bones = _bones(rig, placed, marks.mouth, choices) if rig else Bones()
    if rig and bones.left_eye and bones.right_eye and (marks.eyes is None or marks.lateral is None):
        eyes = np.stack([rig.world(bones.left_eye), rig.world(bones.right_eye)])
        placed = place(main, marks, armature, eyes)
        bones = _bones(rig, placed, marks.mouth, choices) if not face.shapes else bones
    if rig and bones.head and placed.size <= 0:
        placed = replace(placed, size=_head_height(rig, bones.head, placed.facing[:, 2]))
    recognized = {} if bones.jaw and not _names_jaw(parts.recognized) else parts.recognized
    found = _sorted(parts, rig, bones, placed)
    pivot = _pivot(main, rig, bones, found.head_object, placed)
    extra = list(found.notes)
    if not lips and not (face.shapes and (recognized or not parts.recognized)):
        extra.insert(0, notes.no_shapes(main, bones.jaw))
    elif recognized:
        extra.insert(0, notes.recognized_shapes(main, len(recognized)))
    if face.shapes and (eyes := still_eyes(found)):
        extra.append(notes.still_eyes(eyes))
    if face.still:
        extra.append(notes.still_shapes(len(face.still)))
    if armature and len(armatures_of(main)) > 1:
        extra.append(notes.several_armatures(main, armature))
    mouth = lips[0] if lips else marks.mouth
    found = replace(found, mouth=mouth, mouth_to_eyes=placed.unit, face_bones=face_bones, recognized=recognized)
    found = replace(found, pivot=pivot, facing=placed.facing, head_size=placed.size, notes=tuple(extra))
    return _with_head_motion(found, choices)


def _names_jaw(recognized: Mapping[str, Recipe]) -> bool:
    """Return whether one of the recognized shapes is jawOpen: others leave the opening of the mouth to a jaw bone."""
    return any(recipe == {"jawOpen": 1.0} for recipe in recognized.values())


def _head_height(rig: find_bones.Rig, head: str, up: FloatArray) -> float:
    """Return the height of what the head bone moves of the main mesh, where no face says how large the head is."""
    heights = rig.face.points[rig.face.share(rig.movers.reach(head)) > OF_HEAD] @ up
    return float(np.ptp(heights)) if len(heights) else 0.0


def _around_mouth(
    main: bpy.types.Object, marks: Landmarks, mouth: FloatArray, width: float
) -> tuple[npt.NDArray[np.intp], Landmarks]:
    """Return the vertices around a mouth that only bones move, and the landmarks with this mouth."""
    surface = world_vertices(main)
    near = np.flatnonzero(np.linalg.norm(surface - mouth, axis=1) < AROUND_MOUTH * width)
    outward = mean_normal(main, near, np.ones(len(near)))
    return near, replace(marks, mouth=mouth, outward=outward, points=surface[near], surface=surface)


def _rig(parts: _Parts) -> find_bones.Rig:
    assert parts.armature is not None
    skins = [read_skin(obj, parts.armature) for obj in parts.objects]
    vertices = _face_vertices(parts.main, parts.table)
    face = read_skin(parts.main, parts.armature, vertices)
    return find_bones.Rig(parts.armature, Movers(parts.armature), face, skins, vertices is not None)


def _bones(rig: find_bones.Rig, placed: Placement, mouth: FloatArray | None, choices: Choices) -> Bones:
    """Return the bones that were found, by name or by what they move, with those that the user set instead."""
    known = rig.armature.data.bones
    chosen = choices.bones
    head = chosen.head if chosen.head in known else find_bones.head_bone(rig)
    found = find_bones.other_bones(rig, head, placed.facing[:, 0], placed.size) if head else Bones()
    if head and mouth is not None and placed.unit > 0:
        found = _completed(rig, found, bones_by_shape.Measures(placed.facing, mouth, placed.unit))
    return Bones(
        found.head,
        tuple(bone for bone in chosen.neck if bone in known) or found.neck,
        chosen.jaw if chosen.jaw in known else found.jaw,
        chosen.left_eye if chosen.left_eye in known else found.left_eye,
        chosen.right_eye if chosen.right_eye in known else found.right_eye,
        tuple(bone for bone in chosen.tongue if bone in known) or found.tongue,
    )


def _completed(rig: find_bones.Rig, found: Bones, measures: bones_by_shape.Measures) -> Bones:
    """Return the bones with those that no name tells."""
    if not found.jaw:
        found = replace(found, jaw=bones_by_shape.jaw(rig, found.head, measures))
    if not (found.left_eye or found.right_eye):
        left, right = bones_by_shape.eyes(rig, found.head, measures)
        found = replace(found, left_eye=left, right_eye=right)
    return found


def _sorted(parts: _Parts, rig: find_bones.Rig | None, bones: Bones, placed: Placement) -> Character:
    """Return the character with its objects sorted, and what to rotate without a bone."""
    main = parts.main
    skins = rig.skins if rig else [_still_skin(obj) for obj in parts.objects]
    points = {obj.session_uid: skin.points for obj, skin in zip(parts.objects, skins, strict=True)}
    at_head = [obj for obj in parts.others if lies_on_head(points[obj.session_uid], placed)]
    on_head, left_behind = at_head, []
    if rig and bones.head:
        of_object = dict(zip([obj.session_uid for obj in parts.objects], rig.skins, strict=True))
        on_head = [
            obj for obj in parts.others if follows_bone(obj, of_object[obj.session_uid], rig.movers, bones.head, main)
        ]
        left_behind = [obj for obj in at_head if obj not in on_head and not len(of_object[obj.session_uid].bones)]
    body = tuple(obj for obj in parts.others if obj not in on_head)
    bust = is_bust(points[main.session_uid], placed) or _is_alone(parts, placed)
    turned = None if bones.head else rotated_object(main, [*parts.faces, *on_head], body, bust)
    said = notes.head_notes(parts.armature, bones, turned, bust)
    if left_behind:
        said.append(notes.left_behind(left_behind, bones.head))
    return Character(main, parts.faces, tuple(on_head), body, parts.armature, bones, turned, notes=tuple(said))


def _is_alone(parts: _Parts, placed: Placement) -> bool:
    """Return whether a mesh whose head cannot be measured is all that there is, and can be rotated as before."""
    return placed.size <= 0 and len(parts.objects) == 1 and parts.armature is None


def _still_skin(obj: bpy.types.Object) -> Skin:
    matrix = np.array(obj.matrix_world)
    corners = np.array([tuple(corner) for corner in obj.bound_box]) @ matrix[:3, :3].T + matrix[:3, 3]
    return Skin((), np.zeros((len(corners), 0)), corners)


def _pivot(
    main: bpy.types.Object,
    rig: find_bones.Rig | None,
    bones: Bones,
    turned: bpy.types.Object | None,
    placed: Placement,
) -> tuple[float, float, float]:
    """Return the point that the head turns about: the head of its bone, else the joint by the shape of the face."""
    if rig and bones.head:
        point = rig.world(bones.head)
    elif placed.joint is None:
        point = np.array((turned or main).matrix_world.translation)
    else:
        point = pivot_near(placed.joint, placed.unit, turned or main)
    x, y, z = (float(value) for value in point)
    return x, y, z


def _with_head_motion(found: Character, choices: Choices) -> Character:
    """Return the character with the head's rotation written to what the user chose."""
    if choices.head_motion == "NONE" or (choices.head_motion == "BONE" and not found.bones.head):
        return replace(found, bones=replace(found.bones, head="", neck=()), head_object=None)
    if choices.head_motion == "OBJECT":
        owner = found.head_object or found.main
        return replace(found, bones=replace(found.bones, head="", neck=()), head_object=owner)
    return found

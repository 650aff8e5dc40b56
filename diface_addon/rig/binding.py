"""Binds a character that was found to its main mesh: its parts get numbers, and its head a target."""

from __future__ import annotations

import dataclasses

import bpy
import numpy as np
from mathutils import Vector

from . import bone_axes, head_target, parts, shape_displacement, stored_bones
from .character import Character
from .mapping import driven_shapes, face_mapping, hand_rows, lip_closure, pose_recipes, row_settings
from .recognition import stored_shapes

SAME_AXES = 1e-3
"""Largest difference of two rotation matrices that count as the same."""
SAME_POINT = 1e-4
"""Distance from the origin, relative to the size of the main mesh, up to which a pivot counts as the origin."""


def is_bound(main: bpy.types.Object) -> bool:
    """Return whether the character of a main mesh was bound."""
    return head_target.STORED in main


def bind(character: Character) -> None:
    """Store the parts and the head target of a character with its main mesh. Numbers that parts have stay."""
    character = _with_stored_facing(_with_mirrored_facing(character))
    main, bone = character.main, character.bones.head
    for face in character.faces:
        face_mapping.store_empty_shapes(face, shape_displacement.find_empty(face))
    _leave_out_false_closure(character)
    meshes = [face for face in character.faces if face.data.shape_keys]
    parts.add_parts(main, [*row_settings.owners(main), *driven_shapes.owners(meshes)])
    stored_shapes.store(main, character.recognized)
    _store_recipes(character)
    _store_lip_apertures(character)
    owner = character.armature if bone else character.head_object
    turned, shifted = bone_axes.find_axes(character)
    armature = character.armature if turned or shifted else None
    parts.add_parts(main, [*character.faces[1:], *(obj for obj in (owner, armature) if obj not in (None, main))])
    if armature is not None:
        stored_bones.store(main, armature, turned, shifted)
    if owner is None:
        head_target.store(main, None)
    elif bone:
        share = bone_axes.head_share(character)
        axes = bone_axes.bone_local_axes(owner, bone, character.facing)
        head_target.store(main, owner, bone, axes, share=share, evidence=_evidence(main, owner, bone))
    else:
        axes = bone_axes.local_axes(owner.matrix_world.to_3x3(), character.facing)
        pivot = np.array(owner.matrix_world.inverted_safe() @ Vector(character.pivot))
        distance = (Vector(character.pivot) - owner.matrix_world.translation).length
        is_origin = distance <= SAME_POINT * max(main.dimensions)
        same_axes = np.abs(axes - np.eye(3)).max() < SAME_AXES
        head_target.store(main, owner, "", None if same_axes else axes, None if is_origin else pivot)


def _with_mirrored_facing(character: Character) -> Character:
    """Return a character whose left is where its left shapes are: a negative scale swaps the sides."""
    if character.main.matrix_world.determinant() >= 0:
        return character
    return dataclasses.replace(character, facing=character.facing * np.array([-1.0, 1.0, 1.0]))


def _with_stored_facing(character: Character) -> Character:
    """Return a character that faces as it did when it was bound before, if nothing changed but where its objects are.

    A face that is keyed away from its armature would be found to face another way, and its takes to look elsewhere.
    """
    main, armature, bone = character.main, character.armature, character.bones.head
    if armature is None or not bone:
        return character
    axes = head_target.axes_of_same(main, armature, bone, _evidence(main, armature, bone))
    if axes is None:
        return character
    if np.abs(bone_axes.bone_local_axes(armature, bone, character.facing) - axes).max() < SAME_AXES:
        return character
    local = np.array(armature.matrix_world.to_3x3() @ armature.data.bones[bone].matrix_local.to_3x3())
    u, _sizes, v = np.linalg.svd(local @ axes)
    return dataclasses.replace(character, facing=u @ v)


def _evidence(main: bpy.types.Object, armature: bpy.types.Object, bone: str) -> str:
    """Return a text that changes with what the facing of a head with a bone is found from: its shapes and its bone."""
    keys = main.data.shape_keys
    rest = armature.data.bones[bone].matrix_local.to_3x3()
    turned = " ".join(f"{value:.4f}" for row in rest for value in row)
    return f"{len(main.data.vertices)} {len(keys.key_blocks) if keys else 0} {turned}"


def _leave_out_false_closure(character: Character) -> None:
    """Store the shape for mouthClose of the main mesh with those that move nothing if it does not close an open mouth.

    The lips are then shut by the shapes of jaw and mouth together.
    """
    main = character.main
    named = {target.channels: target.name for target in _mapping(main).all_targets}
    closing, opening = named.get(("mouthClose",)), named.get(("jawOpen",))
    if closing and opening and lip_closure.closes_nothing(main, closing, opening, character.facing[:, 2]):
        face_mapping.store_empty_shapes(main, [*face_mapping.empty_shapes(main), closing])


def _store_recipes(character: Character) -> None:
    """Measure and store the recipes of the poses of the main mesh, if it has poses."""
    main = character.main
    pose_recipes.store_recipes(main, {})
    mapping = _mapping(main)
    if mapping.group:
        direct = {target.name: target.channel for target in mapping.all_targets if target.is_channel}
        measured = pose_recipes.measure_recipes(main, mapping.group.poses, direct, character.facing)
        pose_recipes.store_recipes(main, measured)


def _store_lip_apertures(character: Character) -> None:
    """Measure and store how far channels part the lips, if the main mesh has jawOpen and mouthClose."""
    main = character.main
    lip_closure.store_lip_apertures(main, {})
    mapping = _mapping(main, hand_rows.hand_mapping(main))
    targets = mapping.targets.get("KEY", ())
    shapes = {target.channel: (target.name, target.gains[0][1]) for target in targets if len(target.gains) == 1}
    needed = {"jawOpen", "mouthClose", *lip_closure.UPPER_LIP, *lip_closure.LOWER_LIP}
    if needed <= shapes.keys() and character.head_size > 0:
        up = character.facing[:, 2]
        apertures = lip_closure.measure_lip_apertures(main, shapes, up, character.head_size)
        lip_closure.store_lip_apertures(main, apertures)


def _mapping(main: bpy.types.Object, hand: hand_rows.HandMapping | None = None) -> face_mapping.FaceMapping:
    """Return the mapping of the shape keys of the main mesh alone, if it has any; their kind is "KEY"."""
    meshes = {"KEY": main} if main.data.shape_keys else {}
    return face_mapping.face_mapping(meshes, dict.fromkeys(meshes, ()), hand)


def unbind(main: bpy.types.Object) -> None:
    """Remove what `bind` stored; takes of the character then animate the main mesh alone."""
    for obj in parts.numbered_objects(main).values():
        face_mapping.store_empty_shapes(obj, ())
    lip_closure.store_lip_apertures(main, {})
    pose_recipes.store_recipes(main, {})
    stored_shapes.store(main, {})
    parts.forget_parts(main)
    stored_bones.forget(main)
    head_target.forget(main)

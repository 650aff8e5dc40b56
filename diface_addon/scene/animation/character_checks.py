"""Checks that a character can be animated, and finds it again after the user has changed the scene."""

from __future__ import annotations

import bpy

from ...core import errors
from ...rig import parts
from ...rig.head_target import head_target
from ...rig.property_address import id_type, kind_number
from ..characters import flame_mesh, shape_key_names
from ..files import library_override
from ..keys import editable_actions
from ..vertex_animation import vertex_cache
from . import active_actions, active_curves

ADD_HEAD = "Add one with Add DiFACE Head, or choose a mesh object with shape keys."
LINKED = "Press Make Library Override in the DiFACE panel, or work in the file that it comes from."


def check(obj: bpy.types.Object | None, animated_parts: tuple[str, ...]) -> None:
    """Raise SceneError if a character cannot be animated with `animated_parts`, "face" and "head"."""
    if obj is None:
        raise errors.SceneError("There is no character.", ADD_HEAD)
    if obj.type != "MESH" and library_override.needs_override(obj):
        raise errors.SceneError(f"{obj.name} is linked from another file and cannot be animated here.", LINKED)
    if obj.type != "MESH":
        raise errors.SceneError(f"{obj.name} is not a mesh.", ADD_HEAD)
    if not obj.users_scene:
        raise errors.SceneError(f"{obj.name} was deleted from the scene.", "Undo that, or choose another character.")
    if "head" in animated_parts:
        _check_editable(head_target(obj).owner, head_target(obj).owner.name)
    if "face" in animated_parts:
        _check_face(obj)


def check_custom_shapes(obj: bpy.types.Object | None, animated_parts: tuple[str, ...], as_cache: bool) -> None:
    """Raise SceneError if a character cannot be animated by custom shapes, as a cache or as new shape keys."""
    check(obj, tuple(part for part in animated_parts if part != "face"))
    if "face" not in animated_parts:
        return
    flame_mesh.check(obj)
    if as_cache:
        vertex_cache.check_saved()
        _check_editable(obj, obj.name)
        return
    _check_editable(obj.data, f"The mesh of {obj.name}")
    check_not_override(obj)
    _check_relative(obj)
    if obj.mode == "EDIT":
        raise errors.SceneError(f"{obj.name} is in Edit Mode, where no shape keys can be added.", "Leave it with Tab.")


def check_not_override(obj: bpy.types.Object) -> None:
    """Raise SceneError if the mesh is a library override: Blender would drop its new shape keys on saving."""
    if obj.data.override_library is not None:
        hint = "Add them in the file that it comes from, or append the character instead of linking it."
        raise errors.SceneError(f"The mesh of {obj.name} is a library override and takes no new shape keys.", hint)


def check_blocks(obj: bpy.types.Object, blocks: dict[str, bpy.types.ID]) -> None:
    """Raise SceneError if one of these data-blocks of a character, by kind, cannot be animated."""
    parts_by_number = parts.numbered_objects(obj)
    for kind, block in blocks.items():
        part = parts_by_number[kind_number(kind)]
        _check_editable(block, f"The mesh of {part.name}" if id_type(kind) == "KEY" else part.name)


def check_replaceable(obj: bpy.types.Object) -> None:
    """Raise SceneError if no other take can replace what animates `obj`: it is linked, or in tweak mode.

    Fast enough for a button's poll.
    """
    blocks = active_actions.animated_blocks(obj)
    moved = {kind: block for kind, block in blocks.items() if _is_animated(block.animation_data)}
    check_blocks(obj, moved)


def check_keys_editable(obj: bpy.types.Object) -> None:
    """Raise SceneError if the keys that animate `obj` cannot be changed in place. Fast enough for a button's poll."""
    check_replaceable(obj)
    editable_actions.check(curve.action for curve in active_curves.find_active_curves(obj).values())


def _is_animated(animation: bpy.types.AnimData | None) -> bool:
    return animation is not None and (animation.action is not None or len(animation.nla_tracks) > 0)


def _check_face(obj: bpy.types.Object) -> None:
    has_keys = obj.data.shape_keys is not None
    if has_keys:
        _check_editable(obj.data, f"The mesh of {obj.name}")
        check_blocks(obj, parts.shape_key_blocks(obj))
        _check_relative(obj)
    if active_curves.has_face(obj):
        return
    if not has_keys:
        hint = "Give it some with Add ARKit Shape Keys, choose a mesh that has some, or generate only the head."
        if flame_mesh.is_flame(obj):
            hint = "Give this FLAME mesh some with Add ARKit Shape Keys, or set Engine to 3DiFACE Checkpoint."
        raise errors.SceneError(f"{obj.name} has no shape keys.", hint)
    if not shape_key_names.face_shape_keys(obj):
        hint = "Name them as ARKit does (jawOpen, mouthSmileLeft ...), or generate only the head."
        raise errors.SceneError(f"No shape key of {obj.name} has the name of a face channel.", hint)
    if shape_key_names.driven_shape_keys(obj):
        hint = "Remove the drivers of the shape keys, or generate only the head."
        raise errors.SceneError(f"Drivers set all the shape keys of {obj.name}.", hint)


def _check_relative(obj: bpy.types.Object) -> None:
    keys = obj.data.shape_keys
    if keys and not keys.use_relative:
        hint = "Turn Relative on in Properties > Data > Shape Keys."
        raise errors.SceneError(f"The shape keys of {obj.name} are absolute.", hint)


def _check_editable(block: bpy.types.ID, name: str) -> None:
    if block.library is not None:
        raise errors.SceneError(f"{name} is linked from another file and cannot be animated here.", LINKED)
    if block.override_library is not None and block.override_library.is_system_override:
        raise errors.SceneError(f"{name} is a library override that is not editable.", LINKED)
    if block.animation_data and block.animation_data.use_tweak_mode:
        raise errors.SceneError(f"{name} is being edited in the NLA.", "Leave tweak mode (Tab in the NLA editor).")


def find_by_uid(session_uid: int) -> bpy.types.Object | None:
    """Return the object with this `session_uid`, also after renaming or undo. None if it was deleted."""
    return next((obj for obj in bpy.data.objects if obj.session_uid == session_uid), None)

"""Export the motion of the character to FBX and Alembic files."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from pathlib import Path

import bpy

from ... import compat
from ...core import errors
from ..files import atomic_write
from ..files.scene_copy import scene_copy
from ..vertex_animation import vertex_cache
from . import skeleton


def check_fbx() -> None:
    """Raise SceneError if this Blender cannot write FBX."""
    if not hasattr(bpy.types, "EXPORT_SCENE_OT_fbx"):
        raise errors.SceneError("Blender's FBX add-on is off.", "Turn on FBX format in Preferences > Add-ons.")


def check_has_keys(obj: bpy.types.Object | None) -> None:
    """Raise SceneError if `obj` has an active vertex cache, which FBX does not support."""
    if obj is not None and vertex_cache.active_take(obj):
        hint = "Set Motion As to Shape Keys and generate again with the same seed, or export Alembic."
        raise errors.SceneError(f"The face of {obj.name} is a vertex animation, which FBX does not support.", hint)


def check_alembic() -> None:
    """Raise SceneError if this Blender cannot write Alembic."""
    if not compat.HAS_ALEMBIC:
        hint = "Export FBX instead, or use the Blender from blender.org."
        raise errors.SceneError("This Blender is built without Alembic.", hint)


def export_fbx(obj: bpy.types.Object, scene: bpy.types.Scene, frames: tuple[int, int], path: Path) -> None:
    """Export mesh, shape keys, their weights and the motion of the object, with one key per frame.

    A head with a neck becomes a mesh with a skeleton: its bone Head has the motion of the object.

    Args:
        obj: The character.
        scene: The scene that is exported.
        frames: First and last frame.
        path: The FBX file.

    Raises:
        SceneError: The character cannot be exported, or the file cannot be written.
    """
    check_fbx()
    check_has_keys(obj)
    with atomic_write.replacing(path) as draft, _isolated(obj, scene, frames) as copy, _skinned(obj, copy):
        bpy.ops.export_scene.fbx(
            filepath=str(draft),
            check_existing=False,
            use_selection=True,
            object_types={"MESH", "ARMATURE"},
            use_mesh_modifiers=False,  # applying them would drop the shape keys
            apply_scale_options="FBX_SCALE_ALL",  # metres: no scale of 100 on the object
            mesh_smooth_type="FACE",
            add_leaf_bones=False,
            bake_anim=True,
            bake_anim_use_all_actions=False,  # only the animation that the timeline plays
            bake_anim_use_nla_strips=False,
            bake_anim_step=1.0,
            bake_anim_simplify_factor=0.0,  # no key reduction
            path_mode="AUTO",
        )
        _check_complete(draft, lambda head: head.startswith(b"Kaydara FBX Binary"))


def export_alembic(obj: bpy.types.Object, scene: bpy.types.Scene, frames: tuple[int, int], path: Path) -> None:
    """Export the vertices of every frame, with normals, UVs and the motion of the object.

    Args:
        obj: The character.
        scene: The scene that is exported.
        frames: First and last frame.
        path: The Alembic file.

    Raises:
        SceneError: The character cannot be exported, or the file cannot be written.
    """
    check_alembic()
    with atomic_write.replacing(path) as draft, _isolated(obj, scene, frames):
        atomic_write.require_space(draft, _alembic_size(obj, frames))  # a full disk would crash Blender
        bpy.ops.wm.alembic_export(
            filepath=str(draft),
            check_existing=False,
            as_background_job=False,
            start=frames[0],
            end=frames[1],
            selected=True,
            uvs=True,
            normals=True,
            evaluation_mode="VIEWPORT",
        )
        # The writer sets the sixth byte when it has finished.
        _check_complete(draft, lambda head: head.startswith(b"Ogawa\xff"))


def _alembic_size(obj: bpy.types.Object, frames: tuple[int, int]) -> int:
    """Return the maximum size of the file in bytes: positions and corner normals per frame, the rest once."""
    mesh = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).data  # modifiers may add vertices
    return (frames[1] - frames[0] + 1) * 12 * (len(mesh.vertices) + len(mesh.loops)) + 32 * len(mesh.loops) + (1 << 18)


@contextlib.contextmanager
def _isolated(obj: bpy.types.Object, scene: bpy.types.Scene, frames: tuple[int, int]) -> Generator[bpy.types.Scene]:
    """Override the context with a copy of the scene in which only `obj` is selected and `frames` is the range.

    Yields the copy.
    """
    if obj.hide_viewport:
        raise errors.SceneError(f"{obj.name} is disabled in viewports.", "Turn it on in the Outliner (screen symbol).")
    with scene_copy(scene) as copy:
        layer = copy.view_layers[0]
        if obj.name not in layer.objects:
            raise errors.SceneError(f"{obj.name} is in an excluded collection.", "Include it in the Outliner.")
        for other in layer.objects:
            other.hide_set(other.hide_get(view_layer=layer) and other != obj, view_layer=layer)
            other.select_set(other == obj, view_layer=layer)
        if not obj.select_get(view_layer=layer):
            hint = "In the Outliner, turn on its and its collection's arrow, eye and screen symbols."
            raise errors.SceneError(f"{obj.name} is hidden, or cannot be selected.", hint)
        layer.objects.active = obj
        copy.use_preview_range = False
        copy.frame_start, copy.frame_end = frames
        # Without the override, Blender would export the selection of the scene in the window.
        context = {"scene": copy, "view_layer": layer, "selected_objects": [obj], "active_object": obj}
        with bpy.context.temp_override(**context):  # pyrefly: ignore[bad-context-manager]
            yield copy


@contextlib.contextmanager
def _skinned(obj: bpy.types.Object, copy: bpy.types.Scene) -> Generator[None]:
    """Select a skinned copy of `obj` instead of it, if its neck is a modifier: FBX has no modifiers but skeletons."""
    with skeleton.skinned_copy(obj, copy) as objects:
        layer = copy.view_layers[0]
        for other in layer.objects:
            other.select_set(other in objects, view_layer=layer)
        with bpy.context.temp_override(selected_objects=objects):  # pyrefly: ignore[bad-context-manager]
            yield


def _check_complete(draft: Path, is_whole: Callable[[bytes], bool]) -> None:
    with draft.open("rb") as file:
        if not is_whole(file.read(32)):
            raise OSError(0, "the file is incomplete")

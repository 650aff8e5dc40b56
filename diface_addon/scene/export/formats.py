"""The file formats of a plain character: what Blender's exporters are told, and how a whole file is recognised."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import bpy

from ... import compat
from ...core import errors

USD_PACKAGE = ".usdz"
"""Suffix of a file that holds a USD scene, as AR viewers take it."""

IsWhole = Callable[[bytes, bytes, int], bool]
"""Tells a whole file by its first and last 32 bytes and its size."""


@dataclass(frozen=True)
class Format:
    """A file format.

    Attributes:
        name: What users call it.
        suffixes: Those of its files; the first is the usual one.
        check: Raises SceneError if this Blender cannot write it.
        write: Writes the scene of the context to a file: its path, and whether only bones that deform are written.
        is_whole: Tells a whole file.
    """

    name: str
    suffixes: tuple[str, ...]
    check: Callable[[], None]
    write: Callable[[Path, bool], None]
    is_whole: IsWhole


def check_complete(draft: Path, is_whole: IsWhole) -> None:
    """Raise OSError if a file is not whole."""
    with draft.open("rb") as file:
        head, size = file.read(32), draft.stat().st_size
        file.seek(max(0, size - 32))
        if not is_whole(head, file.read(), size):
            raise OSError(0, "the file is incomplete")


def _check_add_on(operator: str, name: str) -> None:
    if not hasattr(bpy.types, operator):
        raise errors.SceneError(f"Blender's {name} add-on is off.", f"Turn on {name} format in Preferences > Add-ons.")


def check_fbx() -> None:
    """Raise SceneError if this Blender cannot write FBX."""
    _check_add_on("EXPORT_SCENE_OT_fbx", "FBX")


def check_gltf() -> None:
    """Raise SceneError if this Blender cannot write glTF."""
    _check_add_on("EXPORT_SCENE_OT_gltf", "glTF 2.0")


def check_usd() -> None:
    """Raise SceneError if this Blender cannot write USD."""
    if not compat.HAS_USD:
        hint = "Export glTF instead, or use the Blender from blender.org."
        raise errors.SceneError("This Blender is built without USD.", hint)


def _write_fbx(path: Path, deform_only: bool) -> None:
    bpy.ops.export_scene.fbx(
        filepath=str(path),
        check_existing=False,
        object_types={"MESH", "ARMATURE", "EMPTY"},
        use_mesh_modifiers=False,  # applying them would drop the shape keys
        apply_scale_options="FBX_SCALE_ALL",  # metres: no scale of 100 on the object
        mesh_smooth_type="FACE",
        use_armature_deform_only=deform_only,
        add_leaf_bones=False,
        bake_anim=True,
        bake_anim_use_all_bones=True,
        bake_anim_use_all_actions=False,  # only the animation that the timeline plays
        bake_anim_use_nla_strips=False,
        bake_anim_step=1.0,
        bake_anim_simplify_factor=0.0,  # no key reduction
        path_mode="AUTO",
    )


def _write_gltf(path: Path, deform_only: bool) -> None:
    with _exact_seconds(bpy.context.scene), _window_unchanged():
        bpy.ops.export_scene.gltf(
            filepath=str(path),
            check_existing=False,
            export_format="GLB",
            use_active_scene=True,
            export_yup=True,
            export_apply=False,  # applying modifiers would drop the shape keys
            export_skins=True,
            export_def_bones=deform_only,
            export_rest_position_armature=True,
            export_morph=True,
            export_morph_normal=True,
            export_morph_tangent=False,
            export_animations=True,
            export_animation_mode="SCENE",
            export_anim_scene_split_object=False,  # one animation for all objects
            export_force_sampling=True,
            export_optimize_animation_size=False,
            export_anim_slide_to_zero=True,
            export_extras=False,
            export_cameras=False,
            export_lights=False,
        )


def _write_usd(path: Path, deform_only: bool) -> None:
    if path.suffix.lower() != USD_PACKAGE:
        _export_usd(path, deform_only)
        return
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:  # the scene in the package has the name of the file
        package = Path(folder, f"scene{USD_PACKAGE}")
        _export_usd(package, deform_only)
        package.replace(path)


def _export_usd(path: Path, deform_only: bool) -> None:
    bpy.ops.wm.usd_export(
        filepath=str(path),
        check_existing=False,
        export_animation=True,
        export_armatures=True,
        only_deform_bones=deform_only,
        export_shapekeys=True,
        export_uvmaps=True,
        export_normals=True,
        export_materials=True,
        relative_paths=True,
        evaluation_mode="VIEWPORT",
        **compat.USD_WITHOUT_TEXTURES,  # they stay where they are: the file is one
    )


@contextlib.contextmanager
def _exact_seconds(scene: bpy.types.Scene) -> Generator[None]:
    """Invert the base of the frame rate: the exporter divides frames by fps * fps_base, not by fps / fps_base."""
    base = scene.render.fps_base
    scene.render.fps_base = 1.0 / base
    try:
        yield
    finally:
        scene.render.fps_base = base


@contextlib.contextmanager
def _window_unchanged() -> Generator[None]:
    """Show the same scene in the window afterwards: the exporter leaves it at the one that it exported."""
    window = bpy.context.window
    before = (window.scene, window.view_layer) if window else None
    try:
        yield
    finally:
        if window and before and (window.scene, window.view_layer) != before:
            window.scene, window.view_layer = before


def _is_fbx(head: bytes, _tail: bytes, _size: int) -> bool:
    return head.startswith(b"Kaydara FBX Binary")


def _is_gltf(head: bytes, _tail: bytes, size: int) -> bool:
    """Return whether a GLB file has the size that its header states."""
    return head.startswith(b"glTF\x02") and int.from_bytes(head[8:12], "little") == size


def _is_usd(head: bytes, tail: bytes, size: int) -> bool:
    """Return whether text ends with a brace, or the table of contents, written last, is where the header says.

    A package (.usdz) is a zip file, whose directory is at its end.
    """
    if head.startswith(b"PK\x03\x04"):
        return b"PK\x05\x06" in tail
    if head.startswith(b"#usda"):
        return tail.rstrip().endswith(b"}")
    return head.startswith(b"PXR-USDC") and 0 < int.from_bytes(head[16:24], "little") < size


FBX = Format("FBX", (".fbx",), check_fbx, _write_fbx, _is_fbx)
GLTF = Format("glTF", (".glb",), check_gltf, _write_gltf, _is_gltf)
USD = Format("USD", (".usdc", ".usda", ".usd", USD_PACKAGE), check_usd, _write_usd, _is_usd)

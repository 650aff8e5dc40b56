"""Alembic: every vertex on every frame, as Blender evaluates it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import bpy

from ... import compat
from ...core import errors
from ..files import atomic_write
from . import pointer
from .formats import check_complete
from .isolated_scene import isolated


def check_alembic() -> None:
    """Raise SceneError if this Blender cannot write Alembic."""
    if not compat.HAS_ALEMBIC:
        hint = "Export FBX instead, or use the Blender from blender.org."
        raise errors.SceneError("This Blender is built without Alembic.", hint)


def write_alembic(
    objects: Sequence[bpy.types.Object], scene: bpy.types.Scene, frames: tuple[int, int], path: Path
) -> None:
    """Write the vertices of every frame, with normals, UVs and the motion of the objects.

    Args:
        objects: The exported objects, the main mesh first; what armatures do is in the vertices.
        scene: The scene, which stays as it is.
        frames: First and last frame.
        path: The Alembic file, a draft.

    Raises:
        SceneError: The character cannot be exported.
        OSError, RuntimeError: The file cannot be written.
    """
    shown = [obj for obj in objects if obj.type == "MESH"]
    with pointer.waiting(), isolated(shown, scene, frames):
        atomic_write.require_space(path, sum(_size(obj, frames) for obj in shown))  # a full disk would crash Blender
        bpy.ops.wm.alembic_export(
            filepath=str(path),
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
        check_complete(path, lambda head, _tail, _size: head.startswith(b"Ogawa\xff"))


def _size(obj: bpy.types.Object, frames: tuple[int, int]) -> int:
    """Return the maximum size of a mesh in bytes: positions and corner normals per frame, the rest once."""
    mesh = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).data  # modifiers may add vertices
    return (frames[1] - frames[0] + 1) * 12 * (len(mesh.vertices) + len(mesh.loops)) + 32 * len(mesh.loops) + (1 << 18)

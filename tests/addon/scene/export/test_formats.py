"""Exported characters of several makes, imported again: 0.1 mm and 0.05 degrees on every frame."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from diface_addon.core import channels
from diface_addon.jobs import bind_character
from tests.addon.characters import kinds_by_label
from tests.addon.scene.export.exports import FIRST, LAST, animate
from tests.addon.scene.export.reimport import assert_same, plain, reimported, see

pytestmark = pytest.mark.slow

FRAMES = range(FIRST, LAST + 1)
OPERATORS = {".fbx": "export_fbx", ".glb": "export_gltf", ".usdc": "export_usd", ".abc": "export_alembic"}
LABELS = ("bundled", "parts under an armature", "walking, with a jaw bone", "parts under empties")


def perform(label: str, shared: Path) -> tuple[bpy.types.Object, bpy.types.Object | None]:
    """Make a character with a moving face and head, and return its main mesh and its armature."""
    if label == "bundled":
        bpy.ops.diface.add_head()
        main, armature = bpy.context.object, None
        main.parent.rotation_euler = (0.1, 0.0, 0.7)
    else:
        built = kinds_by_label.make(label, shared)
        main, armature = built.main, built.armature
        bind_character.bind_new(main)
    scene = bpy.context.scene
    scene.diface.character = main
    scene.render.fps, scene.render.fps_base = 24, 1.0
    scene.frame_start, scene.frame_end = FIRST, LAST
    animate(main)
    return main, armature


def shown_meshes(main: bpy.types.Object) -> list[bpy.types.Object]:
    """Return the meshes that a file must have: with shape keys, or on the same armature or parent."""
    return [obj for obj in bpy.context.scene.objects if obj.type == "MESH" and obj.data.shape_keys]


def check(label: str, suffix: str, tmp_path: Path, shared: Path) -> None:
    main, armature = perform(label, shared)
    wanted = see(shown_meshes(main), armature if suffix != ".abc" else None, FRAMES)
    data_names = {plain(obj.name): plain(obj.data.name) for obj in shown_meshes(main)}
    path = tmp_path / f"out{suffix}"
    assert getattr(bpy.ops.diface, OPERATORS[suffix])(filepath=str(path)) == {"FINISHED"}
    found = reimported(path, 24.0, len(FRAMES), FIRST)
    moved = max(np.ptp(points, axis=0).max() for points in wanted.meshes.values())
    assert moved > 0.002
    assert_same(wanted, found, data_names)


@pytest.mark.parametrize("suffix", OPERATORS)
@pytest.mark.parametrize("label", LABELS)
def test_reimported_characters_move_the_same(scene, tmp_path, label, suffix) -> None:
    check(label, suffix, tmp_path, Path())


@pytest.mark.parametrize("suffix", OPERATORS)
@pytest.mark.parametrize("label", ["Rocketbox", "ICT-FaceKit"])
def test_reimported_characters_of_other_makers_move_the_same(scene, tmp_path, shared, label, suffix) -> None:
    check(label, suffix, tmp_path, shared)


@pytest.mark.parametrize("suffix", [".fbx", ".glb", ".usdc"])
def test_shapes_have_the_names_that_are_chosen(scene, tmp_path, suffix) -> None:
    perform("bundled", Path())
    path = tmp_path / f"out{suffix}"
    getattr(bpy.ops.diface, OPERATORS[suffix])(filepath=str(path), names="LIVE_LINK")
    reimported(path, 24.0, 1, FIRST)
    obj = next(obj for obj in bpy.context.scene.objects if obj.type == "MESH" and obj.data.shape_keys)
    names = set(obj.data.shape_keys.key_blocks.keys())
    assert {name[0].upper() + name[1:] for name in channels.FACE} <= names
    assert plain("breathIn") in names

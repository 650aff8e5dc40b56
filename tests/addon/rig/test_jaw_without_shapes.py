"""Bodies without face shapes: the head bone turns the head, not the body, and a jaw bone opens and shuts the mouth."""

from __future__ import annotations

import numpy as np
import pytest

from diface_addon.rig import binding, bone_axes
from diface_addon.rig.discovery.discover import discover
from diface_addon.rig.mapping import face_mapping
from diface_addon.scene.animation import active_curves, character_checks
from tests.addon.characters import armature_kind
from tests.addon.characters.bundled_parts import arkit_shapes

from . import small_characters as small

BONES = (
    ("hips", "", (0, 0, 1.0), (0, 0, 1.2)),
    ("spine", "hips", (0, 0, 1.2), (0, 0, 1.45)),
    ("neck", "spine", (0, 0, 1.45), (0, 0, 1.52)),
    ("head", "neck", (0, 0, 1.52), (0, 0, 1.72)),
    ("jaw", "head", (0, -0.02, 1.57), (0, -0.1, 1.52)),
)


def body(with_jaw: bool):
    """Return a mesh of torso and head in one, with six tenths of its vertices on the torso, and its armature."""
    rig = small.add_armature([bone for bone in BONES if with_jaw or bone[0] != "jaw"])
    mesh = small.add_mesh("Body", (0, 0, 1.35), (0.2, 0.11, 0.37))
    for vertex in mesh.data.vertices:
        height, is_front = vertex.co.z, vertex.co.y < -0.03
        name = "head" if height > 1.48 else "spine" if height > 1.2 else "hips"
        name = "jaw" if with_jaw and name == "head" and height < 1.56 and is_front else name
        group = mesh.vertex_groups.get(name) or mesh.vertex_groups.new(name=name)
        group.add([vertex.index], 1.0, "REPLACE")
    mesh.parent = rig
    mesh.modifiers.new("Armature", "ARMATURE").object = rig
    return mesh, rig


@pytest.mark.parametrize("with_jaw", [False, True])
@pytest.mark.parametrize("picked", [0, 1])
def test_head_of_a_body_without_shapes_is_the_head_bone(scene, with_jaw, picked) -> None:
    found = discover(body(with_jaw)[picked])
    assert found.bones.head == "head"
    assert found.bones.jaw == ("jaw" if with_jaw else "")
    assert 0.1 < found.head_size < 0.35


def test_jaw_bone_is_a_face(scene) -> None:
    mesh, _rig = body(with_jaw=True)
    assert active_curves.has_face(mesh)
    character_checks.check(mesh, ("face", "head"))
    assert any("only jaw opens" in note for note in discover(mesh).notes)


def test_body_without_jaw_has_no_face(scene) -> None:
    mesh, _rig = body(with_jaw=False)
    assert not active_curves.has_face(mesh)


def test_jaw_bone_shuts_the_mouth_where_nothing_else_does(scene) -> None:
    mesh, _rig = body(with_jaw=True)
    turned, _shifted = bone_axes.find_axes(discover(mesh))
    axes = turned["jaw"]
    assert np.linalg.norm(axes["jawOpen"]) > np.radians(6.0) - 1e-6
    np.testing.assert_allclose(axes["mouthClose"], -axes["jawOpen"])
    binding.bind(discover(mesh))
    assert {"jawOpen", "mouthClose"} <= active_curves.reached_channels(mesh)


def test_shape_that_only_presses_the_lips_is_no_mouth_close(scene) -> None:
    shapes = arkit_shapes()
    pressed = 0.5 * (shapes["mouthPressLeft"] + shapes["mouthPressRight"])
    built = armature_kind.build(armature_kind.Options(shapes={**shapes, "mouthClose": pressed}))
    binding.bind(discover(built.main))
    assert "mouthClose" in face_mapping.empty_shapes(built.main)


def test_true_mouth_close_is_kept(scene) -> None:
    built = armature_kind.build()
    binding.bind(discover(built.main))
    assert "mouthClose" not in face_mapping.empty_shapes(built.main)

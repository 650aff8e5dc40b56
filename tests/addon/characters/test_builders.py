"""The characters of the tests are what they claim to be."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from tests.addon.characters import armature_kind, changes, empties_kind, other_makers, vocabulary_kinds
from tests.addon.characters.bundled_parts import PARTS, placed, standing, vertices_of
from tests.addon.characters.kinds import PLACEMENTS
from tests.addon.characters.surfaces import surface

pytestmark = pytest.mark.slow

NUMERIC = 1e-4
KINDS = {
    "armature": lambda place: armature_kind.build(armature_kind.Options(place, with_jaw=True)),
    "empties": lambda place: empties_kind.build(place, with_action=False),
    "placeholders": vocabulary_kinds.build_placeholders,
    "VRoid-like": vocabulary_kinds.build_vroid,
    "visemes": vocabulary_kinds.build_visemes,
}


@pytest.mark.parametrize("place", PLACEMENTS)
@pytest.mark.parametrize("kind", ["armature", "empties"])
def test_every_part_is_where_the_bundled_head_has_it(scene, kind, place) -> None:
    built = KINDS[kind](PLACEMENTS[place])
    size = np.array(built.world)[:3, :3]
    for obj in (built.main, *built.on_head):
        part = next(name for name in PARTS if obj.name.startswith(name))
        wanted = placed(standing()[vertices_of(*PARTS[part])], built.world)
        off = np.linalg.norm(surface(obj) - wanted, axis=1).max()
        assert off <= NUMERIC * abs(np.linalg.det(size)) ** (1 / 3), obj.name


@pytest.mark.parametrize("kind", KINDS)
def test_the_head_moves_what_is_on_the_head_and_no_body(scene, kind) -> None:
    built = KINDS[kind](PLACEMENTS["plain"])
    before = {obj: surface(obj) for obj in built.meshes}
    turned = built.armature.pose.bones[built.head_bone] if built.armature else built.empties[0]
    turned.rotation_euler.x = 0.3
    bpy.context.view_layer.update()
    moved = {obj: np.linalg.norm(surface(obj) - before[obj], axis=1) for obj in built.meshes}
    assert all(moved[obj].min() > 0.001 for obj in built.on_head)
    assert moved[built.main][built.skull].min() > 0.01
    assert all(moved[obj].max() < NUMERIC for obj in built.body)
    assert moved[built.main][built.torso].max(initial=0.0) < NUMERIC


@pytest.mark.parametrize("kind", ["placeholders", "VRoid-like", "visemes"])
def test_the_shape_of_an_open_mouth_opens_it(scene, kind) -> None:
    built = KINDS[kind](PLACEMENTS["plain"])
    before = surface(built.main)
    keys = built.main.data.shape_keys.key_blocks
    for name in vocabulary_kinds.EMPTY:
        if name in keys:
            keys[name].value = 1.0
    bpy.context.view_layer.update()
    assert np.abs(surface(built.main) - before).max() < 1e-6
    keys[built.opens_mouth].value = 1.0
    bpy.context.view_layer.update()
    assert np.linalg.norm(surface(built.main) - before, axis=1).max() > 0.01


def test_placeholders_have_every_arkit_name(scene) -> None:
    names = vocabulary_kinds.build_placeholders().main.data.shape_keys.key_blocks.keys()
    assert set(armature_kind.arkit_shapes()) <= set(names)


def test_a_walk_moves_the_body_and_custom_shapes_the_face(scene) -> None:
    built = armature_kind.build(armature_kind.Options(with_walk=True))
    before = [surface(obj) for obj in (built.body[0], built.main)]
    scene.frame_set(7)
    assert np.abs(surface(built.body[0]) - before[0]).max() > 0.01
    scene.frame_set(1)
    built = changes.add_custom_shapes(built)
    assert np.abs(surface(built.main) - before[1]).max() > 1e-4
    keys = built.main.data.shape_keys.key_blocks
    assert [keys[name].value for name in built.neutral] == pytest.approx(list(changes.CUSTOM.values()))


@pytest.mark.parametrize("label", other_makers.CHARACTERS)
def test_characters_of_other_makers_load(scene, shared, label) -> None:
    built = other_makers.load(label, shared / "characters")
    assert built.opens_mouth in built.main.data.shape_keys.key_blocks
    assert len(built.skull) > 20
    assert not set(built.skull) & set(built.torso)

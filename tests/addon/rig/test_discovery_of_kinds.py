"""The search on the built kinds of characters, in every placement."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from diface_addon.rig.discovery.discover import discover
from tests.addon.characters import armature_kind, changes, empties_kind, vocabulary_kinds
from tests.addon.characters.kinds import PLACEMENTS
from tests.addon.rig.test_discovery import expected_facing

KINDS = {
    "armature": lambda place: armature_kind.build(armature_kind.Options(place, with_jaw=True)),
    "empties": lambda place: empties_kind.build(place, with_action=True),
    "placeholders": vocabulary_kinds.build_placeholders,
    "VRoid-like": vocabulary_kinds.build_vroid,
    "visemes": vocabulary_kinds.build_visemes,
}


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACEMENTS)
@pytest.mark.parametrize("kind", ["armature", "empties"])
def test_whole_character_in_every_placement(scene, kind, place) -> None:
    built = KINDS[kind](PLACEMENTS[place])
    for picked in (*built.meshes, *built.empties, *([built.armature] if built.armature else [])):
        found = discover(picked)
        assert found.main == built.main
        assert {*found.faces[1:], *found.on_head} == set(built.on_head)
        assert found.body == built.body
        assert found.armature == built.armature
        assert found.bones.head == built.head_bone
        assert (found.head_object is None) == bool(built.head_bone)
        assert np.allclose(found.facing, expected_facing(built.world), atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind(scene, kind) -> None:
    built = changes.add_custom_shapes(KINDS[kind](PLACEMENTS["plain"]))
    changes.mute_shapes(built, ("jawOpen", "eyeBlinkLeft"))
    found = discover(built.main)
    assert found.main == built.main
    assert {*found.faces[1:], *found.on_head} == set(built.on_head)
    assert found.body == built.body
    assert (found.bones.head, found.armature) == (built.head_bone, built.armature)
    assert np.allclose(found.facing, np.eye(3), atol=1e-3)


@pytest.mark.parametrize("kind", ["armature", "empties"])
def test_two_of_a_kind_under_one_root(scene, kind) -> None:
    root = bpy.data.objects.new("All", None)
    scene.collection.objects.link(root)
    pair = [KINDS[kind](PLACEMENTS[place]) for place in ("plain", "facing +X, moved")]
    for built in pair:
        outer = built.armature or built.empties[0]
        outer.parent = root
    bpy.context.view_layer.update()
    for built in pair:
        for picked in built.meshes:
            found = discover(picked)
            assert {*found.faces, *found.on_head, *found.body} == set(built.meshes)
            assert found.armature == built.armature
    assert discover(root) is None

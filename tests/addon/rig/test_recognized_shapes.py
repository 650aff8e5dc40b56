"""Faces whose shape keys have names that say nothing are found and keyed by what the shapes move."""

from __future__ import annotations

import bpy
import pytest

from diface_addon.core import channels
from diface_addon.rig import binding
from diface_addon.rig.discovery.discover import discover
from diface_addon.rig.mapping import face_mapping
from diface_addon.rig.recognition import stored_shapes
from diface_addon.scene.animation import active_curves, character_checks
from tests.addon.characters import vocabulary_kinds
from tests.addon.characters.kinds import PLACEMENTS

from . import small_characters

MOUTH = {name for name in channels.FACE if name.startswith(("jaw", "mouth"))}


def keyed(character) -> dict[str, str]:
    """Return the shape key of each channel of the main mesh."""
    mapping = face_mapping.face_mapping({"KEY": character.main}, {"KEY": ()})
    return {target.channel: target.name for target in mapping.targets["KEY"] if target.is_channel}


@pytest.mark.parametrize("place", ["plain", "facing +Y", "180 m tall", "2.7 cm tall"])
def test_numbered_shapes_are_found_from_the_armature(scene, place) -> None:
    built = vocabulary_kinds.build_numbered(PLACEMENTS[place])
    character = discover(built.armature)
    assert character is not None
    assert character.main == built.main
    assert set(built.faces) == set(character.faces)
    assert character.bones.head == built.head_bone
    binding.bind(character)
    found = {channel: int(name.removeprefix("target_")) for channel, name in keyed(character).items()}
    shared = {channel: number for channel, number in found.items() if channel in MOUTH}
    assert shared == {channel: list(channels.FACE).index(channel) for channel in shared}
    assert len(shared) >= 24
    assert {"jawOpen", "mouthClose"} <= active_curves.mapping(built.main).channels


def test_numbered_shapes_may_be_generated_before_they_are_bound(scene) -> None:
    built = vocabulary_kinds.build_numbered()
    assert active_curves.has_face(built.main)
    character_checks.check(built.main, ("face", "head"))
    assert any("recognized by what they move" in note for note in discover(built.main).notes)


def test_what_was_recognized_is_forgotten_with_the_binding(scene) -> None:
    built = vocabulary_kinds.build_numbered()
    binding.bind(discover(built.main))
    assert stored_shapes.read(built.main)
    binding.unbind(built.main)
    assert not stored_shapes.read(built.main)


def test_faces_with_names_are_not_looked_at(scene) -> None:
    head = small_characters.add_head()
    character = discover(head)
    assert not character.recognized
    binding.bind(character)
    assert stored_shapes.RECOGNIZED not in head


def test_other_shape_keys_are_no_face(scene) -> None:
    cube = small_characters.add_mesh("Crate", (0, 0, 1), (0.5, 0.5, 0.5))
    cube.shape_key_add(name="Basis", from_mix=False)
    for number in range(4):
        key = cube.shape_key_add(name=f"Key {number + 1}", from_mix=False)
        for vertex in key.data:
            vertex.co.x *= 1.0 + 0.1 * number
    assert not discover(cube).recognized
    assert not active_curves.has_face(cube)


def test_damaged_store_is_no_recognition(scene) -> None:
    head = small_characters.add_head()
    for stored in ("{", "[1]", '{"a": 1}', '{"a": {"jawOpen": "x"}}', '{"a": {"tail": 1.0}}'):
        head[stored_shapes.RECOGNIZED] = stored
        assert not any(stored_shapes.read(head).values())
    bpy.data.objects.remove(head)

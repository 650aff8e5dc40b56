"""Shape keys in the naming conventions of rigs."""

from __future__ import annotations

import pytest

from diface_addon.core import channels
from diface_addon.scene.characters import shape_key_names
from tests.addon.scene import scenes


def short(name: str, left: str, right: str) -> str:
    """mouthSmileLeft -> mouthSmile_L"""
    for side, letter in (("Left", left), ("Right", right)):
        if name.endswith(side):
            return name.removesuffix(side) + letter
    return name


def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


SPELLINGS = {
    "as ARKit": lambda name: name,
    "capital": lambda name: name[0].upper() + name[1:],
    "lower case": str.lower,
    "upper case": str.upper,
    "snake case": snake,
    "_L": lambda name: short(name, "_L", "_R"),
    ".l": lambda name: short(name, ".l", ".r"),
    "L": lambda name: short(name, "L", "R"),
    "_Left": lambda name: short(name, "_Left", "_Right"),
    "A.": lambda name: f"A.{name}",
    "ARKit_": lambda name: f"ARKit_{name}",
    ".001": lambda name: f"{name}.001",
    "1": lambda name: f"{short(name, '_L', '_R')}1",
    "_2": lambda name: f"A.{name}_2",
    "blendShape1.": lambda name: f"blendShape1.{name}",
    "head_geo|bs.": lambda name: f"head_geo|bs.{short(name, '_L', '_R')}",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_channel_is_found_in_every_spelling(spelling) -> None:
    names = {SPELLINGS[spelling](channel): channel for channel in channels.SHAPES}
    assert {name: shape_key_names.channel_for_name(name) for name in names} == names


@pytest.mark.parametrize("name", ["Basis", "smile", "jaw", "Key 1", "mouth", "_L", "", "...", "openJaw", "jawOpenWide"])
def test_other_names_are_not_channels(name) -> None:
    assert shape_key_names.channel_for_name(name) is None


def test_exact_spelling_is_preferred(scene) -> None:
    obj = scenes.add_character(scene, ("A.jawOpen", "JAWOPEN", "jawOpen", "jaw_open", "mouthSmile_L"))
    assert shape_key_names.face_shape_keys(obj) == {"jawOpen": "jawOpen", "mouthSmileLeft": "mouthSmile_L"}


def test_exact_and_unnumbered_names_are_preferred_to_numbered_ones(scene) -> None:
    names = ("jawOpen.001", "jawOpen1", "jaw_open", "mouthPucker.001", "mouthPucker.002", "cheekPuff2", "cheekPuff")
    obj = scenes.add_character(scene, names)
    assert shape_key_names.face_shape_keys(obj) == {
        "jawOpen": "jaw_open", "cheekPuff": "cheekPuff", "mouthPucker": "mouthPucker.001",
    }  # fmt: skip
    obj.data.shape_keys.key_blocks["jawOpen1"].name = "jawOpen"
    assert shape_key_names.face_shape_keys(obj)["jawOpen"] == "jawOpen"


def test_basis_is_not_a_channel(scene) -> None:
    obj = scenes.add_character(scene)
    obj.data.shape_keys.reference_key.name = "cheekPuff"
    assert "cheekPuff" not in shape_key_names.face_shape_keys(obj)

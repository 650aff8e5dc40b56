"""Shapes are recognized by what they move: on the bundled head in another size, place, proportion and density."""

from __future__ import annotations

import numpy as np
import pytest

from diface_core.channels import FACE
from diface_core.faces.poses.shape_recognition import FEWEST, recognize
from tests.core.faces.poses.test_displacements import SHAPES, other_face

NUMBERED = {f"target_{number}": {channel: 1.0} for number, channel in enumerate(FACE)}
VISEMES = {
    "one": {"jawOpen": 0.6}, "two": {"jawOpen": 0.3, "mouthStretch": 0.5},
    "three": {"jawOpen": 0.4, "mouthFunnel": 0.7}, "four": {"mouthPucker": 0.9},
    "five": {"mouthPress": 0.8, "mouthRollLower": 0.3}, "six": {"mouthSmile": 0.9},
}  # fmt: skip


def test_numbered_shapes_of_arkit_are_its_channels() -> None:
    found = recognize(tuple(NUMBERED), *other_face(NUMBERED))
    wrong = {name: recipe for name, recipe in found.items() if recipe != NUMBERED[name]}
    assert not {channel for recipe in wrong.values() for channel in recipe if channel.startswith(("jaw", "mouth"))}
    assert len(found) - len(wrong) >= 45


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_the_shapes_does_not_matter(order: int) -> None:
    names = tuple(NUMBERED)[::order]
    vertices, deltas = other_face(NUMBERED)
    assert recognize(names, vertices, deltas[::order]) == recognize(tuple(NUMBERED), vertices, deltas)


def test_face_that_looks_the_other_way_keeps_its_left() -> None:
    vertices, deltas = other_face(NUMBERED)
    turned = np.array([-1, -1, 1], np.float32)
    assert recognize(tuple(NUMBERED), vertices * turned, deltas * turned) == recognize(
        tuple(NUMBERED), vertices, deltas
    )


def test_visemes_without_known_names_are_combinations() -> None:
    found = recognize(tuple(VISEMES), *other_face(VISEMES))
    assert found["one"]["jawOpen"] == pytest.approx(0.6, abs=0.15)
    assert found["three"]["jawOpen"] > found["two"]["jawOpen"] > found.get("four", {}).get("jawOpen", 0.0)
    assert found["four"]["mouthPucker"] > 0.5


def test_face_whose_mouth_stays_shut_is_not_taken_for_one() -> None:
    still = {name: recipe for name, recipe in SHAPES.items() if "jawOpen" not in recipe}
    assert recognize(tuple(still), *other_face(still)) == {}


def test_few_shapes_may_be_anything() -> None:
    few = dict(list(VISEMES.items())[: FEWEST - 1])
    assert recognize(tuple(few), *other_face(few)) == {}


def test_waves_of_a_cloth_are_no_face() -> None:
    across, along = np.meshgrid(np.linspace(-1, 1, 30), np.linspace(-1, 1, 30))
    vertices = np.stack([across, np.zeros_like(across), along], axis=2).reshape(-1, 3).astype(np.float32)
    deltas = np.zeros((8, len(vertices), 3), np.float32)
    for number in range(8):
        deltas[number, :, 1] = 0.1 * np.sin((number + 1) * np.pi * vertices[:, 0])
    assert recognize(tuple("abcdefgh"), vertices, deltas) == {}


def test_nothing_is_no_face() -> None:
    assert recognize((), np.zeros((4, 3), np.float32), np.zeros((0, 4, 3), np.float32)) == {}
    assert recognize(("a", "b", "c"), np.zeros((4, 3), np.float32), np.zeros((3, 4, 3), np.float32)) == {}

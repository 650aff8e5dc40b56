"""Shapes are measured on another face: the bundled head in another size, place, proportion and density."""

from __future__ import annotations

import numpy as np
import pytest

from diface_core.channels import FACE
from diface_core.faces.head import load_head
from diface_core.faces.poses.displacements import MeasuredPoses, moving_shapes, poses_from_displacements
from diface_core.faces.poses.pose_channels import to_channels
from diface_core.faces.poses.pose_set import PoseSet, pose_set
from diface_core.faces.poses.solve_poses import solve
from diface_core.types import Float32Array
from tests.core.faces.poses.test_solve_poses import aperture, correlation

SHAPES: dict[str, dict[str, float]] = {
    "drop": {"jawOpen": 0.8}, "oo": {"mouthPucker": 1.0}, "grin": {"mouthSmile": 0.9}, "sad": {"mouthFrown": 1.0},
    "shut eyes": {"eyeBlink": 1.0}, "stare": {"eyeWide": 1.0}, "cross": {"browDown": 1.0}, "left": {"mouthLeft": 1.0},
    "lip up": {"mouthUpperUp": 1.0}, "lip down": {"mouthLowerDown": 1.0}, "puff": {"cheekPuff": 1.0},
    "brows": {"browInnerUp": 1.0, "browOuterUp": 1.0},
}  # fmt: skip


def other_face(recipes: dict[str, dict[str, float]]) -> tuple[Float32Array, Float32Array]:
    """Return vertices and offsets of the shapes on a larger, wider, coarser face that stands 1.6 above the ground."""
    head = load_head()
    skin = np.flatnonzero(np.isin(np.arange(len(head.vertices)), head.landmarks["skin"]))[::2]
    proportions = np.array([11.0, 10.0, 9.5], np.float32)
    poses = pose_set(recipes)
    deltas = np.tensordot(poses.recipes, head.deltas[:, skin], axes=1)
    vertices = head.vertices[skin] * proportions + np.array([0.3, -2.0, 16.0], np.float32)
    return vertices.astype(np.float32), (deltas * proportions).astype(np.float32)


def measure(recipes: dict[str, dict[str, float]], known: PoseSet | None = None) -> MeasuredPoses:
    measured = poses_from_displacements(tuple(recipes), *other_face(recipes), known)
    assert measured is not None
    return measured


def main_channel(poses: PoseSet, name: str) -> str:
    return FACE[int(np.argmax(poses.recipes[poses.names.index(name)]))].removesuffix("Left").removesuffix("Right")


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_without_known_names_are_measured(name: str) -> None:
    measured = measure(SHAPES)
    expected = {channel.removesuffix("Left").removesuffix("Right") for channel in SHAPES[name]}
    assert main_channel(measured.poses, name) in expected
    assert measured.confidence[measured.poses.names.index(name)] > 0.5
    assert 80 < measured.scale < 125


def test_measured_shapes_speak(motion: Float32Array) -> None:
    measured = measure(SHAPES)
    truth = pose_set(SHAPES)
    weights = solve(motion, measured.poses)
    order = [truth.names.index(name) for name in measured.poses.names]
    solved = aperture((weights @ truth.recipes[order]).astype(np.float32))
    assert correlation(solved, aperture(motion)) > 0.9
    assert solved[aperture(motion) < 0.5].max() < 1.0
    assert to_channels(weights, measured.poses).shape == motion.shape


def test_mouth_only_faces_are_measured() -> None:
    mouth = {name: SHAPES[name] for name in ("drop", "oo", "grin", "lip up", "lip down", "sad")}
    measured = measure(mouth)
    for name in ("drop", "oo", "grin"):
        assert main_channel(measured.poses, name) in SHAPES[name]


@pytest.mark.parametrize("amount", [0.6, 1.0, 1.6])
def test_known_shape_keeps_its_channels_and_gets_the_amount_of_this_face(amount: float) -> None:
    sounds = {"aa": {"jawOpen": 0.5}, "oo": {"mouthPucker": 0.8}, "ee": {"mouthStretch": 0.5, "jawOpen": 0.1}}
    sounds["blink"] = {"eyeBlink": 1.0}
    drawn = {**sounds, "aa": {"jawOpen": 0.5 * amount}}
    measured = measure(drawn, pose_set(sounds))
    assert measured.poses.names == tuple(sounds)
    jaw = FACE.index("jawOpen")
    assert measured.poses.recipes[0, jaw] == pytest.approx(0.5 * amount, rel=0.15)
    assert np.count_nonzero(measured.poses.recipes[0]) == 1
    assert measured.poses.recipes[3].max() == 1.0
    assert measured.confidence.min() > 0.8


def test_wrong_name_is_replaced_by_what_the_shape_does() -> None:
    named = {**SHAPES, "oo": {"jawOpen": 0.5}}
    measured = measure(SHAPES, pose_set(named))
    assert main_channel(measured.poses, "oo") == "mouthPucker"


def test_shape_that_moves_nothing_is_no_target() -> None:
    recipes = {**SHAPES, "jawOpen": {}, "Fcl_Neutral": {}}
    vertices, deltas = other_face(recipes)
    assert moving_shapes(deltas).tolist() == [True] * len(SHAPES) + [False, False]
    measured = poses_from_displacements(tuple(recipes), vertices, deltas)
    assert measured is not None
    assert measured.poses.names == tuple(SHAPES)


def test_faces_that_cannot_be_measured() -> None:
    vertices, deltas = other_face({"drop": {"jawOpen": 1.0}})
    assert poses_from_displacements(("drop",), vertices, np.zeros_like(deltas)) is None
    assert poses_from_displacements((), vertices, deltas[:0]) is None
    few = np.zeros((1, 4, 3), np.float32)
    few[0, 1] = 1.0
    assert poses_from_displacements(("drop",), vertices[:4], few) is None


def test_measuring_is_deterministic() -> None:
    first, second = measure(SHAPES), measure(SHAPES)
    assert np.array_equal(first.poses.recipes, second.poses.recipes)

"""Solved weights look like the motion, close the lips, and change as smoothly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from diface_core.channels import FACE
from diface_core.faces.head import load_head
from diface_core.faces.poses.interior_point import solve_boxes
from diface_core.faces.poses.known_poses import known_poses
from diface_core.faces.poses.pose_channels import pinned_channels, to_channels
from diface_core.faces.poses.pose_set import PoseSet, channel_poses, pose_set
from diface_core.faces.poses.solve_poses import SWEEPS, solve
from diface_core.types import Float32Array, FrameRate
from tests.core.faces.poses.conftest import CONVENTIONS

VISEMES = [name for name in CONVENTIONS if name not in ("MakeHuman", "FACS")]
EYES = {"VRChat", "VRM 0", "VRM 1", "VRoid", "MMD", "Genesis", "MakeHuman", "FACS"}


def known(convention: str) -> PoseSet:
    poses = known_poses(CONVENTIONS[convention])
    assert poses is not None
    return poses


def aperture(channels: Float32Array) -> npt.NDArray[np.float64]:
    """Return the aperture (T,) in mm of the middle of the bundled head's lips; lips that overlap count as 0."""
    return np.maximum(signed_aperture(channels), 0.0)


def signed_aperture(channels: Float32Array) -> npt.NDArray[np.float64]:
    """Return the same; lips that overlap count below 0."""
    head = load_head()
    upper, lower = (head.landmarks[f"{lip}_inner_lip"] for lip in ("upper", "lower"))
    middle = len(upper) // 2
    opening = (head.deltas[:, upper[middle]] - head.deltas[:, lower[middle]]) * 1000
    return channels @ opening[:, 2]


def correlation(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    return float(np.corrcoef(first, second)[0, 1])


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_mouth_opens_as_the_motion_and_closes_with_it(convention: str, motion: Float32Array) -> None:
    poses = known(convention)
    weights = solve(motion, poses)
    solved = aperture(to_channels(weights, poses))
    assert correlation(solved, aperture(motion)) > 0.97
    assert 0.85 < solved.std() / aperture(motion).std() < 1.15
    closed = aperture(motion) < 0.5
    assert closed.sum() > 20
    assert solved[closed].max() < 1.0
    assert (weights >= poses.low).all()
    assert (weights <= poses.high).all()


@pytest.mark.parametrize("convention", sorted(EYES))
def test_eyes_blink(convention: str, motion: Float32Array) -> None:
    poses = known(convention)
    solved = to_channels(solve(motion, poses), poses)
    for side in ("Left", "Right"):
        blink = FACE.index(f"eyeBlink{side}")
        assert correlation(solved[:, blink], motion[:, blink]) > 0.9
        assert solved[:, blink].max() > 0.8


@pytest.mark.parametrize("convention", VISEMES)
def test_weights_are_sparse_and_never_switch(convention: str, motion: Float32Array) -> None:
    poses = known(convention)
    weights = solve(motion, poses)
    assert (weights > 0.01).sum(axis=1).mean() < 6.5
    assert np.abs(np.diff(weights, axis=0)).max() < 0.6
    # A weight changes no faster than the motion makes it: halving the steps in time halves the steps of the weights.
    between = np.stack([motion[:-1], (motion[1:] + motion[:-1]) / 2], axis=1).reshape(-1, len(FACE))
    fine = solve(between, poses, FrameRate(60))
    assert np.abs(np.diff(fine, axis=0)).max() < 0.75 * np.abs(np.diff(weights, axis=0)).max()


@pytest.mark.parametrize("convention", ["Oculus", "MMD", "MakeHuman"])
def test_range_solved_alone_agrees(convention: str, motion: Float32Array) -> None:
    poses = known(convention)
    whole = solve(motion, poses)
    alone = solve(motion[60:160], poses)
    difference = np.abs(alone - whole[60:160])
    assert difference[SWEEPS:-SWEEPS].max() < 1e-6
    assert difference[8:-8].max() < 2e-3
    assert np.array_equal(solve(motion, poses), whole)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_channels_of_weights_solve_to_the_same_face(convention: str, motion: Float32Array) -> None:
    poses = known(convention)
    first = to_channels(solve(motion, poses), poses)
    weights = solve(first, poses)
    again = to_channels(weights, poses)
    assert np.abs(again - first).mean() < 0.01
    assert correlation(aperture(again), aperture(first)) > 0.995
    assert np.abs(solve(again, poses) - weights).mean() < 0.01


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_one_pose_is_found_again(convention: str) -> None:
    poses = known(convention)
    for number, name in enumerate(poses.names):
        weights = np.zeros((9, len(poses)), np.float32)
        weights[:, number] = 0.8
        face = to_channels(weights, poses)
        again = to_channels(solve(face, poses), poses)
        assert np.abs(again - face).max() < 0.2, name


def test_channels_as_poses_are_kept(motion: Float32Array) -> None:
    poses = channel_poses({name.upper(): name for name in FACE})
    weights = solve(motion, poses)
    lips = [FACE.index(name) for name in ("jawOpen", "mouthPucker", "eyeBlinkLeft", "browInnerUp")]
    for column in lips:
        assert correlation(weights[:, column], motion[:, column]) > 0.9


def test_of_poses_with_one_recipe_one_is_used(motion: Float32Array) -> None:
    single = solve(motion, pose_set({"A": {"jawOpen": 0.5}, "U": {"mouthPucker": 0.9}}))
    double = solve(motion, pose_set({"A": {"jawOpen": 0.5}, "AI": {"jawOpen": 0.5}, "U": {"mouthPucker": 0.9}}))
    assert not double[:, 1].any()
    assert np.allclose(double[:, [0, 2]], single, atol=0.01)


def test_bounds_are_kept(motion: Float32Array) -> None:
    poses = known("Oculus")
    high = np.full(len(poses), 0.25, np.float32)
    high[0] = 0.0
    weights = solve(motion, replace(poses, high=high))
    assert (weights <= high).all()
    assert weights.max() == np.float32(0.25)
    low = np.full(len(poses), 0.05, np.float32)
    assert (solve(motion, replace(poses, low=low)) >= low).all()


def test_shape_that_closes_an_open_mouth_closes_it() -> None:
    poses = pose_set({"open": {"jawOpen": 0.6}, "shut": {"mouthClose": 0.6}})
    speech = np.zeros((12, len(FACE)), np.float32)
    speech[:, [FACE.index("jawOpen"), FACE.index("mouthClose")]] = 0.3
    weights = solve(speech, poses)
    assert weights[:, 1].min() > 0.3
    assert aperture(to_channels(weights, poses)).max() < 0.5


def test_lips_meet_with_poses_and_the_shapes_beside_them(motion: Float32Array) -> None:
    names = {"jawOpen", "mouthPressLeft", "mouthPressRight", "mouthUpperUpLeft", "mouthUpperUpRight"}
    poses = channel_poses({name: name for name in sorted(names)})
    is_beside = np.array([name not in names for name in FACE])
    shown = np.where(is_beside, motion, np.float32(0.0))
    face = to_channels(solve(motion, poses, beside=shown), poses) + shown
    closed = aperture(motion) < 0.5
    assert aperture(face)[closed].max() < 0.5
    assert signed_aperture(face)[closed].min() > -1.0  # nor are they pushed into each other
    assert correlation(signed_aperture(face), signed_aperture(motion)) > 0.999


def test_part_that_other_shapes_show_moves_no_pose(motion: Float32Array) -> None:
    poses = known("Oculus")
    smile = np.zeros_like(motion)
    smile[:, [FACE.index("mouthSmileLeft"), FACE.index("mouthSmileRight")]] = 0.6
    rest = motion * (smile == 0)
    assert solve(rest + smile, poses, beside=smile) == pytest.approx(solve(rest, poses), abs=0.02)


def test_empty_input(motion: Float32Array) -> None:
    poses = known("Oculus")
    assert solve(motion[:0], poses).shape == (0, len(poses))
    assert solve(motion[:1], poses).shape == (1, len(poses))
    assert solve(motion, poses.select(set())).shape == (len(motion), 0)
    with pytest.raises(ValueError, match="52"):
        solve(motion[:, :51], poses)


def test_pinned_channels_are_the_change_through_the_recipes(motion: Float32Array) -> None:
    poses = known("Oculus")
    before = solve(motion, poses)
    after = before.copy()
    pose = poses.names.index("viseme_aa")
    after[40, pose] = 1.0
    channels, changed = pinned_channels(motion, before, after, poses)
    assert not changed[:40].any()
    assert not changed[41:].any()
    assert {FACE[column] for column in np.flatnonzero(changed[40])} == {
        FACE[column] for column in np.flatnonzero(poses.recipes[pose])
    }
    jaw = FACE.index("jawOpen")
    step = (1.0 - before[40, pose]) * poses.recipes[pose, jaw]
    assert channels[40, jaw] == pytest.approx(motion[40, jaw] + step, abs=1e-6)
    assert np.array_equal(channels[~changed], motion[~changed])
    solved = solve(channels, poses)
    assert solved[40, pose] > before[40, pose] + 0.3
    assert aperture(to_channels(solved, poses))[40] == pytest.approx(aperture(channels)[40], rel=0.1)


def test_unchanged_weights_change_no_channel(motion: Float32Array) -> None:
    poses = known("MMD")
    weights = solve(motion, poses)
    channels, changed = pinned_channels(motion, weights, weights, poses)
    assert np.array_equal(channels, motion)
    assert not changed.any()
    with pytest.raises(ValueError, match="weights"):
        to_channels(weights[:, 1:], poses)
    with pytest.raises(ValueError, match="motion"):
        pinned_channels(motion[1:], weights, weights, poses)


@pytest.mark.parametrize("seed", range(3))
def test_interior_point_meets_the_conditions_of_the_solution(seed: int) -> None:
    generator = np.random.default_rng(seed)
    features = generator.normal(size=(12, 5)) * 3
    linear, extra = generator.normal(size=(40, 12)) * 10, generator.normal(size=(40, 12))
    low, high = np.zeros(12), np.full(12, 1.0)
    solution = solve_boxes(features, np.ones(12), linear, extra, low, high)
    gradient = solution @ features @ features.T + solution - linear
    gradient += extra * np.sum(extra * solution, axis=1, keepdims=True)
    inside = (solution > 0.01) & (solution < 0.99)
    assert inside.any()
    assert np.abs(gradient[inside]).max() < 0.05
    assert (gradient[solution < 1e-4] > -0.05).all()
    assert (gradient[solution > 1 - 1e-4] < 0.05).all()

"""Shapes by registration, on the bundled head in another form, size, place and direction: its true shapes are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from diface_core.channels import FACE
from diface_core.errors import Cancelled, SceneError
from diface_core.faces.head import Head, load_head
from diface_core.faces.meshes.finer import divide_longest
from diface_core.faces.registration.humanoid_shapes import MAX_VERTICES, HumanoidShapes, humanoid_shapes
from diface_core.faces.registration.measure_registration import RegistrationMeasurement, lid_gap, lip_gap
from diface_core.faces.registration.template import Template
from diface_core.faces.transfer.flame_lids import Eyeball
from diface_core.types import Progress

pytestmark = pytest.mark.slow

MM = 1000.0
SCALE = 100.0
"""The head is in centimetres."""


def another_form(points: np.ndarray) -> np.ndarray:
    """Points (N, 3) of another head: a longer and narrower face, a wide jaw, a smaller nose, in metres."""
    x, y, z = points.T
    jaw = 1 + 0.08 * np.exp(-(((z + 0.06) / 0.03) ** 2))
    nose = 0.006 * np.exp(-((x / 0.014) ** 2) - (((z - 0.005) / 0.018) ** 2)) * (y < -0.07)
    return np.stack([0.95 * jaw * x, 1.03 * y + nose, 1.06 * z + 0.003 * np.sin(20 * z)], axis=1)


def placed(points: np.ndarray) -> np.ndarray:
    """Points on a character that looks along +X, in centimetres, 150 cm above the ground."""
    turned = np.stack([-points[:, 1], points[:, 0], points[:, 2]], axis=1)
    return SCALE * turned + (20.0, -30.0, 150.0)


@dataclass(frozen=True)
class Case:
    """The bundled head in another form, its result, and its true shapes in the bundled head's frame."""

    head: Head
    result: HumanoidShapes
    measured: RegistrationMeasurement
    stages: list[Progress]


@pytest.fixture(scope="module")
def case() -> Case:
    head, stages = load_head(), []
    rest = another_form(head.vertices.astype(np.float64))
    result = humanoid_shapes(placed(rest), head.triangles(), stages.append)
    return Case(head, result, _measure(head, result), stages)


def _measure(head: Head, result: HumanoidShapes) -> RegistrationMeasurement:
    """Compare a result on the bundled head in another form with its true shapes."""
    rest = another_form(head.vertices.astype(np.float64))
    align = result.alignment
    turn = align.scale * align.rotation

    def in_frame(offsets: np.ndarray) -> np.ndarray:
        return (placed(offsets) - placed(np.zeros((1, 3)))) @ turn.T

    truth = {
        name: in_frame(another_form((head.vertices + deltas).astype(np.float64)) - rest)
        for name, deltas in zip(FACE, head.deltas, strict=True)
    }
    offsets = {
        name: deltas.astype(np.float64) @ turn.T
        for name, deltas in zip(result.shapes.names, result.shapes.deltas, strict=True)
    }
    return RegistrationMeasurement(result, offsets, truth)


def test_all_shapes_are_there(case: Case) -> None:
    assert case.result.shapes.names == FACE
    assert case.result.shapes.notes == ()


@pytest.mark.parametrize(
    ("name", "most"),
    [("jawOpen", 1.5), ("mouthPucker", 0.8), ("mouthSmileLeft", 0.8), ("mouthFunnel", 0.8), ("mouthUpperUpRight", 0.5)],
)
def test_shapes_are_near_the_true_ones(case: Case, name: str, most: float) -> None:
    apart, motion = case.measured.error(name)
    assert apart * MM < most
    assert apart < 0.4 * motion


def test_mean_over_the_lower_face(case: Case) -> None:
    assert np.mean([case.measured.error(name)[0] for name in FACE]) * MM < 0.4


@pytest.mark.parametrize(
    "pose",
    [
        {"jawOpen": 1, "mouthClose": 1},
        {"mouthPucker": 1},
        {"mouthSmileLeft": 1, "mouthSmileRight": 1},
        {"mouthLeft": 1},
    ],
)
def test_closed_lips_stay_closed(case: Case, pose: dict[str, float]) -> None:
    assert lip_gap(case.measured, pose) * MM < 0.5


def test_jaw_opens_the_lips(case: Case) -> None:
    assert lip_gap(case.measured, {"jawOpen": 1.0}) * MM > 20


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_lids_meet_in_a_blink(case: Case, side: str) -> None:
    assert lid_gap(case.measured, side) * MM < 0.6


def test_lower_teeth_turn_with_the_jaw_and_upper_ones_stay(case: Case) -> None:
    opened, marks = case.measured.offsets["jawOpen"], case.head.landmarks
    assert not opened[marks["upper_teeth"]].any()
    lower = marks["lower_teeth"]
    rest = case.result.target.vertices[lower]
    posed = rest + opened[lower]
    assert opened[lower, 2].mean() * MM < -15
    sides = [np.linalg.norm(points - points.mean(axis=0), axis=1) for points in (rest, posed)]
    assert np.abs(sides[1] - sides[0]).max() * MM < 0.01


def test_eyes_turn_about_their_centres(case: Case) -> None:
    ball = case.head.landmarks["eyeball_left"]
    moved = case.measured.offsets["eyeLookOutLeft"][ball]
    rest = case.result.target.vertices[ball]
    assert np.linalg.norm(moved, axis=1).max() * MM > 2
    assert np.linalg.norm(Eyeball.fit(rest + moved).centre - Eyeball.fit(rest).centre) * MM < 0.05
    assert not case.measured.offsets["eyeLookOutLeft"][case.head.landmarks["eyeball_right"]].any()


def test_nothing_else_moves(case: Case) -> None:
    for part in ("shirt", "neck_border"):
        assert not case.result.shapes.deltas[:, case.head.landmarks[part]].any()
    for name in ("jawOpen", "mouthSmileLeft", "eyeBlinkLeft"):  # the brows' shapes move the hair's edge on the forehead
        assert not case.measured.offsets[name][case.head.landmarks["hair"]].any()
    blink = case.measured.offsets["eyeBlinkLeft"]
    assert not blink[case.result.target.vertices[:, 2] < -0.01].any()


def test_progress_rises_and_cancels(case: Case) -> None:
    fractions = [progress.fraction for progress in case.stages]
    assert fractions == sorted(fractions)
    assert len({progress.stage for progress in case.stages}) == 3

    def cancel(progress: Progress) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        humanoid_shapes(case.head.vertices, case.head.triangles(), cancel)


def test_a_finer_mesh_gets_the_same_shapes(case: Case) -> None:
    head = case.head
    rest = placed(another_form(head.vertices.astype(np.float64)))
    finer, faces, _ = divide_longest(rest, head.triangles(), 4 * len(rest))
    result = humanoid_shapes(finer, faces)
    assert result.shapes.names == case.result.shapes.names
    skin = head.landmarks["skin"]
    shapes, wanted = (np.stack(one.shapes.deltas)[:, skin] for one in (result, case.result))
    apart, motion = np.linalg.norm(shapes - wanted, axis=2), np.linalg.norm(wanted, axis=2)
    assert apart.mean() < 0.15 * motion.mean()
    turn = result.alignment.scale * result.alignment.rotation
    offsets = {name: deltas @ turn.T for name, deltas in zip(FACE, result.shapes.deltas, strict=True)}
    measured = RegistrationMeasurement(result, offsets, {})
    assert lip_gap(measured, {"jawOpen": 1, "mouthClose": 1}) * MM < 0.5


def test_mesh_without_a_mouth_is_refused() -> None:
    angles = np.stack(np.meshgrid(np.linspace(0.01, np.pi - 0.01, 40), np.arange(60) * np.pi / 30, indexing="ij"))
    ball = np.stack(
        [np.sin(angles[0]) * np.cos(angles[1]), np.sin(angles[0]) * np.sin(angles[1]), 1.3 * np.cos(angles[0])]
    )
    corner = (np.arange(39)[:, None] * 60 + np.arange(60)).ravel()
    beside = (np.arange(39)[:, None] * 60 + (np.arange(60) + 1) % 60).ravel()
    faces = np.concatenate(
        [np.stack([corner, corner + 60, beside], 1), np.stack([beside, corner + 60, beside + 60], 1)]
    )
    with pytest.raises(SceneError, match=r"No mouth|No human face"):
        humanoid_shapes(ball.reshape(3, -1).T, faces.astype(np.int32))


def test_large_and_tiny_meshes_are_refused() -> None:
    with pytest.raises(SceneError, match=f"{MAX_VERTICES + 1:,} vertices"):
        humanoid_shapes(np.zeros((MAX_VERTICES + 1, 3)), np.zeros((1, 3), np.int32))
    with pytest.raises(SceneError, match="too few faces"):
        humanoid_shapes(np.eye(3), np.array([[0, 1, 2]], np.int32))


def low_mouth(points: np.ndarray) -> np.ndarray:
    """Points (N, 3) of a head whose mouth and chin are 28 mm lower than the bundled head's: a long upper lip."""
    x, y, z = points.T
    return np.stack([x, y, z - 0.028 * np.clip((-0.004 - z) / 0.012, 0.0, 1.0) * (z > -0.3)], axis=1)


@pytest.fixture(scope="module")
def lying() -> Head:
    return load_head()


def picked(head: Head, points: np.ndarray) -> np.ndarray:
    """Return the landmarks (5, 3) of a head in another place, as a user sees them on its mesh."""
    marks = Template(head).picks
    near = np.linalg.norm(head.vertices[:, None] - marks[None], axis=2).argmin(axis=0)
    return points[near]


def test_landmarks_find_a_face_that_is_not_found_without(lying: Head) -> None:
    """A head that lies on its back, with a mouth far below its usual place."""
    form = low_mouth(lying.vertices.astype(np.float64))
    rest = np.stack([form[:, 0], form[:, 2], -form[:, 1]], axis=1)
    faces = lying.triangles()
    with pytest.raises(SceneError):
        humanoid_shapes(rest, faces)
    result = humanoid_shapes(rest, faces, landmarks=picked(lying, rest))
    opened = dict(zip(result.shapes.names, result.shapes.deltas, strict=True))["jawOpen"]
    moved = low_mouth((lying.vertices + lying.deltas[FACE.index("jawOpen")]).astype(np.float64))
    wanted = np.stack([moved[:, 0], moved[:, 2], -moved[:, 1]], axis=1) - rest
    lips = lying.landmarks["lips"]
    size = np.linalg.norm(wanted[lips], axis=1).mean()
    assert np.linalg.norm(opened[lips] - wanted[lips], axis=1).mean() < 0.6 * size  # a longer face opens its mouth more
    upper, lower = (lying.landmarks[f"{lip}_inner_lip"] for lip in ("upper", "lower"))
    assert (opened[upper, 1].max() - opened[lower, 1].min()) * MM > 20
    assert np.abs(opened[upper, 1]).min() * MM < 5


def test_landmarks_serve_an_ordinary_head_as_well(lying: Head) -> None:
    rest = placed(another_form(lying.vertices.astype(np.float64)))
    measured = _measure(lying, humanoid_shapes(rest, lying.triangles(), landmarks=picked(lying, rest)))
    assert measured.error("jawOpen")[0] * MM < 1.8
    assert np.mean([measured.error(name)[0] for name in FACE]) * MM < 0.4


def test_landmarks_that_are_no_face_are_refused(lying: Head) -> None:
    swapped = picked(lying, lying.vertices)[[4, 1, 2, 3, 0]]
    with pytest.raises(SceneError, match="landmarks"):
        humanoid_shapes(lying.vertices, lying.triangles(), landmarks=swapped)

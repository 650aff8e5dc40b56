"""Gaze at a target: the eyes are on it while head and target move, within what eyes do, and what is pinned stays."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from diface_core import channels
from diface_core.directing.articulation_controls import ArticulationControls
from diface_core.directing.direction import Direction
from diface_core.directing.gaze.controls import GazeControls
from diface_core.directing.gaze.eye_response import SIDES, EyeResponse
from diface_core.directing.gaze.geometry import MAX_VERGENCE, GazeGeometry, angle_between, angles
from diface_core.directing.gaze.head_turn import MAX_TURN
from diface_core.directing.gaze.look_at import look_at
from diface_core.directing.gaze.target import GazeTarget
from diface_core.directing.mood_controls import MoodControls
from diface_core.faces.poses import perception
from diface_core.layers.gaze import eye_look_weights
from diface_core.types import FrameRate, Pins
from tests.core.directing.test_articulation import pins_at, speech

NAMES, RATE, FINE = channels.EDITED, FrameRate(30), FrameRate(1000)
LISTENER = (0.1, -1.4, 0.15)
KINDS = ("SHAPE", "BONE", "TARGET")
EYES = np.array([[0.032, -0.1, 0.1], [-0.032, -0.1, 0.1]])


def geometry(points=LISTENER, kind="BONE", cuts=None) -> GazeGeometry:
    """Return a head of usual size that looks at one point, constant (3,) or (T, 3)."""
    at = np.asarray(points, float).reshape(-1, 1, 3)
    left, right = (EyeResponse(side, kind=kind) for side in SIDES)
    found = GazeGeometry(
        at, np.ones(1), EYES, (left, right), np.array([[0, 0.02, -0.1], [0, 0, 0]]), np.array([0.4, 0.6])
    )
    return found if cuts is None else dataclasses.replace(found, cuts=cuts)


def face(at=LISTENER) -> GazeGeometry:
    """Return a listener's eyes and mouth as target."""
    middle = np.array(at)
    points = middle + np.array([[-0.032, 0, 0], [0.032, 0, 0], [0, 0, -0.065]])
    return dataclasses.replace(geometry(), points=points[None], shares=np.array([0.4, 0.4, 0.2]))


def still(rows: int = 300) -> np.ndarray:
    return np.zeros((rows, len(NAMES)), np.float32)


def nodding(rows: int = 300, rate: FrameRate = RATE) -> np.ndarray:
    """Return a motion that nods, tilts and turns as a lively speaker does, with other eyes."""
    seconds, values = np.arange(rows) / rate.value, still(rows)
    for name, size, speed in zip(channels.HEAD, (0.12, 0.06, 0.15), (5.0, 2.3, 1.7), strict=True):
        values[:, NAMES.index(name)] = size * np.sin(speed * seconds)
    wander = 5 * np.stack([np.sin(seconds), np.cos(1.3 * seconds)], 1)
    for name, column in eye_look_weights(wander).items():
        values[:, NAMES.index(name)] = column
    return values


def run(values, target: GazeGeometry, rate=RATE, pins=None, seed=0, **controls) -> np.ndarray:
    chosen = GazeControls.constant(seed, **({"often": 1.0} | controls))
    return look_at(values, NAMES, rate, chosen, target, pins or Pins.empty())


def eye_directions(values: np.ndarray, target: GazeGeometry) -> np.ndarray:
    """Return the directions (T, 2, 3) of both eyes in the head's axes."""
    columns = [[NAMES.index(name) for name in response.names] for response in target.responses]
    return np.stack([r.directions(values[:, c]) for r, c in zip(target.responses, columns, strict=True)], axis=1)


def errors(values: np.ndarray, target: GazeGeometry, point: int = 0) -> np.ndarray:
    """Return the angles (T, 2) in degrees between the eyes and a point of the target."""
    head = values[:, -3:].astype(np.float64)
    wanted = target.from_eyes(target.points_of(len(values))[:, point], head)
    return angle_between(eye_directions(values, target), wanted)


def turn_of(values: np.ndarray) -> np.ndarray:
    """Return the head's yaw (T,) in degrees, to its left."""
    return np.degrees(values[:, NAMES.index("head_rz")])


# What stays as it is


@pytest.mark.parametrize("rows", [0, 1, 2, 240])
@pytest.mark.parametrize("controls", [{"weight": 0.0}, {"often": 0.0}])
def test_gaze_that_is_off_changes_no_bit(rows, controls):
    values = speech()[:rows]
    assert run(values, geometry(), **controls).tobytes() == values.tobytes()


def test_only_eyes_lids_and_head_move():
    values = speech()
    shown = run(values, geometry((1.5, -1.0, 0.2)))
    moved = {name for name, change in zip(NAMES, (shown != values).any(axis=0), strict=True) if change}
    assert moved <= {*channels.LAYERS["gaze"], *channels.LAYERS["blinks"], *channels.HEAD}
    assert set(channels.HEAD) < moved


@pytest.mark.parametrize("often", [0.3, 1.0])
def test_pinned_values_stay_to_the_bit(often):
    values = nodding()
    places = [(row, name) for name in ("eyeLookOutLeft", "head_rz", "eyeBlinkLeft") for row in (60, 61, 150)]
    pins = pins_at(*places)
    shown = run(values, geometry((1.5, -1.0, 0.2)), pins=pins, often=often, duration=1.0)
    for row, channel in zip(pins.row.astype(int), pins.channel, strict=True):
        assert shown[row, channel] == values[row, channel]
    assert (shown != values).any()


@pytest.mark.parametrize("at", [(0, 1.0, 0), (0.4, 2.0, 0.5), (0, 0.3, 2.0)])
def test_a_target_behind_the_head_is_left_alone(at):
    values = nodding()
    assert np.array_equal(run(values, geometry(at)), values)


def test_a_target_between_the_eyes_is_left_alone():
    values = nodding()
    assert np.array_equal(run(values, geometry(EYES.mean(axis=0))), values)


def test_a_motion_without_eyes_or_head_keeps_what_it_has():
    for names in (channels.HEAD, ("jawOpen",), channels.LAYERS["gaze"]):
        values = np.zeros((60, len(names)), np.float32)
        shown = look_at(values, names, RATE, GazeControls.constant(), geometry((0.6, -1, 0)), Pins.empty())
        assert shown.shape == values.shape
        assert np.isfinite(shown).all()
        assert shown.any() == (names != ("jawOpen",))


# On the target


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", [LISTENER, (0.0, -3.0, 0.1), (0.7, -1.2, 0.3), (-1.5, -1.2, 0.0), (0.1, -0.45, -0.05)])
def test_the_eyes_are_on_the_target_while_the_head_moves(kind, at):
    target = geometry(at, kind)
    found = errors(run(nodding(), target), target)
    assert found.max() < 0.5
    assert found.mean() < 0.01


@given(
    yaw=st.floats(-75, 75), pitch=st.floats(-25, 25), distance=st.floats(0.02, 20), often=st.floats(0.2, 1.0),
    seed=st.integers(0, 2**31), head=st.floats(0, 1),
)  # fmt: skip
@example(yaw=50.0, pitch=0.0, distance=0.0625, often=1.0, seed=0, head=1.0)
@settings(max_examples=60, deadline=None)
def test_the_eyes_never_diverge_nor_cross(yaw, pitch, distance, often, seed, head):
    direction = np.array([np.sin(np.radians(yaw)), -np.cos(np.radians(yaw)), np.tan(np.radians(pitch))])
    target = geometry(EYES.mean(axis=0) + distance * direction)
    shown = run(nodding(), target, seed=seed, often=often, head=head)
    looking = (shown[:, :52] != nodding()[:, :52]).any(axis=1)
    turned = angles(eye_directions(shown, target))[looking]
    vergence = turned[:, 1, 0] - turned[:, 0, 0]
    assert vergence.min(initial=0.0) > -0.3
    # Yaws differ by more than the angle between the eyes where these look up or down, and a limit moves these back.
    across = vergence * np.cos(np.radians(turned[:, :, 1].mean(axis=1)))
    assert across.max(initial=0.0) < MAX_VERGENCE + 1.5
    assert 0 <= shown[:, :52].min() <= shown[:, :52].max() <= 1


@pytest.mark.parametrize("speed", [10, 40])
def test_the_eyes_follow_a_target_that_moves(speed):
    seconds = np.arange(300) / RATE.value
    yaw = np.radians(30) * np.sin(speed / 30 * seconds)
    target = geometry(np.stack([1.4 * np.sin(yaw), -1.4 * np.cos(yaw), 0.1 + 0 * yaw], axis=1))
    found = errors(run(nodding(), target), target)
    assert np.quantile(found, 0.98) < 0.5


def test_a_target_that_jumps_is_reached_by_a_saccade_after_the_latency():
    rate = FrameRate(240)
    places = np.tile([0.0, -1.4, 0.1], (480, 1))
    places[240:, 0] = 0.35
    target = geometry(places)
    found = errors(run(still(480), target, rate, head=0.0), target).max(axis=1)
    late = np.flatnonzero(found > 0.5)
    assert found[late].max() > 10
    assert late[0] == 240
    assert 0.2 < (late[-1] - late[0]) / rate.value < 0.3


def test_after_a_cut_the_eyes_are_on_the_other_target_at_once():
    places = np.tile([0.0, -1.4, 0.1], (90, 1))
    places[45:, 0] = 0.35
    target = geometry(places, cuts=np.arange(90) == 45)
    assert errors(run(still(90), target), target).max() < 0.5


@pytest.mark.parametrize("amplitude", [5, 10, 15, 20])
def test_saccades_are_on_the_main_sequence(amplitude):
    places = np.tile([0.0, -5.0, 0.1], (2000, 1))
    places[1000:, 0] = 4.9 * np.tan(np.radians(amplitude))
    target = geometry(places)
    yaw = angles(eye_directions(run(still(2000), target, FINE, head=0.0), target))[:, :, 0].mean(axis=1)
    speed = np.abs(np.diff(yaw)) * FINE.value
    lasts = np.flatnonzero(speed > 1)
    assert 1000 * (0.025 + 0.0024 * amplitude) == pytest.approx(len(lasts), abs=6)
    assert {5: 200, 10: 320, 15: 400, 20: 440}[amplitude] < speed.max() < {5: 300, 10: 450, 15: 520, 20: 560}[amplitude]


def test_a_half_weight_is_half_way():
    target = geometry((0.4, -1.4, 0.1))
    whole, half = (angles(eye_directions(run(still(), target, weight=w), target))[:, :, 0] for w in (1.0, 0.5))
    np.testing.assert_allclose(half, whole / 2, atol=0.3)


def test_a_weight_that_is_keyed_changes_nothing_where_it_is_0():
    values, weight = nodding(), np.zeros((300, 4))
    weight[:] = GazeControls.constant(often=1.0).values
    weight[:150, 0] = 0.0
    shown = look_at(values, NAMES, RATE, GazeControls(weight), geometry((1.0, -1.2, 0.1)), Pins.empty())
    assert np.array_equal(shown[:150], values[:150])
    assert errors(shown, geometry((1.0, -1.2, 0.1)))[170:].max() < 0.5


# Eyes and head


def test_the_head_takes_no_part_of_small_angles_and_more_of_large_ones():
    turns = [
        turn_of(run(still(), geometry((np.sin(a) * 2, -0.1 - np.cos(a) * 2, 0.1))))[-1]
        for a in np.radians((0, 10, 17, 30, 50, 70))
    ]
    assert turns[:3] == [0, 0, 0]
    assert 5 < turns[3] < turns[4] < turns[5] <= MAX_TURN[0] + 0.1


def test_the_control_of_the_head_goes_from_the_eyes_alone_to_the_head_at_the_target():
    turns = [turn_of(run(still(), geometry((0.7, -1.3, 0.1)), head=h))[-1] for h in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert turns[0] == 0
    assert all(np.diff(turns) >= 0)
    assert turns[-1] == pytest.approx(np.degrees(np.arctan2(0.7, 1.2)), abs=0.5)


def test_the_head_arrives_after_the_eyes_and_without_jumps():
    places = np.tile([0.0, -1.4, 0.1], (90, 1))
    places[30:] = [1.2, -1.0, 0.1]
    target = geometry(places)
    shown = run(still(90), target)
    yaw = turn_of(shown)
    assert np.abs(np.diff(yaw)).max() * RATE.value < 250
    eyes = angles(eye_directions(shown, target))[:, :, 0].mean(axis=1)
    assert eyes.argmax() < np.flatnonzero(yaw > 0.9 * yaw[-1])[0]
    assert errors(shown, target)[60:].max() < 0.5


def test_large_shifts_come_with_blinks_and_small_ones_without():
    def blinks(at) -> int:
        lids = run(still(9000), geometry(at), often=0.5, duration=1.5)[:, NAMES.index("eyeBlinkLeft")]
        return int((np.diff(lids > 0.5, prepend=False) & (lids > 0.5)).sum())

    assert blinks((0.05, -1.4, 0.1)) == 0
    assert blinks((1.0, -1.2, 0.1)) > 30


# When


@pytest.mark.parametrize(("often", "duration"), [(0.8, 3.1), (0.5, 2.0), (0.2, 1.0), (0.95, 3.1)])
def test_share_and_duration_of_looks_are_those_of_the_controls(often, duration):
    target, rows = geometry(), 30 * 1200
    looking = errors(run(still(rows), target, often=often, duration=duration, seed=3), target).max(axis=1) < 0.5
    assert looking.mean() == pytest.approx(often, abs=0.06)
    begins = int((np.diff(looking.astype(int)) == 1).sum())
    expected = max(duration, 0.4 * often / (1 - often))
    assert looking.sum() / begins / RATE.value == pytest.approx(expected, rel=0.2)


def test_a_face_is_looked_at_in_its_eyes_and_now_and_then_at_its_mouth():
    target, rows = face(), 9000
    shown = run(still(rows), target)
    on = np.stack([errors(shown, target, point).max(axis=1) < 0.3 for point in range(3)])
    assert on.any(axis=0).mean() > 0.9
    np.testing.assert_allclose(on.mean(axis=1), [0.4, 0.4, 0.2], atol=0.07)
    changes = int((np.diff(on.argmax(axis=0)) != 0).sum())
    assert 0.5 < rows / RATE.value / changes < 1.5


def test_the_same_seed_looks_at_the_same_times_and_another_seed_at_others():
    shown = [run(nodding(900), face(), seed=seed, often=0.6) for seed in (0, 0, 1)]
    assert shown[0].tobytes() == shown[1].tobytes()
    assert (shown[0] != shown[2]).any(axis=1).mean() > 0.2


def test_looks_are_at_the_same_times_at_any_rate():
    fast = run(nodding(1200, FrameRate(60)), face(), FrameRate(60), often=0.6)[::2]
    slow = run(nodding(600), face(), often=0.6)
    assert np.quantile(np.abs(fast - slow), 0.99) < 0.02


def test_between_the_looks_the_eyes_do_what_the_motion_has():
    values = nodding(1800)
    shown = run(values, geometry(), often=0.5)
    same = (shown == values).all(axis=1)
    assert 0.35 < same.mean() < 0.6


# All directing together


def test_gaze_comes_after_mood_and_articulation():
    values, aperture = nodding(), perception.perception().aperture
    mood, target = MoodControls.constant(sad=1.0), geometry()
    direction = Direction(
        ArticulationControls.constant(head=1.5), mood, GazeTarget(GazeControls.constant(often=1.0), target)
    )
    shown = direction.apply(values, NAMES, RATE, Pins.empty(), aperture)
    assert errors(shown, target).max() < 0.5
    assert not direction.is_neutral
    other = dataclasses.replace(direction, gaze=GazeTarget(GazeControls.constant(often=1.0), geometry((0, -2, 0))))
    assert len({direction.signature, other.signature, dataclasses.replace(direction, gaze=None).signature}) == 3


def test_controls_and_places_that_make_no_sense_are_refused():
    for values in (np.zeros((3, 2)), np.full((1, 4), np.nan), np.zeros((0, 4))):
        with pytest.raises(ValueError, match="values must be"):
            GazeControls(values)
    with pytest.raises(ValueError, match="finite"):
        geometry((np.nan, 0, 0))
    with pytest.raises(ValueError, match="points must be"):
        dataclasses.replace(geometry(), shares=np.ones(2))

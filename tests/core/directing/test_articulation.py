"""Articulation: neutral is exact, pins stay, closed lips stay closed, and the rest follows the controls."""

from __future__ import annotations

import numpy as np
import pytest

from diface_core import channels
from diface_core.directing import articulation
from diface_core.directing.articulation_controls import (
    CONTROLS,
    NEUTRAL,
    PART_CHANNELS,
    ArticulationControls,
)
from diface_core.faces.poses import perception
from diface_core.motion.resample import resample_motion
from diface_core.types import FrameRate, Motion, Pins

NAMES = channels.EDITED
RATE = FrameRate(30)
JAW, CLOSE = NAMES.index("jawOpen"), NAMES.index("mouthClose")
APERTURE = perception.perception().aperture


def speech(rows: int = 240, seed: int = 0) -> np.ndarray:
    """Return smooth weights (rows, 57) whose lips are sealed in the middle of every second."""
    rng = np.random.default_rng(seed)
    knots, tongue = (rng.random((rows // 6 + 2, len(names))) * 0.5 for names in (channels.ALL, channels.TONGUE))
    knots = np.insert(knots, [len(channels.FACE)], tongue, axis=1)
    at = np.arange(rows) / 6
    values = np.stack([np.interp(at, np.arange(len(knots)), column) for column in knots.T], axis=1)
    values[:, [NAMES.index(name) for name in channels.HEAD]] -= 0.25
    sealed = np.abs(np.arange(rows) % 30 - 15) < 3
    values[sealed, NAMES.index("mouthFunnel")] = 0.05
    for name in (
        "mouthShrugUpper",
        *(f"mouth{way}{side}" for way in ("UpperUp", "LowerDown") for side in ("Left", "Right")),
    ):
        values[sealed, NAMES.index(name)] = 0.0
    gap = values[:, : len(channels.FACE)] @ APERTURE
    values[sealed, CLOSE] += (gap / -APERTURE[channels.FACE.index("mouthClose")])[sealed]
    return np.clip(values, -1, 1).astype(np.float32)


def is_sealed(values: np.ndarray) -> np.ndarray:
    return values[:, : len(channels.FACE)] @ APERTURE < 0.05


def run(values: np.ndarray, controls: ArticulationControls, pins: Pins | None = None, rate=RATE) -> np.ndarray:
    return articulation.articulate(values, NAMES, rate, controls, pins or Pins.empty(), APERTURE)


def pins_at(*places: tuple[float, str]) -> Pins:
    rows, names = zip(*places, strict=True)
    columns = np.array([NAMES.index(name) for name in names], np.int32)
    return Pins(np.array(rows, np.float64), columns, np.zeros(len(rows), np.float32))


@pytest.mark.parametrize("rows", [0, 1, 2, 240])
def test_neutral_controls_change_no_bit(rows):
    values = speech()[:rows]
    neutral = ArticulationControls.constant(**NEUTRAL, mouthPucker=1.0)
    assert run(values, neutral).tobytes() == values.tobytes()


@pytest.mark.parametrize("part", PART_CHANNELS)
def test_a_gain_changes_its_part_alone_in_proportion(part):
    values = speech()
    changed = run(values, ArticulationControls.constant(**{part: 0.5}))
    own = [NAMES.index(name) for name in PART_CHANNELS[part]]
    makes_up = {JAW, CLOSE}  # for lips that the motion closes
    others = [n for n in range(len(NAMES)) if n not in own and n not in makes_up]
    scaled = [n for n in own if n != JAW]
    np.testing.assert_allclose(changed[:, scaled], 0.5 * values[:, scaled], atol=1e-6)
    assert np.array_equal(changed[:, others], values[:, others])


@pytest.mark.parametrize("control", ["jaw", "lips", "rounding", "mouthFunnel", "mouthClose", "lead", "smoothing"])
@pytest.mark.parametrize("amount", [0.0, 0.5, 2.0])
def test_lips_that_the_motion_closes_stay_closed(control, amount):
    values = speech()
    if control == "lead":
        values_of = {"lead": 66.6667 * (amount - 1)}
    else:
        values_of = {control: 60 * amount if control == "smoothing" else amount}
    changed = run(values, ArticulationControls.constant(**values_of))
    shift = round(2 * (amount - 1)) if control == "lead" else 0
    expected = np.roll(is_sealed(values), -shift)
    inner = slice(5, -5)
    gap = changed[:, : len(channels.FACE)] @ APERTURE
    assert (gap[inner][expected[inner]] < 0.1).all()


def test_twice_the_jaw_opens_open_lips_and_twice_as_far():
    values = np.zeros((60, len(NAMES)), np.float32)
    values[:, JAW] = 0.3
    assert run(values, ArticulationControls.constant(jaw=2.0))[:, JAW] == pytest.approx(0.6)


def test_face_weights_stay_within_their_range():
    changed = run(speech(), ArticulationControls.constant(**dict.fromkeys(PART_CHANNELS, 2.0), smoothing=40, lead=80))
    face = changed[:, : len(channels.FACE)]
    assert face.min() >= 0
    assert face.max() <= 1


@pytest.mark.parametrize("rate", [12, 24, 29.97, 60])
def test_lead_brings_the_face_earlier_by_that_time_and_leaves_the_head(rate):
    rate = FrameRate(30, 1.001) if rate == 29.97 else FrameRate(rate)
    rows = round(4 * rate.value)
    values = np.zeros((rows, len(NAMES)), np.float32)
    seconds = np.arange(rows) / rate.value
    values[:, JAW] = 0.5 + 0.3 * np.sin(seconds)
    values[:, -1] = values[:, JAW]
    changed = run(values, ArticulationControls.constant(lead=250.0), rate=rate)
    inner = slice(0, rows - int(np.ceil(0.25 * rate.value)) - 1)
    np.testing.assert_allclose(changed[inner, JAW], (0.5 + 0.3 * np.sin(seconds + 0.25))[inner], atol=2e-3)
    assert np.array_equal(changed[:, -1], values[:, -1])


def test_smoothing_keeps_lines_and_quiets_noise():
    rng = np.random.default_rng(0)
    values = np.zeros((200, len(NAMES)), np.float32)
    values[:, JAW] = np.linspace(0.2, 0.8, 200)
    brow = NAMES.index("browInnerUp")
    values[:, brow] = 0.5 + 0.1 * rng.normal(size=200)
    changed = run(values, ArticulationControls.constant(smoothing=100.0))
    np.testing.assert_allclose(changed[:, JAW], values[:, JAW], atol=1e-5)
    assert changed[:, brow].std() < 0.5 * values[:, brow].std()


@pytest.mark.parametrize("control", [*CONTROLS, "browInnerUp", "mouthClose"])
def test_pinned_values_stay_to_the_bit_and_effects_ease_out_around_them(control):
    values = speech()
    names = ("jawOpen", "mouthClose", "browInnerUp", "mouthFunnel", "tongueOut", "mouthPressLeft", "head_rx")
    pins = pins_at(*((row, name) for name in names for row in (60, 100)))
    amount = {"lead": 80.0, "smoothing": 80.0}.get(control, 2.0)
    changed = run(values, ArticulationControls.constant(**{control: amount}), pins)
    for row, column in zip(pins.row.astype(int), pins.channel, strict=True):
        assert changed[row, column] == values[row, column]
    effect = np.abs(changed - values)
    near = effect[[59, 61, 99, 101]][:, sorted(set(pins.channel.tolist()))]
    assert near.max() < 0.25 * max(effect.max(), 1e-3)


def test_an_effect_is_full_away_from_pins():
    values, pins = speech(), pins_at((60, "jawOpen"), (60, "mouthClose"))
    reach = int(np.ceil(articulation.EASE_SECONDS * RATE.value))
    changed, free = (run(values, ArticulationControls.constant(jaw=1.5), some) for some in (pins, None))
    away = np.abs(np.arange(len(values)) - 60) >= reach
    np.testing.assert_allclose(changed[away], free[away], atol=1e-6)


def test_constant_controls_are_the_same_on_every_row():
    values = speech()
    table = np.tile([[1.5, 40.0, 30.0]], (len(values), 1))
    animated = run(values, ArticulationControls(("jaw", "lead", "smoothing"), table))
    constant = run(values, ArticulationControls.constant(jaw=1.5, lead=40.0, smoothing=30.0))
    np.testing.assert_allclose(animated, constant, atol=1e-6)


def test_animated_controls_act_on_their_rows():
    values = speech()
    table = np.ones((len(values), 1))
    table[:120] = 0.0
    changed = run(values, ArticulationControls(("head",), table))
    assert not changed[:120, -3:].any()
    assert np.array_equal(changed[120:], values[120:])


def test_a_motion_of_the_head_alone():
    values = speech()[:, -3:]
    controls = ArticulationControls.constant(head=2.0, jaw=2.0)
    changed = articulation.articulate(values, channels.HEAD, RATE, controls, Pins.empty(), APERTURE)
    np.testing.assert_allclose(changed, 2 * values, rtol=1e-6)


def test_the_result_does_not_depend_on_the_frame_rate():
    coarse = speech(120)
    fine = resample_motion(Motion(coarse, NAMES, RATE), FrameRate(60), 2 * len(coarse))
    controls = ArticulationControls.constant(jaw=1.4, head=0.5, lead=50.0)
    changed = run(fine.values, controls, rate=FrameRate(60))[::2][: len(coarse)]
    np.testing.assert_allclose(changed[4:-4], run(coarse, controls)[4:-4][: len(changed) - 8], atol=0.02)


@pytest.mark.parametrize(
    ("names", "values"),
    [(("jaw", "jaw"), [[1, 1]]), (("nose",), [[1]]), (("jaw",), [[np.nan]]), (("jaw",), [[1, 1]]), (("jaw",), [])],
)
def test_controls_that_make_no_sense_are_refused(names, values):
    with pytest.raises(ValueError, match="must be"):
        ArticulationControls(names, np.array(values, np.float64).reshape(-1, len(values[0]) if values else 1))

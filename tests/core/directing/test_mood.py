"""Moods: none is exact, pins stay, closed lips stay closed, the units show, and faces stay within what they can do."""

from __future__ import annotations

import numpy as np
import pytest

from diface_core import channels
from diface_core.directing.articulation_controls import ArticulationControls
from diface_core.directing.direction import Direction
from diface_core.directing.mood import CORNER_SUM, EASED, express
from diface_core.directing.mood_blinks import blink_spans
from diface_core.directing.mood_controls import NAMES, MoodControls
from diface_core.directing.moods import MOODS
from diface_core.faces.poses import perception
from diface_core.types import FrameRate, Pins
from tests.core.directing.test_articulation import APERTURE, RATE, is_sealed, pins_at, speech

CHANNELS = channels.EDITED
SHOWN = [name for name in NAMES if MOODS[name].units]


def run(values: np.ndarray, pins: Pins | None = None, rate=RATE, seed: int = 0, **moods: float) -> np.ndarray:
    return express(values, CHANNELS, rate, MoodControls.constant(seed, **moods), pins or Pins.empty(), APERTURE)


def still(rows: int = 300) -> np.ndarray:
    return np.zeros((rows, len(CHANNELS)), np.float32)


def column(values: np.ndarray, name: str) -> np.ndarray:
    return values[:, CHANNELS.index(name)]


@pytest.mark.parametrize("rows", [0, 1, 2, 240])
def test_no_mood_changes_no_bit(rows):
    values = speech()[:rows]
    assert run(values).tobytes() == values.tobytes()
    assert (
        Direction(ArticulationControls.constant()).apply(values, CHANNELS, RATE, Pins.empty(), APERTURE).tobytes()
        == values.tobytes()
    )


@pytest.mark.parametrize("mood", SHOWN)
def test_a_still_face_shows_the_units_of_its_mood_and_nothing_else(mood):
    shown, blinking = run(still(), **{mood: 1.0}), {"eyeBlinkLeft", "eyeBlinkRight"}
    wanted = MOODS[mood].channels
    for name, value in wanted.items():
        if name not in blinking | {"eyeWideLeft", "eyeWideRight"}:
            assert EASED * 0.85 * value <= column(shown, name).mean() <= 1.01 * value, name
    makes_up = {"mouthClose", "jawOpen", *blinking, *channels.HEAD}
    assert not [name for name in CHANNELS if name not in wanted.keys() | makes_up and column(shown, name).any()]
    turned = np.degrees(shown[:, -3:])
    np.testing.assert_allclose(np.abs(turned).max(axis=0), np.abs(MOODS[mood].head), atol=0.1)
    assert (turned * MOODS[mood].head >= 0).all()


@pytest.mark.parametrize("mood", SHOWN)
def test_moods_are_told_from_each_other_by_their_units(mood):
    face = slice(0, len(channels.FACE))
    faces = {name: run(still(), **{name: 1.0}).mean(axis=0)[face] for name in SHOWN}
    others = [np.abs(faces[mood] - faces[other]).max() for other in SHOWN if other != mood]
    assert min(others) > 0.2


@pytest.mark.parametrize("mood", NAMES)
def test_lips_that_the_speech_closes_stay_closed(mood):
    values = speech()
    shown = run(values, **{mood: 1.0})
    gap = shown[:, : len(channels.FACE)] @ APERTURE
    assert (gap[is_sealed(values)] < 0.1).all()
    for name in ("jawOpen", "mouthFunnel", "mouthPucker"):
        np.testing.assert_allclose(column(shown, name), column(values, name), atol=0.25)


@pytest.mark.parametrize("mood", SHOWN)
def test_corners_leave_room_for_round_lips(mood):
    open_, rounded = (np.zeros((120, len(CHANNELS)), np.float32) for _ in range(2))
    for values in (open_, rounded):
        values[:, CHANNELS.index("jawOpen")] = 0.3
    rounded[:, CHANNELS.index("mouthPucker")] = 0.7
    for name in MOODS[mood].channels:
        if name.startswith(("mouthSmile", "mouthFrown", "mouthStretch")):
            assert (
                column(run(rounded, **{mood: 1.0}), name).mean() < 0.4 * column(run(open_, **{mood: 1.0}), name).mean()
            )


@pytest.mark.parametrize("mood", NAMES)
def test_a_style_that_smiles_already_is_not_overdone(mood):
    values = speech()
    for name in ("mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight"):
        values[:, CHANNELS.index(name)] = 0.7
    shown = run(values, **{mood: 1.0})
    face = shown[:, : len(channels.FACE)]
    assert face.min() >= 0
    assert face.max() <= 1.0 + 1e-6
    for side in ("Left", "Right"):
        corners = sum(column(shown, f"mouth{shape}{side}") for shape in ("Smile", "Stretch", "Dimple"))
        before = sum(column(values, f"mouth{shape}{side}") for shape in ("Smile", "Stretch", "Dimple"))
        assert (corners <= np.maximum(CORNER_SUM, before) + 1e-5).all()


def test_a_half_mood_shows_less_than_a_whole_one():
    for mood in SHOWN:
        name = max(MOODS[mood].channels, key=MOODS[mood].channels.__getitem__)
        half, whole = (column(run(still(), **{mood: level}), name).mean() for level in (0.5, 1.0))
        assert 0.4 * whole < half < 0.7 * whole


def test_moods_that_contradict_share_one():
    shown = run(still(), happy=1.0, sad=1.0, angry=1.0, afraid=1.0)
    alone = run(still(), happy=1.0)
    assert column(shown, "mouthSmileLeft").mean() < 0.3 * column(alone, "mouthSmileLeft").mean()
    assert shown[:, :52].max() <= 1.0
    assert np.isfinite(shown).all()


@pytest.mark.parametrize("mood", NAMES)
def test_pinned_values_stay_to_the_bit(mood):
    values = speech()
    pins = pins_at(
        *((row, name) for name in ("browInnerUp", "mouthSmileLeft", "jawOpen", "head_rx") for row in (60, 90))
    )
    shown = run(values, pins, **{mood: 1.0})
    for row, channel in zip(pins.row.astype(int), pins.channel, strict=True):
        assert shown[row, channel] == values[row, channel]


def test_a_mood_that_begins_takes_its_onset_and_changes_nothing_before():
    values = np.zeros((300, len(NAMES)))
    values[150:, NAMES.index("sad")] = 1.0
    shown = express(still(), CHANNELS, RATE, MoodControls(values), Pins.empty(), APERTURE)
    frown = column(shown, "mouthFrownLeft")
    reach = int(RATE.value * MOODS["sad"].onset)
    assert not frown[: 150 - reach].any()
    assert np.abs(np.diff(frown)).max() < 0.1
    assert frown[150 + reach : 170 + reach].min() > 0.6


def test_another_seed_is_another_course_of_the_same_mood():
    courses = [column(run(still(900), seed=seed, happy=1.0), "mouthSmileLeft") for seed in (0, 0, 1)]
    assert np.array_equal(courses[0], courses[1])
    assert np.abs(courses[0] - courses[2]).max() > 0.05
    assert courses[0].mean() == pytest.approx(courses[2].mean(), abs=0.1)


def test_the_course_is_the_same_at_any_rate():
    fast = column(run(still(600), rate=FrameRate(60), happy=1.0), "mouthSmileLeft")[::2]
    np.testing.assert_allclose(fast, column(run(still(300), happy=1.0), "mouthSmileLeft"), atol=1e-3)


@pytest.mark.parametrize(("mood", "more"), [("tired", True), ("afraid", True), ("angry", False)])
def test_moods_blink_more_or_less(mood, more):
    rows, rate = 3600, FrameRate(30)
    values = still(rows)
    for onset in range(30, rows - 30, 90):
        for name in ("eyeBlinkLeft", "eyeBlinkRight"):
            values[onset : onset + 8, CHANNELS.index(name)] = (0.3, 0.8, 1, 1, 0.8, 0.6, 0.4, 0.2)
    lids = column(run(values, rate=rate, **{mood: 1.0}), "eyeBlinkLeft").astype(float)
    drooping = np.median(lids)
    before, after = (
        len(blink_spans(column(values, "eyeBlinkLeft"))),
        len(blink_spans(np.where(lids > drooping + 0.3, lids, 0))),
    )
    assert (after > 1.1 * before) if more else (after < 0.9 * before)


def test_intensities_that_make_no_sense_are_refused():
    for values in (np.zeros((3, 2)), np.full((1, len(NAMES)), np.nan), np.zeros((0, len(NAMES)))):
        with pytest.raises(ValueError, match="values must be"):
            MoodControls(values)


def test_a_face_without_some_channels_shows_the_others():
    names = ("jawOpen", "mouthSmileLeft")
    values = np.zeros((60, 2), np.float32)
    shown = express(
        values, names, RATE, MoodControls.constant(happy=1.0), Pins.empty(), perception.perception().aperture
    )
    assert shown[:, 1].mean() > 0.5
    assert not shown[:, 0].any()

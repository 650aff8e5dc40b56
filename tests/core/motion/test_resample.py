"""Resampling of motion and constraints: time, range, lip closures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from diface_core import MODEL_RATE, Constraints, FrameRate, Motion
from diface_core.motion.resample import resample_constraints, resample_motion
from diface_core.types import Pins

RATES = [FrameRate(24), FrameRate(24, 1.001), FrameRate(25), FrameRate(30, 1.001), FrameRate(50), FrameRate(60)]
values = hnp.arrays(np.float32, st.tuples(st.integers(1, 80), st.integers(1, 3)), elements=st.floats(0, 1, width=32))


def motion(array, rate=MODEL_RATE) -> Motion:
    array = np.asarray(array, np.float32)
    return Motion(array, tuple(f"c{i}" for i in range(array.shape[1])), rate)


def times(rate: FrameRate, rows: int) -> np.ndarray:
    return np.arange(rows) / rate.value


@given(values, st.integers(1, 200))
def test_equal_rates_return_equal_values_and_repeat_the_last(array, rows):
    back = resample_motion(motion(array), FrameRate(30000, 1000), rows)
    assert len(back) == rows
    np.testing.assert_array_equal(back.values[: len(array)], array[:rows])
    np.testing.assert_array_equal(
        back.values[len(array) :], np.broadcast_to(array[-1], back.values[len(array) :].shape)
    )


@pytest.mark.parametrize("rate", RATES)
def test_slow_curve_keeps_its_time(rate):
    def curve(at):
        return np.stack([np.sin(2 * np.pi * 1.5 * at), np.cos(2 * np.pi * 0.7 * at)], 1)

    rows = rate.rows(4.0)
    back = resample_motion(motion(curve(times(MODEL_RATE, 140))), rate, rows)
    np.testing.assert_allclose(back.values, curve(times(rate, rows)), atol=0.02)


@pytest.mark.parametrize("rate", RATES)
def test_straight_line_is_exact(rate):
    rows = rate.rows(3.0)
    back = resample_motion(motion(times(MODEL_RATE, 100)[:, None]), rate, rows)
    np.testing.assert_allclose(back.values[:, 0], times(rate, rows), atol=1e-6)


@given(values, st.sampled_from(RATES), st.integers(1, 300))
def test_values_stay_between_their_neighbours(array, rate, rows):
    back = resample_motion(motion(array), rate, rows)
    assert back.values.shape == (rows, array.shape[1])
    assert back.rate == rate
    at = np.minimum(times(rate, rows) * 30, len(array) - 1)
    below, above = array[np.floor(at).astype(int)], array[np.minimum(np.ceil(at).astype(int), len(array) - 1)]
    assert np.all(back.values >= np.minimum(below, above) - 1e-5)
    assert np.all(back.values <= np.maximum(below, above) + 1e-5)


@given(values)
def test_up_by_two_and_back_is_exact(array):
    up = resample_motion(motion(array), FrameRate(60), 2 * len(array))
    np.testing.assert_allclose(resample_motion(up, MODEL_RATE, len(array)).values, array, rtol=0, atol=1e-7)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("held", [2, 3])
def test_closed_lips_stay_closed(rate, held):
    """jawOpen at 0.5, closed for two or three rows: at every phase some row at the new rate is closed."""
    for start in range(20, 40):
        jaw = np.full((80, 1), 0.5)
        jaw[start : start + held] = 0
        back = resample_motion(motion(jaw), rate, rate.rows(80 / 30))
        assert back.values.min() < 0.03, start


def test_channels_do_not_mix():
    array = np.random.default_rng(0).uniform(0, 1, (50, 3))
    both = resample_motion(motion(array), FrameRate(24), 40).values
    for column in range(3):
        np.testing.assert_array_equal(
            resample_motion(motion(array[:, column : column + 1]), FrameRate(24), 40).values[:, 0], both[:, column]
        )


def test_empty_motion_is_refused():
    with pytest.raises(ValueError, match="at least one row"):
        resample_motion(motion(np.zeros((0, 2))), FrameRate(24), 5)


@given(values, st.integers(1, 100))
def test_constraints_at_an_equal_rate_are_unchanged(array, rows):
    keep = array > 0.5
    back = resample_constraints(Constraints(array, keep), MODEL_RATE, FrameRate(30), rows)
    both = min(rows, len(array))
    np.testing.assert_array_equal(back.known_mask[:both], keep[:both])
    np.testing.assert_array_equal(back.values[:both][keep[:both]], array[:both][keep[:both]])
    assert not back.known_mask[both:].any()


@pytest.mark.parametrize("rate", RATES)
def test_single_known_value_becomes_a_pin_at_its_time(rate):
    for row in range(rate.rows(2.0)):
        keep = np.zeros((rate.rows(2.0), 2), bool)
        keep[row, 1] = True
        back = resample_constraints(
            Constraints(np.where(keep, 0.7, 9.0).astype(np.float32), keep), rate, MODEL_RATE, 61
        )
        rows, channels = np.nonzero(back.known_mask)
        at, channels = np.concatenate([rows, back.pins.row]), np.concatenate([channels, back.pins.channel])
        value = np.concatenate([back.values[back.known_mask], back.pins.value])
        assert channels.tolist() == [1]
        np.testing.assert_allclose(at / 30, row / rate.value, atol=1e-9)
        assert value.tolist() == [np.float32(0.7)]


@pytest.mark.slow
@pytest.mark.parametrize("rate", RATES)
@given(st.lists(st.tuples(st.integers(0, 376), st.integers(0, 2)), max_size=6, unique=True), st.integers(1, 20))
def test_each_pin_keeps_its_time_and_is_in_one_part(rate, found, size):
    at, channel = (np.array(some) for some in zip(*found, strict=True)) if found else (np.zeros(0), np.zeros(0))
    pins = Pins(at / 8, channel.astype(np.int32), np.arange(len(at), dtype=np.float32))
    kept = Constraints(np.zeros((48, 3), np.float32), np.zeros((48, 3), bool), pins)
    rows = MODEL_RATE.rows(48 / rate.value)
    parts = [
        (first, resample_constraints(kept, rate, MODEL_RATE, min(size, rows - first), first))
        for first in range(0, rows, size)
    ]
    times = np.concatenate([first + part.pins.row for first, part in parts])
    values = np.concatenate([part.pins.value for _, part in parts])
    order = np.argsort(values)
    assert values[order].tolist() == pins.value.tolist()
    np.testing.assert_allclose(times[order] / 30, pins.row / rate.value, atol=1e-6)


@pytest.mark.parametrize("rate", RATES)
def test_known_straight_line_is_exact(rate):
    rows = rate.rows(2.0)
    line = times(rate, rows)[:, None].astype(np.float32)
    back = resample_constraints(Constraints(line, np.ones_like(line, bool)), rate, MODEL_RATE, 58)
    assert back.known_mask.all()
    np.testing.assert_allclose(back.values[:, 0], times(MODEL_RATE, 58), atol=1e-5)

"""A recording at the frames of a scene: values keep their times, and what was lost is not known."""

from __future__ import annotations

import numpy as np
import pytest

from diface_core import FrameRate, channels
from diface_core.recordings.build import build
from diface_core.recordings.placed import place, sample
from diface_core.recordings.row_times import RowTimes

RATES = [FrameRate(24), FrameRate(24, 1.001), FrameRate(25), FrameRate(30), FrameRate(60), FrameRate(12)]


def wave(times: np.ndarray) -> np.ndarray:
    """Smooth weights (T, 52), different in every channel."""
    return 0.5 + 0.4 * np.sin(times[:, None] * np.linspace(1, 6, 52))


def recording(times: np.ndarray, lost: np.ndarray | None = None):
    return build("test", RowTimes(times - times[0]), wave(times), None, lost)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("begin", [0.0, 0.37])
def test_values_keep_their_times_at_every_rate(rate, begin):
    times = np.arange(600) * 1.001 / 60
    rows = rate.rows(8)
    placed = sample(recording(times), begin, rate, rows)
    expected = wave(begin + np.arange(rows) / rate.value)
    np.testing.assert_allclose(placed.motion.values, expected, atol=1e-3)
    assert placed.known.all()
    assert placed.motion.channels == channels.FACE


def test_rows_on_frames_are_exact():
    times = np.arange(240) / 60
    placed = sample(recording(times), 0.0, FrameRate(30), 120)
    np.testing.assert_allclose(placed.motion.values, wave(times)[::2], atol=1e-6)


def test_uneven_rows_keep_their_times():
    times = np.cumsum(np.random.default_rng(0).uniform(0.01, 0.03, 400))
    placed = sample(recording(times), 0.0, FrameRate(24), 100)
    np.testing.assert_allclose(placed.motion.values, wave(times[0] + np.arange(100) / 24), atol=2e-3)
    assert placed.known.all()


def test_a_dropped_row_is_interpolated_and_a_longer_gap_is_lost():
    times = np.delete(np.arange(300) / 60, [20, *range(120, 150)])
    placed = sample(recording(times), 0.0, FrameRate(60), 300)
    assert np.flatnonzero(~placed.known).tolist() == list(range(120, 150))
    np.testing.assert_allclose(placed.motion.values[20], wave(np.array([20 / 60]))[0], atol=2e-3)


def test_lost_rows_do_not_show():
    times, lost = np.arange(300) / 60, np.zeros(300, bool)
    lost[100:200] = True
    of_all, of_known = recording(times), recording(times, lost)
    first, second = (sample(one, 0.0, FrameRate(30), 150) for one in (of_all, of_known))
    assert np.flatnonzero(~second.known).tolist() == list(range(50, 100))
    np.testing.assert_allclose(
        first.motion.values[second.known][:49], second.motion.values[second.known][:49], atol=5e-3
    )
    assert 0 <= second.motion.values.min() <= second.motion.values.max() <= 1


def test_outside_the_recording_nothing_is_known():
    placed = sample(recording(np.arange(60) / 60), -1.0, FrameRate(30), 120)
    assert np.flatnonzero(placed.known).tolist() == list(range(30, 60))
    np.testing.assert_array_equal(placed.motion.values[:30], placed.motion.values[[30] * 30])


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("frame", [1.0, 17.25, -3.5, 0.999999])
def test_frames_are_within_the_recording(rate, frame):
    one = recording(np.arange(301) / 60)
    placement = place(one, frame, rate)
    start = frame + placement.begin * rate.value
    assert start == pytest.approx(placement.first_frame, abs=1e-5)
    end = placement.begin + rate.seconds(placement.rows - 1)
    assert end <= one.seconds + 1e-5 < end + rate.seconds(1) + 2e-5


def test_a_single_row_is_a_pose():
    one = recording(np.zeros(1))
    placement = place(one, 5.0, FrameRate(24))
    assert (placement.first_frame, placement.rows) == (5, 1)
    assert sample(one, 0.0, FrameRate(24), 1).known.all()

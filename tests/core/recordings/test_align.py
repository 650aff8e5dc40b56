"""When a recording begins in a sound, found from its lips and those that a model generated."""

from __future__ import annotations

import numpy as np
import pytest

from diface_core import FrameRate, Motion, channels
from diface_core.recordings.align import find_offset
from diface_core.recordings.build import build
from diface_core.recordings.row_times import RowTimes


def speech(times: np.ndarray, seed: int) -> np.ndarray:
    """Return weights (T, 52) of a mouth that opens and closes at irregular times."""
    rng = np.random.default_rng(seed)
    knots = np.cumsum(rng.uniform(0.08, 0.4, 400)) - 5
    weights = np.zeros((len(times), 52))
    for name, scale in (("jawOpen", 0.6), ("mouthFunnel", 0.4), ("mouthStretchLeft", 0.3), ("mouthLowerDownLeft", 0.3)):
        heights = scale * rng.uniform(0, 1, len(knots)) * (np.arange(len(knots)) % 2)
        weights[:, channels.FACE.index(name)] = np.interp(times, knots, heights)
    return weights


def generated(seed: int = 0, seconds: float = 20.0) -> Motion:
    times = np.arange(round(seconds * 30)) / 30
    return Motion(speech(times, seed).astype(np.float32), channels.FACE, FrameRate(30))


def recorded(begin: float, seconds: float = 8.0, lost: slice = slice(0), seed: int = 0):
    """Return another performance of the speech: slower closures, noise, another face at rest, 59.94 rows a second."""
    times = begin + np.arange(round(seconds * 59.94)) / 59.94
    rng = np.random.default_rng(seed + 100)
    weights = 0.7 * speech(times, seed) + 0.1 + 0.05 * np.sin(0.7 * times)[:, None]
    weights += rng.normal(0, 0.02, weights.shape)
    mask = np.zeros(len(times), bool)
    mask[lost] = True
    return build("test", RowTimes(times - begin), weights, None, mask)


@pytest.mark.parametrize("begin", [-3.217, -0.013, 0.0, 1.3333, 6.719, 11.9, 15.5])
def test_offset_is_found(begin):
    offset = find_offset(recorded(begin), generated())
    assert offset.is_found
    assert offset.seconds == pytest.approx(begin, abs=0.01)


def test_offset_is_found_in_spite_of_lost_rows():
    offset = find_offset(recorded(4.217, lost=slice(120, 300)), generated())
    assert offset.is_found
    assert offset.seconds == pytest.approx(4.217, abs=0.01)


def test_a_recording_longer_than_the_sound():
    offset = find_offset(recorded(-6.4, seconds=40), generated())
    assert offset.is_found
    assert offset.seconds == pytest.approx(-6.4, abs=0.01)


def test_speech_that_is_not_in_the_sound_is_not_found():
    assert not find_offset(recorded(2.0, seconds=15.0, seed=0), generated(seed=5)).is_found


@pytest.mark.parametrize("seconds", [0.0, 0.05, 3.0])
def test_a_face_that_does_not_move_is_not_found(seconds):
    rows = round(seconds * 60) + 1
    still = build("test", RowTimes(np.arange(rows) / 60), np.full((rows, 52), 0.2), is_tracked_by_camera=False)
    assert not find_offset(still, generated()).is_found

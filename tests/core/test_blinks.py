"""Blinks: as often, as long and as far apart as people's, and only on the lids."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diface_core import blinks, channels
from diface_core.types import FrameRate, Motion

SEEDS = st.integers(0, 2**32 - 1)


def rest(rows: int, rate: FrameRate, names: tuple[str, ...] = channels.ALL) -> Motion:
    return Motion(np.zeros((rows, len(names)), np.float32), names, rate)


@given(SEEDS)
def test_blinks_keep_their_distance_and_their_rate(seed):
    times = blinks.blink_times(600, seed)
    assert np.diff(times).min() > blinks.CLOSING + blinks.SHUT + blinks.OPENING
    assert 12 < len(times) / 10 < 28


@given(SEEDS, st.floats(1, 300))
def test_a_longer_sound_begins_with_the_same_blinks(seed, seconds):
    long = blinks.blink_times(400, seed)
    assert np.array_equal(blinks.blink_times(seconds, seed), long[long < np.float32(seconds)])


@pytest.mark.parametrize("rate", [FrameRate(24), FrameRate(30, 1.001), FrameRate(60)])
def test_lids_shut_fully_and_open_again_at_any_rate(rate):
    motion = blinks.with_blinks(rest(rate.rows(60), rate), 0)
    left = motion.column("eyeBlinkLeft")
    times = blinks.blink_times(60, 0)
    for time in times[times < 59]:
        first = int(time * rate.value)
        assert left[first : first + int(rate.value * 0.35)].max() > 0.8
    assert (left < 0.01).mean() > 0.8
    assert np.array_equal(left, motion.column("eyeBlinkRight"))


def test_nothing_but_the_lids_moves_and_shut_lids_stay_shut():
    rate = FrameRate(30)
    before = rest(300, rate)
    before.values[:, 0] = 0.5
    after = blinks.with_blinks(before, 1)
    others = [i for i, name in enumerate(channels.ALL) if name not in blinks.LIDS]
    assert np.array_equal(after.values[:, others], before.values[:, others])
    assert (after.values[:, 0] >= 0.5).all()
    assert np.array_equal(blinks.with_blinks(rest(90, rate, channels.HEAD), 1).values, np.zeros((90, 3)))

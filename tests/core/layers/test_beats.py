"""Accents and beats: where they are, none in silence, and what a seed and a place determine."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diface_core.layers import beats as beats_module
from diface_core.layers.accents import find_accents
from diface_core.layers.beats import Beats

SEEDS = st.integers(0, 2**32 - 1)
TIMES = np.arange(0, 30, 0.01)


def syllables(rows: int, seed: int, pauses: bool = True) -> np.ndarray:
    """Return the loudness of syllables of different levels, five a second, with a pause in every third second."""
    rng = np.random.default_rng(seed)
    loudness = np.full(rows, -3.0)
    for middle in range(4, rows - 6, 6):
        if not pauses or middle // 30 % 3 != 2:
            level = rng.uniform(-0.45, 0.3)
            loudness[middle - 3 : middle + 4] = level - 0.12 * np.abs(np.arange(-3, 4))
    return loudness.astype(np.float32)


@pytest.mark.parametrize("level", [-3.0, -1.5])
@given(seed=SEEDS)
@settings(deadline=None, max_examples=20)
def test_silence_has_no_beats(level, seed):
    beats = Beats.sample(np.full(900, level, np.float32), seed)
    assert not beats.pitch(TIMES).any()
    assert not beats.lift(TIMES).any()


def test_accent_is_the_loudest_syllable():
    loudness = np.full(120, -3.0, np.float32)
    for middle, level in ((20, -0.4), (32, -0.4), (50, 0.2), (66, -0.4), (90, -0.4)):
        loudness[middle - 3 : middle + 4] = level - 0.1 * np.abs(np.arange(-3, 4))
    accents = find_accents(loudness)
    assert accents[:, 0].tolist() == [50 / 30]
    assert accents[0, 1] > 1


@given(seed=SEEDS, gain=st.floats(-0.1, 0.1))
@settings(deadline=None, max_examples=30)
def test_accents_are_within_speech_and_apart(seed, gain):
    loudness = syllables(900, seed) + np.float32(gain)
    at = find_accents(loudness)[:, 0]
    assert len(at) > 3
    assert np.diff(at).min() > 0.2
    assert (loudness[np.round(at * 30).astype(int)] > -0.8).all()


@given(seed=SEEDS)
@settings(deadline=None, max_examples=30)
def test_beats_are_small_and_end_at_rest_in_pauses(seed):
    loudness = syllables(900, seed)
    beats = Beats.sample(loudness, seed)
    assert np.degrees(np.abs(beats.pitch(TIMES)).max()) < 6
    assert beats.lift(TIMES).min() >= 0
    assert beats.lift(TIMES).max() < 0.6
    reach = 1.2  # after the last sound: the lowering at the phrase's end, and its return
    speech = np.flatnonzero(loudness > -1.2) / 30
    far = np.abs(TIMES[:, None] - speech[None]).min(1) > reach
    assert not beats.pitch(TIMES[far]).any()
    assert not beats.lift(TIMES[far]).any()


@given(seed=SEEDS)
@settings(deadline=None, max_examples=30)
def test_a_seed_gives_the_same_beats_and_another_gives_others(seed):
    loudness = syllables(900, 1)
    first, again, other = (Beats.sample(loudness, number) for number in (seed, seed, seed + 1))
    np.testing.assert_array_equal(first.pitch(TIMES), again.pitch(TIMES))
    assert np.abs(first.pitch(TIMES) - other.pitch(TIMES)).max() > np.radians(0.1)


@given(seed=SEEDS, first=st.floats(0, 20))
@settings(deadline=None, max_examples=30)
def test_a_part_is_the_same_as_in_the_whole(seed, first):
    beats = Beats.sample(syllables(900, 2), seed)
    inside = (first < TIMES) & (first + 4 > TIMES)
    np.testing.assert_array_equal(beats.pitch(TIMES[inside]), beats.pitch(TIMES)[inside])
    np.testing.assert_array_equal(beats.lift(TIMES[inside]), beats.lift(TIMES)[inside])


def test_the_head_is_up_before_an_accent_and_down_at_it():
    one = Beats(np.array([[2.0, 1.0]]), np.zeros((0, 2)), np.zeros((0, 2)))
    raised, down = np.degrees(one.pitch(np.array([2 - 0.33, 2 - 0.07])))
    assert raised == pytest.approx(-beats_module.RAISED)
    assert down - raised == pytest.approx(1.0)
    assert not one.pitch(np.array([1.4, 2.3])).any()

"""Resampling of audio: time, pitch, aliasing, and independence of the block sizes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diface_core.audio.resample import resample_audio

RATES = [8000, 11025, 16000, 22050, 44100, 48000, 96000, 192000]


def at_16k(samples, old: int, size: int = 10_000) -> np.ndarray:
    pieces = [samples[first : first + size] for first in range(0, len(samples), size)]
    return np.concatenate([np.zeros(0, np.float32), *resample_audio(pieces, old, 16000)])


def sine(rate: int, hz: float, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(round(rate * seconds)) / rate).astype(np.float32)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("hz", [50, 1000, 3000])
def test_sine_is_preserved(rate, hz):
    back = at_16k(sine(rate, hz), rate)
    assert back.dtype == np.float32
    np.testing.assert_allclose(back[200:-200], sine(16000, hz)[200:-200], atol=1e-3)


@pytest.mark.parametrize("rate", [rate for rate in RATES if rate > 20000])
@pytest.mark.parametrize("hz", [8700, 9500])
def test_frequencies_above_the_new_limit_are_removed(rate, hz):
    assert np.abs(at_16k(sine(rate, hz), rate)[100:-100]).max() < 1e-3


@given(st.sampled_from([*RATES, 12345]), st.integers(0, 30_000), st.integers(1, 30_000))
def test_result_does_not_depend_on_the_block_sizes(rate, count, size):
    noise = np.random.default_rng(count).uniform(-1, 1, count).astype(np.float32)
    back = at_16k(noise, rate, size)
    assert len(back) == round(count * 16000 / rate)
    np.testing.assert_allclose(back, at_16k(noise, rate, count + 1), atol=1e-6)


@pytest.mark.parametrize("rate", RATES)
def test_blocks_join_without_a_seam(rate):
    noise = np.random.default_rng(0).uniform(-1, 1, 8000).astype(np.float32)
    np.testing.assert_allclose(at_16k(noise, rate, 37), at_16k(noise, rate, 8000), atol=1e-6)


@pytest.mark.parametrize("rate", RATES)
def test_impulse_keeps_its_time(rate):
    """The response is symmetric about the impulse, to far less than a sample."""
    impulse = np.zeros(rate, np.float32)
    impulse[rate // 2] = 1
    back = at_16k(impulse, rate).astype(np.float64) ** 2
    assert np.sum(back * np.arange(len(back))) / np.sum(back) / 16000 == pytest.approx((rate // 2) / rate, abs=1e-5)

"""The mouth rests where the sound is far below the speech, and nothing else changes."""

from __future__ import annotations

import numpy as np

from diface_core import channels
from diface_core.model import quiet_mouth


def test_speech_opens_the_mouth_fully_and_silence_shuts_it():
    loudness = np.zeros(40, np.float32)
    loudness[20:] = -3.0
    factor = quiet_mouth.openness(loudness)
    np.testing.assert_allclose(factor[:17], 1.0, atol=1e-6)
    assert factor[23:].max() < 0.05
    assert (np.diff(factor) <= 0).all()


def test_openness_of_a_row_depends_on_its_neighbours_alone():
    loudness = np.random.default_rng(0).uniform(-3, 0.3, 60).astype(np.float32)
    reach = len(quiet_mouth.SMOOTHING) // 2
    whole, part = quiet_mouth.openness(loudness), quiet_mouth.openness(loudness[10:30])
    np.testing.assert_allclose(part[reach:-reach], whole[10 + reach : 30 - reach], atol=1e-6)


def test_only_the_opening_changes():
    weights = np.random.default_rng(0).random((5, 52)).astype(np.float32) * 0.4
    rested = quiet_mouth.rest_where_quiet(weights, np.array([0, 0.25, 0.5, 0.75, 1], np.float32))
    kept = [i for i in range(len(channels.FACE)) if i not in quiet_mouth.OPENERS]
    np.testing.assert_array_equal(rested[:, kept], weights[:, kept])
    np.testing.assert_array_equal(rested[-1], weights[-1])

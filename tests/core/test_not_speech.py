"""Sounds that nobody speaks, for training: finite, of every kind, and the mouth at rest."""

import numpy as np
import pytest

from diface_core import channels
from diface_core.training.corpora.not_speech import SYNTHESISERS, non_speech_clips

pytestmark = pytest.mark.training

CLIPS = non_speech_clips(2 * len(SYNTHESISERS), ("one", "two"))


def test_every_kind_in_every_style():
    assert {(clip.name.split("_")[0], clip.style) for clip in CLIPS} == {
        (k, s) for k in SYNTHESISERS for s in ("one", "two")
    }


def test_sounds_are_sounds():
    for clip in CLIPS:
        assert np.isfinite(clip.samples).all()
        assert np.abs(clip.samples).max() < 1
        assert clip.name.startswith("silence") or clip.samples.std() > 1e-4


def test_the_mouth_rests_and_the_eyes_are_free():
    for clip in CLIPS:
        assert not clip.values.any()
        assert clip.known[channels.FACE.index("jawOpen")]
        assert not clip.known[channels.FACE.index("eyeBlinkLeft")]


def test_the_same_seed_makes_the_same_sounds():
    again, other = non_speech_clips(3, ("one",)), non_speech_clips(3, ("one",), seed=1)
    for first, same, different in zip(non_speech_clips(3, ("one",)), again, other, strict=True):
        np.testing.assert_array_equal(first.samples, same.samples)
        assert len(first.samples) != len(different.samples)

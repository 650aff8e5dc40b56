"""Non-speech sounds for training: finite, of every kind, with the mouth at rest."""

import numpy as np
import pytest

from diface_core import channels
from diface_core.training.corpora.not_speech import SYNTHESISERS, non_speech_clips

pytestmark = pytest.mark.training

CLIPS = non_speech_clips(2 * len(SYNTHESISERS), ("one", "two"))


def test_non_speech_clips_cover_every_kind_and_style():
    assert {(clip.name.split("_")[0], clip.style) for clip in CLIPS} == {
        (k, s) for k in SYNTHESISERS for s in ("one", "two")
    }


def test_non_speech_sounds_are_finite():
    for clip in CLIPS:
        assert np.isfinite(clip.samples).all()
        assert np.abs(clip.samples).max() < 1
        assert clip.name.startswith("silence") or clip.samples.std() > 1e-4


def test_mouth_is_at_rest_and_eyes_are_unknown():
    for clip in CLIPS:
        assert not clip.values.any()
        assert clip.known[channels.FACE.index("jawOpen")]
        assert not clip.known[channels.FACE.index("eyeBlinkLeft")]


def test_non_speech_sounds_are_deterministic():
    again, other = non_speech_clips(3, ("one",)), non_speech_clips(3, ("one",), seed=1)
    for first, same, different in zip(non_speech_clips(3, ("one",)), again, other, strict=True):
        np.testing.assert_array_equal(first.samples, same.samples)
        assert len(first.samples) != len(different.samples)

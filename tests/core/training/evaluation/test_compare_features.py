"""Features for comparison: pitch and a recogniser's phones, aligned with the rows of the sound."""

import numpy as np
import pytest

from diface_core.audio.speech_encoder import DIMENSION
from diface_core.training import corpora
from diface_core.training.corpora import Clip
from diface_core.training.evaluation import compare_features
from diface_core.training.evaluation.baselines import EncodedClip
from diface_core.training.evaluation.compare_features import IPA, RATE, pitch, with_ipa, with_pitch
from diface_core.training.rendering import recogniser

pytestmark = pytest.mark.training

ROWS = 60


def clip(samples: np.ndarray, name: str = "one") -> Clip:
    return Clip(name, samples.astype(np.float32), np.zeros((ROWS, 52), np.float32), np.ones(52, bool), "style")


def encoded_clip(samples: np.ndarray) -> EncodedClip:
    return EncodedClip(clip(samples), np.zeros((ROWS, DIMENSION), np.float32))


@pytest.mark.parametrize("hertz", [70.0, 100.0, 155.0, 240.0, 380.0])
def test_pitch_of_a_voiced_tone_is_measured(hertz):
    """A tone with overtones, as of a voice; pitch in octaves above 100 Hz."""
    time = np.arange(2 * RATE) / RATE
    found = pitch(sum(np.sin(2 * np.pi * hertz * k * time) / k for k in range(1, 8)), ROWS)
    assert found[5:-5, 0].min() > 0.8
    assert np.abs(found[5:-5, 1] - np.log2(hertz / 100)).max() < 0.05


def test_noise_and_silence_have_no_pitch():
    rng = np.random.default_rng(0)
    assert not pitch(np.zeros(2 * RATE), ROWS).any()
    assert (pitch(rng.standard_normal(2 * RATE), ROWS)[:, 1] == 0).mean() > 0.8


def test_ipa_posteriors_are_aligned_with_the_sound(monkeypatch):
    """The recogniser's output is delayed by LATE, which is corrected."""
    posteriors = np.full((100, 191), -20.0, np.float32)
    posteriors[:50, 7] = posteriors[50:, 9] = 0.0  # another phone from one second on
    monkeypatch.setattr(recogniser, "ipa_posteriors", lambda samples: posteriors)
    with_it = with_ipa(with_pitch(encoded_clip(np.zeros(2 * RATE)))).features
    assert with_it.shape == (ROWS, DIMENSION + 2 + 191)
    first = np.flatnonzero(with_it[:, IPA][:, 9] > 0.5)[0]
    assert first / 30 == pytest.approx(1.0 - recogniser.DELAY, abs=1 / 30)


@pytest.mark.parametrize("every", [1, 3, 7])
def test_subsample_keeps_training_and_held_out_clips(every):
    clips = [clip(np.zeros(8), f"clip {number}") for number in range(200)]
    some = compare_features._subsample(clips, every)
    judged = [one for one in some if corpora.is_held_out(one)]
    assert len({one.name for one in some}) == len(some)
    assert len(judged) >= 4
    assert len(some) == pytest.approx(len(clips) / every, abs=5)

"""The mouth rests where the sound is far below the speech, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from diface_core import channels
from diface_core.audio.speech_encoder import DIMENSION
from diface_core.inference.channel_scale import ChannelScale
from diface_core.model import quiet_mouth
from diface_core.model.models import Models
from diface_core.networks.torch_denoiser import TorchDenoiser
from diface_core.types import AudioSection, GenerateRequest
from tests.core.model.test_models import tiny


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


def scale_of(known: np.ndarray) -> ChannelScale:
    random = np.random.default_rng(1)
    mean, deviation = random.uniform(0.02, 0.3, 52), random.uniform(0.05, 0.3, 52)
    return ChannelScale(*(array.astype(np.float32) for array in (mean, deviation, known)))


def test_only_the_opening_changes():
    scale = scale_of(np.ones(52))
    weights = np.random.default_rng(0).random((5, 52)).astype(np.float32) * 0.4
    factor = np.array([0, 0.25, 0.5, 0.75, 1], np.float32)
    x0 = scale.normalise(weights)
    rested = quiet_mouth.rest_where_quiet(x0, factor, scale)
    kept = [i for i in range(len(channels.FACE)) if i not in quiet_mouth.OPENERS]
    np.testing.assert_array_equal(rested[:, kept], x0[:, kept])
    np.testing.assert_array_equal(rested[-1], x0[-1])
    opening = quiet_mouth.OPENERS
    np.testing.assert_allclose(
        scale.denormalise(rested)[:, opening], factor[:, None] * weights[:, opening], rtol=0, atol=1e-6
    )


def test_predictions_of_channels_that_no_corpus_defines_are_kept():
    known = np.ones(52)
    known[[0, 8, quiet_mouth.OPENERS[0]]] = 0
    x0 = np.random.default_rng(0).standard_normal((4, 52)).astype(np.float32)
    rested = quiet_mouth.rest_where_quiet(x0, np.zeros(4, np.float32), scale_of(known))
    np.testing.assert_array_equal(rested[:, known == 0], x0[:, known == 0])


@pytest.mark.parametrize(("part", "version", "rests"), [("face", 2, True), ("face", 1, False), ("head", 2, False)])
def test_only_a_face_of_the_newest_sampler_asks_how_quiet_it_is(monkeypatch, part, version, rests):
    asked = []
    openness = quiet_mouth.openness
    monkeypatch.setattr(quiet_mouth, "openness", lambda loudness: asked.append(1) or openness(loudness))
    models = Models({part: TorchDenoiser(tiny(part))}, "hash")
    request = GenerateRequest(AudioSection(Path("unused")), steps=2, parts=(part,), sampler=version)
    models.sample(np.zeros((40, DIMENSION), np.float32), request)
    assert bool(asked) == rests

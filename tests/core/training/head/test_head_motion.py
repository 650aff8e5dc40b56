"""The bundled head model: the median person's amplitude at any step count, smooth pins, and varied seeds."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile

from diface_core import channels
from diface_core.audio.loudness import measure_audio
from diface_core.audio.speech_encoder import DIMENSION, LOUDNESS
from diface_core.generate import Generator
from diface_core.model.models import WEIGHTS, Models
from diface_core.networks import checkpoint
from diface_core.networks.torch_denoiser import TorchDenoiser
from diface_core.training.head.head_prior import HeadPrior
from diface_core.types import AudioSection, Constraints, GenerateRequest, Layers

REQUEST = GenerateRequest(AudioSection(Path("unused")), ("head",))


@pytest.fixture(scope="module")
def models() -> Models:
    return Models({"head": TorchDenoiser(checkpoint.load(WEIGHTS / "head.safetensors")[0])}, "hash")


@pytest.fixture(scope="module")
def features(speech) -> np.ndarray:
    """Return features of the sample speech, repeated twice: loudness only."""
    return loudness_features(np.tile(measure_audio([soundfile.read(speech, dtype="float32")[0]]).loudness, 2))


def loudness_features(loudness: np.ndarray) -> np.ndarray:
    features = np.zeros((len(loudness), DIMENSION), np.float32)
    features[:, LOUDNESS] = loudness
    return features


def sample_takes(models, features, steps=8, seeds=6) -> np.ndarray:
    requests = [dataclasses.replace(REQUEST, seed=seed, steps=steps) for seed in range(seeds)]
    return np.stack([models.sample(features, request).values for request in requests])


@pytest.mark.parametrize("steps", [1, 2, 4, 8, 25])
def test_head_amplitude_is_the_median_persons_for_any_step_count(models, features, steps):
    motions, prior = sample_takes(models, features, steps), HeadPrior.load()
    assert 0.75 < np.sqrt(motions.var(1).sum(1)).mean() / prior.amplitude < 1.25


@pytest.mark.parametrize("steps", [1, 2, 4, 25])
def test_any_step_count_gives_the_motion_of_eight_steps(models, features, steps):
    eight, other = sample_takes(models, features, 8, 2), sample_takes(models, features, steps, 2)
    assert all(np.corrcoef(eight[..., c].ravel(), other[..., c].ravel())[0, 1] > 0.9 for c in range(3))


def test_seeds_differ_as_much_as_independent_takes(models, features):
    first, second = sample_takes(models, features, seeds=2)
    assert np.abs([np.corrcoef(first[:, c], second[:, c])[0, 1] for c in range(3)]).mean() < 0.4


def test_head_moves_slowly_in_silence(models, features):
    quiet, speaking = sample_takes(models, loudness_features(np.full(900, -3.0))), sample_takes(models, features)
    degrees = np.degrees(quiet)
    assert 0.4 < degrees.std(1).mean() < 2.5
    assert np.abs(degrees).max() < 15
    assert np.diff(quiet, axis=1).std() < 0.85 * np.diff(speaking, axis=1).std()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_key_is_kept_exactly_and_the_motion_approaches_it(models, features, axis):
    """A pin at 6 degrees from the take, three times the deviation: inserted without regeneration it would be a jump."""
    free = models.sample(features, REQUEST).values
    keep, values = np.zeros(free.shape, bool), free.copy()
    keep[300, axis] = True
    values[300, axis] += np.radians(6)
    pinned = models.sample(features, dataclasses.replace(REQUEST, constraints=Constraints(values, keep))).values
    away = np.degrees(pinned - free)[:, axis]
    assert pinned[300, axis] == values[300, axis]
    assert np.abs(np.diff(away)).max() < 3.2
    assert np.abs(away[:100]).max() < 1.0
    others = [c for c in range(3) if c != axis]
    assert np.abs(np.degrees(pinned - free)[:, others]).max() < 3.0


def test_regenerated_segment_has_continuous_speed_at_its_borders(models, features):
    """All but a second is kept; at its boundaries, speed changes little more than within head strokes."""
    wanted = models.sample(features, dataclasses.replace(REQUEST, seed=7)).values
    keep = np.ones(wanted.shape, bool)
    keep[200:230] = False
    pinned = models.sample(features, dataclasses.replace(REQUEST, constraints=Constraints(wanted, keep))).values
    assert np.array_equal(pinned[keep], wanted[keep])
    change = np.abs(np.diff(pinned, 2, axis=0))
    borders = np.concatenate([change[197:201], change[227:231]])
    assert borders.max() < 2 * np.quantile(np.abs(np.diff(wanted, 2, axis=0)), 0.99)


def test_strengths_scale_each_axis(models, speech, tmp_path):
    request = dataclasses.replace(
        REQUEST,
        audio=AudioSection(speech),
        layers=Layers(None, None, None, None),
        head_strength=1.5,
        head_axes=(1.0, 0.0, 2.0),
    )
    plain = dataclasses.replace(request, head_strength=1.0, head_axes=(1.0, 1.0, 1.0))
    generator = Generator.load(tmp_path)
    scaled, usual = (generator.generate(r, lambda progress: None).motion for r in (request, plain))
    assert scaled.channels == channels.HEAD
    assert np.allclose(scaled.values, usual.values * [1.5, 0.0, 3.0], atol=1e-6)

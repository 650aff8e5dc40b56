"""The detector of m, b and p: parts equal the whole, and lips are shut where it finds one and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diface_core.audio.speech_encoder import DIMENSION
from diface_core.errors import ModelError
from diface_core.faces.lip_geometry import SHUT_GAP_MM, lip_gap
from diface_core.inference.channel_scale import ChannelScale
from diface_core.model import closure_detector
from diface_core.model.closure_detector import CONTEXT, FASTEST, MOST_SHUT, PARTERS, REACH, ClosureDetector, shut_lips
from diface_core.model.lip_closure import JAW_OPEN, MOUTH_CLOSE

SEEDS = st.integers(0, 2**32 - 1)
ONES = np.ones(52, np.float32)
PLAIN = ChannelScale(0 * ONES, ONES, ONES)


@pytest.fixture(scope="module")
def detector() -> ClosureDetector:
    return ClosureDetector.load()


def noise(detector: ClosureDetector, seed: int, rows: int = 120) -> np.ndarray:
    """Return features that are as far from the mean as those of speech."""
    random = np.random.default_rng(seed).standard_normal((rows, DIMENSION))
    return (3 * random * detector.deviation + detector.mean).astype(np.float32)


def weights(seed: int) -> np.ndarray:
    """Return faces (1, 40, 52) with open mouths."""
    random = np.random.default_rng(seed).random((1, 40, 52)).astype(np.float32) * 0.3
    random[..., JAW_OPEN] += 0.2
    random[..., MOUTH_CLOSE] *= 0.2
    return random


@given(seed=SEEDS, cut=st.integers(CONTEXT, 120 - CONTEXT))
@settings(deadline=None, max_examples=20)
def test_parts_with_context_have_the_distances_of_the_whole(detector, seed, cut):
    features = noise(detector, seed)
    whole = detector.distances(features)
    parts = detector.distances(features[: cut + CONTEXT])[:cut], detector.distances(features[cut - CONTEXT :])[CONTEXT:]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_distances_count_from_the_nearest_closure(monkeypatch, detector):
    likely = np.zeros(20, np.float32)
    likely[[5, 7]] = 0.95, 0.9
    likely[15] = 0.5  # not likely enough
    monkeypatch.setattr(ClosureDetector, "probabilities", lambda _self, _features: likely)
    assert REACH == 4
    assert detector.distances(np.zeros((20, 1), np.float32)).tolist() == [4, 4, 3, 2, 1, 0, 1, 0, 1, 2, 3, *[4] * 9]


@given(seed=SEEDS)
@settings(deadline=None, max_examples=20)
def test_lips_are_shut_at_a_closure_and_part_no_faster_than_they_may(seed):
    faces = weights(seed)
    distances = np.minimum(np.abs(np.arange(40) - 20), REACH).astype(np.float32)[None]
    shut = shut_lips(faces, distances, PLAIN)
    assert lip_gap(shut[0])[20] < SHUT_GAP_MM
    gap = (shut[..., JAW_OPEN] - shut[..., MOUTH_CLOSE])[0]
    near = distances[0] < REACH
    assert (gap[near] <= FASTEST * distances[0, near] + 1e-6).all()
    np.testing.assert_array_equal(shut[:, ~near], faces[:, ~near])
    moved = [MOUTH_CLOSE, *PARTERS, *closure_detector.LIMITED]
    kept = [column for column in range(52) if column not in moved]
    np.testing.assert_array_equal(shut[..., kept], faces[..., kept])
    assert len(MOST_SHUT) == len(closure_detector.LIMITED)


@given(seed=SEEDS)
@settings(deadline=None, max_examples=10)
def test_shutting_again_changes_nothing(seed):
    distances = np.minimum(np.abs(np.arange(40) - 20), REACH).astype(np.float32)[None]
    once = shut_lips(weights(seed), distances, PLAIN)
    np.testing.assert_allclose(shut_lips(once, distances, PLAIN), once, atol=1e-6)


def test_without_closures_nothing_changes():
    faces = weights(0)
    assert shut_lips(faces, np.full((1, 40), np.inf, np.float32), PLAIN) is faces


def test_a_model_that_does_not_know_the_jaw_is_left_alone():
    known = ONES.copy()
    known[JAW_OPEN] = 0
    faces = weights(0)
    assert shut_lips(faces, np.zeros((1, 40), np.float32), ChannelScale(0 * ONES, ONES, known)) is faces


def test_a_damaged_file_is_said(tmp_path):
    (tmp_path / "closures.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="cannot be read"):
        ClosureDetector.load(tmp_path / "closures.safetensors")


def test_weights_survive_a_file(detector, tmp_path):
    detector.save(tmp_path / "closures.safetensors")
    again, features = ClosureDetector.load(tmp_path / "closures.safetensors"), noise(detector, 1)
    np.testing.assert_array_equal(again.probabilities(features), detector.probabilities(features))

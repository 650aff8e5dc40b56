"""The detector of the tongue: parts equal the whole, at rest in silence, smooth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diface_core.audio.speech_encoder import DIMENSION
from diface_core.learning.sequence import TrainingSequence
from diface_core.model.tongue_detector import CONTEXT, TongueDetector
from diface_core.runtime.sliding_windows import sliding_windows
from diface_core.training import row_network
from diface_core.training.tongue.fit import example

SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def detector() -> TongueDetector:
    return TongueDetector.load()


def noise(detector: TongueDetector, seed: int, rows: int = 120) -> np.ndarray:
    """Return features that are as far from the mean as those of speech."""
    random = np.random.default_rng(seed).standard_normal((rows, DIMENSION))
    return (3 * random * detector.deviation + detector.mean).astype(np.float32)


@given(seed=SEEDS)
@settings(deadline=None, max_examples=20)
def test_the_tongue_is_the_same_for_the_same_features_and_within_bounds(detector, seed):
    features = noise(detector, seed)
    found = detector.articulation(features)
    assert found.shape == (120, 3)
    assert found.dtype == np.float32
    assert ((found >= 0) & (found <= 1)).all()
    np.testing.assert_array_equal(found, detector.articulation(features.copy()))


@given(seed=SEEDS, size=st.integers(1, 50))
@settings(deadline=None, max_examples=20)
def test_windows_with_context_equal_the_whole(detector, seed, size):
    features = noise(detector, seed)
    parts = (features[first : first + size] for first in range(0, len(features), size))
    windows = sliding_windows(parts, CONTEXT, len(features))
    found = np.concatenate([detector.articulation(window.rows)[window.valid] for window in windows])
    np.testing.assert_allclose(found, detector.articulation(features), atol=1e-5)


def test_rows_beyond_the_context_do_not_count(detector):
    features = noise(detector, 1)
    changed = features.copy()
    changed[60] += 5 * detector.deviation
    moved = np.flatnonzero((detector.articulation(changed) != detector.articulation(features)).any(axis=1))
    assert moved.min() >= 60 - CONTEXT
    assert moved.max() <= 60 + CONTEXT


@pytest.mark.slow
def test_training_learns_what_moves_each_part(monkeypatch):
    monkeypatch.setattr(row_network, "COLUMNS_DROPPED", 0.0)
    monkeypatch.setattr(row_network, "ENCODER_DROPPED", 0.0)

    def sequence(seed: int) -> TrainingSequence:
        """Return features whose first three columns say where the tongue is."""
        random = np.random.default_rng(seed)
        features = np.zeros((100, DIMENSION), np.float16)
        values = (random.random((100, 3)) > 0.8).astype(np.float16)
        features[:, :3] = 5 * values
        return TrainingSequence(features, values, np.ones(3, bool), "rendered")

    trained = row_network.fit(
        TongueDetector, [example(sequence(seed)) for seed in range(4)], 200, width=8, batch=8, rate=1e-2
    )
    fresh = sequence(9)
    found = trained.articulation(np.asarray(fresh.features, np.float32))
    for column in range(3):
        up = fresh.values[:, column] > 0.5
        assert found[up, column].mean() > 2 * found[~up, column].mean()

"""Training of the detector of m, b and p: labels at any speed, and what is learnt from them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diface_core.audio.speech_encoder import DIMENSION, LOUDNESS, SAMPLE_RATE
from diface_core.learning.sequence import TrainingSequence
from diface_core.model.closure_detector import ClosureDetector
from diface_core.model.lip_closure import JAW_OPEN
from diface_core.training import row_network
from diface_core.training.augmentation.augment import Augmentation, retime_motion
from diface_core.training.closures import fit
from diface_core.training.closures.rows_to_closure import FAR, QUIET, QUIET_WEIGHT, label, with_rows_to_closure
from diface_core.training.corpora import Clip, Phone
from diface_core.training.settings import TrainConfig

ROWS = 90
BEGINS = (12, 30, 55, 81)


def spoken(*phones: tuple[float, float, str], source: str = "rendered", open_at: float = 0.3) -> Clip:
    """Return three seconds with these phones, in rows, and lips that are apart."""
    values = np.zeros((ROWS, 52), np.float32)
    values[:, JAW_OPEN] = open_at
    timed = tuple(Phone(first / 30, last / 30, name) for first, last, name in phones)
    samples = np.zeros(3 * SAMPLE_RATE, np.float32)
    return Clip("clip", samples, values, np.ones(52, bool), source, timed, source=source)


def labelled(clip: Clip, loudness: float = -0.2, speed: int = 20) -> row_network.Example:
    """Return the labels of a clip at a loudness and at a speed in twentieths."""
    length = len(clip.samples) * 20 // speed
    values = retime_motion(with_rows_to_closure(clip).values, Augmentation(speed), length)
    features = np.zeros((len(values), DIMENSION), np.float16)
    features[:, LOUDNESS] = loudness
    return label(TrainingSequence(features, values.astype(np.float16), np.ones(1, bool), "rendered"))


def runs(labels: np.ndarray) -> np.ndarray:
    """Return the first row of every run of rows that are shut."""
    return np.flatnonzero(np.diff(np.concatenate([[0], labels[:, 0]])) == 1)


@given(start=st.floats(20, 60), rows=st.floats(0.2, 6), speed=st.integers(12, 36))
@settings(deadline=None, max_examples=60)
def test_a_closure_of_any_length_has_one_label_at_any_speed(start, rows, speed):
    found = labelled(spoken((start, start + rows, "b")), speed=speed)
    assert len(runs(found.labels)) == 1
    middle = np.flatnonzero(found.labels[:, 0]).mean()
    assert abs(middle - (start + rows / 2) * 20 / speed) <= 1
    assert (found.weights[found.labels[:, 0] == 1] == 1).all()


def test_other_sounds_have_no_label_and_rows_beside_a_closure_do_not_count():
    found = labelled(spoken((10, 14, "a"), (14, 17, "m"), (17, 24, "s")))
    shut = np.flatnonzero(found.labels[:, 0])
    assert len(runs(found.labels)) == 1
    assert shut.min() >= 14
    assert shut.max() <= 17
    assert found.weights[[shut.min() - 1, shut.max() + 1]].tolist() == [0, 0]
    assert found.weights[5] == found.weights[30] == 1


def test_nobody_who_is_quiet_counts_little():
    assert QUIET > -2
    assert set(labelled(spoken((10, 14, "a")), loudness=-2).weights) == {np.float32(QUIET_WEIGHT)}


def test_tracked_lips_say_when_they_are_shut():
    clip = spoken((30, 36, "P"), source="grid_s1")
    clip.values[32:34, JAW_OPEN] = 0.002
    assert np.flatnonzero(labelled(clip).labels[:, 0]).tolist() == [32, 33]


def test_tracked_lips_that_never_meet_have_no_label():
    assert not labelled(spoken((30, 36, "P"), source="grid_s1")).labels.any()
    assert labelled(spoken((30, 36, "P"))).labels.any()


def test_only_clips_with_phones_and_sounds_without_speech_are_trained_on(monkeypatch):
    clips = [
        spoken((30, 36, "P")),
        dataclasses.replace(spoken(), name="no phones"),
        dataclasses.replace(spoken(), name="rain", source="not_speech"),
    ]
    monkeypatch.setattr(fit, "read_corpora", lambda _data, _corpora: clips)
    config = TrainConfig(source="face", out="x", model={})
    trained = fit.training_clips(config)
    assert [clip.source for clip in trained] == ["rendered", "not_speech"]
    assert trained[0].values.shape == (ROWS, 1)
    assert trained[0].values.min() == 0
    assert (trained[1].values == FAR).all()


def sequence(seed: int) -> TrainingSequence:
    """Return speech whose first column says where the lips are shut."""
    random = np.random.default_rng(seed)
    features = np.zeros((100, DIMENSION), np.float16)
    features[:, 1:30], features[:, LOUDNESS] = random.standard_normal((100, 29)), -0.2
    for begin in BEGINS:
        features[begin : begin + 2, 0] = 5
    distance = np.min([np.maximum(abs(np.arange(100) - begin - 0.5) - 0.5, 0) for begin in BEGINS], axis=0)
    return TrainingSequence(features, distance.astype(np.float16)[:, None], np.ones(1, bool), "rendered")


@pytest.mark.slow
def test_training_finds_what_shuts_the_lips(monkeypatch):
    monkeypatch.setattr(row_network, "COLUMNS_DROPPED", 0.0)
    examples = [label(sequence(seed)) for seed in range(4)]
    assert examples[0].labels.sum() == 8
    trained = row_network.fit(
        ClosureDetector, examples, 200, width=8, batch=8, rate=1e-2, positive_weights=(fit.POSITIVE_WEIGHT,)
    )
    found = trained.probabilities(np.asarray(sequence(9).features, np.float32))
    assert found[[12, 30, 55, 81]].min() > found[[5, 20, 45, 70]].max()

"""The classifier of sounds: sequences with labels, and a fit that separates what can be separated."""

from __future__ import annotations

import numpy as np
import pytest

from diface_core.audio.loudness import SAMPLE_RATE
from diface_core.nonverbal.sounds.sound_classes import CLASSES, OTHER, SPEECH
from diface_core.training.other_sounds.fit import fit, read_utterances
from diface_core.training.other_sounds.sequences import UNKNOWN, draw_sequence, labelled
from diface_core.types import MODEL_RATE

SPEECHES = [np.sin(np.arange(4 * SAMPLE_RATE) / 9).astype(np.float32)]


@pytest.mark.parametrize("seed", range(8))
def test_sequences_are_sound_with_a_label_a_row(seed):
    sequence = draw_sequence(SPEECHES, seed)
    assert np.isfinite(sequence.samples).all()
    assert 0 < np.abs(sequence.samples).max() <= 1
    assert len(sequence.labels) == MODEL_RATE.rows(len(sequence.samples) / SAMPLE_RATE)
    assert set(sequence.labels) <= {UNKNOWN, *range(len(CLASSES))}
    again = draw_sequence(SPEECHES, seed)
    np.testing.assert_array_equal(again.samples, sequence.samples)


def test_every_class_is_drawn():
    labels = np.concatenate([draw_sequence(SPEECHES, seed).labels for seed in range(40)])
    assert set(labels) == {UNKNOWN, *range(len(CLASSES))}


def test_pauses_of_a_voice_do_not_count_and_those_of_other_sounds_do():
    wave = np.concatenate([SPEECHES[0][:SAMPLE_RATE], np.zeros(SAMPLE_RATE)]).astype(np.float32)
    assert (labelled(wave, SPEECH)[40:] == UNKNOWN).all()
    assert (labelled(wave, SPEECH)[:25] == SPEECH).all()
    assert (labelled(wave, OTHER) == OTHER).all()


def test_fit_separates_classes():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, len(CLASSES), 2000)
    rows = rng.standard_normal((2000, 12)).astype(np.float32)
    rows[np.arange(2000), labels] += 4
    classifier = fit(rows, labels)
    scores = (rows - classifier.mean) / classifier.scale @ classifier.weights + classifier.bias
    assert np.mean(scores.argmax(axis=1) == labels) > 0.9


def test_utterances_come_from_sound_files_only(tmp_path):
    (tmp_path / "notes.txt").write_text("no sound")
    assert list(read_utterances([tmp_path])) == []

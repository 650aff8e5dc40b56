"""Experiments: no leak into what is left out, columns of the encoders' layers, normalisation by voice."""

from __future__ import annotations

import dataclasses
from functools import partial

import numpy as np
import pytest

from diface_core.training import corpora
from diface_core.training.corpora import Clip, Phone
from diface_core.training.evaluation.experiments import compare_encoders, left_out, predictors, robustness
from diface_core.training.evaluation.experiments.whisper_layers import SIZES, layer_columns
from diface_core.training.rendering.tts.voices import VOICES

pytestmark = pytest.mark.training


def clip(source: str, number: int, speaker: str) -> Clip:
    rest = np.zeros((30, 52), np.float32)
    return Clip(f"{source} {number}", np.zeros(16000, np.float32), rest, np.ones(52, bool), source, (), speaker, source)


CLIPS = [clip(source, n, source) for source in ("grid_s1", "facegood_1114") for n in range(60)]
CLIPS += [clip("rendered", n, voice.name) for n, voice in enumerate(VOICES)]


@pytest.mark.parametrize("fold", left_out.folds(), ids=lambda fold: fold.name)
def test_folds_train_on_nothing_that_they_leave_out(fold):
    judged = [c for c in CLIPS if fold.is_judged(c)]
    trained = [c for c in CLIPS if not (fold.is_left_out(c) or fold.is_judged(c))]
    assert judged
    assert trained
    languages = {left_out.language(c) for c in judged}
    if fold.name == "GRID known":
        assert all(corpora.is_held_out(c) for c in judged)
    elif "GRID" in fold.name or "FACEGOOD" in fold.name:
        assert not {c.source for c in judged} & {c.source for c in trained}
    else:
        assert not languages & {left_out.language(c) for c in trained}


@pytest.mark.parametrize("name", SIZES)
def test_columns_of_layers_do_not_overlap_and_end_with_mel_bands_and_loudness(name):
    size = SIZES[name]
    layers = [layer_columns(name, layer) for layer in size.outputs]
    assert [own.stop - own.start for own, _ in layers] == [size.width] * len(size.outputs)
    assert [own.start for own, _ in layers] == [size.width * n for n in range(len(size.outputs))]
    assert {(rest.start, rest.stop - rest.start) for _, rest in layers} == {(size.width * len(size.outputs), 17)}


def test_voices_are_standardised_each():
    rng = np.random.default_rng(0)
    clips = [clip("rendered", n, f"voice {n % 2}") for n in range(6)]
    features = [rng.normal(5 * (n % 2), 1 + n % 2, (40, 3)).astype(np.float32) for n in range(6)]
    scaled = compare_encoders.standardise_voices(clips, features)
    for voice in (0, 1):
        rows = np.concatenate(scaled[voice::2])
        assert rows.mean(0) == pytest.approx(0, abs=1e-5)
        assert rows.std(0) == pytest.approx(1, abs=2e-3)


SHORT = predictors.Regularisation(steps=60)
VARIED = predictors.Regularisation(steps=60, noise=0.2, column_dropout=0.1, speaker_change=0.1)


@pytest.mark.parametrize(
    "fit",
    [
        predictors.ridge,
        partial(predictors.convnet, regularisation=SHORT),
        partial(predictors.convnet, regularisation=VARIED),
    ],
    ids=["ridge", "convnet", "convnet, varied"],
)
def test_predictors_learn_a_linear_map_and_no_unknown_channel(fit, monkeypatch):
    monkeypatch.setattr(predictors, "BATCH", 4)
    monkeypatch.setattr(predictors, "WIDTH", 32)
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((6, 4)).astype(np.float32)
    known = np.array([True, True, True, False])
    examples = []
    for _ in range(20):
        features = rng.standard_normal((60, 6)).astype(np.float32)
        mouth = features @ weights
        mouth[:, 3] = 100
        examples.append(predictors.Example(features, mouth, known))
    predicted = fit(examples)(examples[0].features)
    for column in range(3):
        assert np.corrcoef(predicted[:, column], examples[0].mouth[:, column])[0, 1] > 0.8
    assert np.abs(predicted[:, 3]).max() < 50


# --- robustness -------------------------------------------------------------------------------------------------------


def spoken() -> Clip:
    """Return a second of a 200 Hz tone, an open vowel from .4 to .6 s."""
    tone = np.sin(2 * np.pi * 200 * np.arange(16000) / 16000).astype(np.float32)
    phones = (Phone(0.0, 0.4, "T"), Phone(0.4, 0.6, "AA"), Phone(0.6, 1.0, "S"))
    return dataclasses.replace(clip("grid_s1", 0, "grid_s1"), samples=tone, phones=phones)


def test_held_vowels_are_longer_and_the_other_phones_are_not():
    before, after = spoken(), robustness.hold_vowels(spoken())
    lengths = [round(phone.end - phone.start, 3) for phone in after.phones]
    assert lengths == [0.4, 0.2 * robustness.HELD, 0.4]
    assert len(after.samples) == len(before.samples) + round((robustness.HELD - 1) * 0.2 * 16000)


@pytest.mark.parametrize("twentieths", [12, 32])
def test_motion_and_phones_follow_the_speed(twentieths):
    changed = robustness.change_speed(spoken(), twentieths)
    assert changed.phones[-1].end == pytest.approx(20 / twentieths)
    assert len(changed.samples) == pytest.approx(16000 * 20 / twentieths, abs=2)
    assert len(changed.values) == pytest.approx(30 * 20 / twentieths, abs=1)


def test_changes_keep_the_length_and_are_finite():
    samples, rng = spoken().samples, np.random.default_rng(0)
    for name, change in robustness.changes(samples[::2].copy()).items():
        changed = change(samples, rng)
        assert len(changed) == len(samples), name
        assert np.isfinite(changed).all(), name

"""Sounds that are no speech: which they are, and what the face does with them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from diface_core import channels, protocol
from diface_core.audio.feature_cache import FeatureCache
from diface_core.audio.loudness import SAMPLE_RATE
from diface_core.generate import Generator
from diface_core.nonverbal.sounds import nonspeech_sampler
from diface_core.nonverbal.sounds.sound_amounts import BURST, COLUMNS, REACH, SIZE, sound_amounts, stream_amounts
from diface_core.nonverbal.sounds.sound_classes import (
    BREATH,
    CLASSES,
    COUGH,
    LAUGH,
    OTHER,
    SPEECH,
    SoundClassifier,
    summaries,
)
from diface_core.nonverbal.sounds.sound_motion import MOUTH, show_sounds
from diface_core.training.other_sounds import synthesis
from diface_core.types import AudioSection, Constraints, GenerateRequest, Layers, Motion

SPEECH_FILE = Path("tests/data/speech.flac")
QUIET = Layers(None, None, None, None)


def random_features(rows: int, seed: int = 0) -> np.ndarray:
    """Return features (T, 401) that change smoothly."""
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.standard_normal((rows, 401)), axis=0) / 10
    walk[:, -1] = np.clip(walk[:, -1] - 1, -3, 0.5)
    return walk.astype(np.float32)


def random_classifier(seed: int = 0) -> SoundClassifier:
    rng = np.random.default_rng(seed)
    size = summaries(random_features(5)).shape[1]
    weights = rng.standard_normal((size, len(CLASSES))).astype(np.float32)
    return SoundClassifier(np.zeros(size, np.float32), np.ones(size, np.float32), weights, np.zeros(5, np.float32))


def amounts_of(rows: int, **amounts: float) -> np.ndarray:
    """Return amounts (T, COLUMNS) of classes, the rest speech; full size, four bursts a second."""
    columns = np.zeros((rows, COLUMNS), np.float32)
    for name, amount in amounts.items():
        columns[:, CLASSES.index(name)] = amount
    columns[:, SPEECH] = 1 - columns[:, 1 : len(CLASSES)].sum(1)
    columns[:, BURST] = (1 + np.sin(2 * np.pi * 4 * np.arange(rows) / 30)) / 2
    columns[:, SIZE] = 1
    return columns


def random_motion(rows: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 0.6, (rows, len(channels.ALL))).astype(np.float32)


# Amounts


@given(st.lists(st.integers(1, 90), min_size=1, max_size=8), st.integers(0, 99))
@settings(max_examples=20)
def test_parts_are_heard_like_the_whole(lengths, seed):
    features, classifier = random_features(sum(lengths), seed), random_classifier(seed)
    parts = np.split(features, np.cumsum(lengths)[:-1])
    streamed = np.concatenate(list(stream_amounts(parts, len(features), classifier)))
    np.testing.assert_allclose(streamed, sound_amounts(features, classifier), atol=1e-5)


@given(st.integers(0, 99))
@settings(max_examples=20)
def test_amounts_are_shares(seed):
    found = sound_amounts(random_features(200, seed), random_classifier(seed))
    assert found.min() >= 0
    assert found.max() <= 1 + 1e-6
    np.testing.assert_allclose(found[:, : len(CLASSES)].sum(axis=1), 1, atol=1e-5)


def test_a_row_depends_on_rows_within_reach_only():
    features, classifier = random_features(300), random_classifier()
    changed = features.copy()
    changed[150] += 3
    differs = np.flatnonzero(np.any(sound_amounts(changed, classifier) != sound_amounts(features, classifier), axis=1))
    assert differs.min() >= 150 - REACH
    assert differs.max() <= 150 + REACH


def test_nobody_laughs_in_a_steady_sound():
    size = summaries(random_features(5)).shape[1]
    bias = np.array([0, 9, 0, 0, 0], np.float32)
    certain = SoundClassifier(np.zeros(size), np.ones(size), np.zeros((size, len(CLASSES))), bias)
    steady = np.zeros((200, 401), np.float32)
    laughing = steady.copy()
    laughing[:, -1] = np.where(np.arange(200) % 8 < 4, 0.0, -1.0)
    assert not sound_amounts(steady, certain)[:, LAUGH].any()
    assert sound_amounts(steady, certain)[:, OTHER].min() > 0.9
    assert sound_amounts(laughing, certain)[:, LAUGH].min() > 0.9


def certain_of(*scores: float) -> SoundClassifier:
    """Return a classifier with the same scores of the classes on every row."""
    size = summaries(random_features(5)).shape[1]
    return SoundClassifier(np.zeros(size), np.ones(size), np.zeros((size, len(CLASSES))), np.array(scores, np.float32))


def test_sudden_bursts_that_are_hardly_speech_are_coughs():
    loudness = np.full(120, -2.0, np.float32)
    loudness[30:34] = loudness[60:64] = (0.0, -0.3, -0.8, -1.4)
    features = np.zeros((120, 401), np.float32)
    features[:, -1] = loudness
    doubtful = sound_amounts(features, certain_of(0.0, 2.0, 2.0, 0.0, 2.0))
    inside = [*range(31, 36), *range(61, 66)]
    assert doubtful[inside, COUGH].min() > 1.5 * doubtful[90:, COUGH].max()
    speech = sound_amounts(features, certain_of(6.0, 2.0, 2.0, 0.0, 2.0))
    assert speech[:, SPEECH].min() == 1


def test_weights_survive_a_file(tmp_path):
    classifier = random_classifier(3)
    classifier.save(tmp_path / "sounds.safetensors")
    again = SoundClassifier.load(tmp_path / "sounds.safetensors")
    features = random_features(50)
    np.testing.assert_array_equal(again.probabilities(features), classifier.probabilities(features))


# What the face does


def test_speech_is_spoken_as_it_is():
    values = random_motion(60)
    np.testing.assert_array_equal(show_sounds(values, channels.ALL, amounts_of(60)), values)


def test_nothing_is_changed_where_everything_is_kept():
    values = random_motion(60)
    np.testing.assert_array_equal(show_sounds(values, channels.ALL, amounts_of(60, laugh=1.0), 0.0), values)


def test_mouth_rests_in_music_and_the_rest_of_the_face_goes_on():
    values = random_motion(60)
    shown = Motion(show_sounds(values, channels.ALL, amounts_of(60, other=1.0)), channels.ALL, GenerateRequest.rate)
    for column, name in enumerate(channels.ALL):
        expected = 0 * values[:, column] if name.startswith(MOUTH) else values[:, column]
        np.testing.assert_allclose(shown.column(name), expected, atol=1e-6)


def test_laugh_opens_smiles_and_shakes():
    rows = 90
    shown = show_sounds(np.zeros((rows, 55), np.float32), channels.ALL, amounts_of(rows, laugh=1.0))
    motion = Motion(shown, channels.ALL, GenerateRequest.rate)
    jaw, burst = motion.column("jawOpen"), amounts_of(rows)[:, BURST]
    assert jaw.min() > 0.1
    assert np.corrcoef(jaw, burst)[0, 1] > 0.99
    assert motion.column("mouthSmileLeft").min() > 0.5
    assert not motion.column("mouthClose").any()
    pitch = np.degrees(motion.column("head_rx"))
    assert pitch.mean() < -1
    assert 1 < np.ptp(pitch) < 3


def test_breath_opens_less_than_a_laugh_and_a_cough_nods():
    def shown(name: str) -> Motion:
        values = show_sounds(np.zeros((90, 55), np.float32), channels.ALL, amounts_of(90, **{name: 1.0}))
        return Motion(values, channels.ALL, GenerateRequest.rate)

    assert 0.02 < shown("breath").column("jawOpen").max() < 0.5 * shown("laugh").column("jawOpen").max()
    assert not shown("breath").select(channels.HEAD).values.any()
    assert np.degrees(shown("cough").column("head_rx")).max() > 3


@given(st.sampled_from(CLASSES[1:]), st.floats(0, 1))
@settings(max_examples=20)
def test_values_stay_in_their_range(name, amount):
    shown = show_sounds(random_motion(60), channels.ALL, amounts_of(60, **{name: amount}))
    face = shown[:, : len(channels.FACE)]
    assert face.min() >= 0
    assert face.max() <= 1


def test_the_head_alone_shakes_too():
    values = np.zeros((60, 3), np.float32)
    assert show_sounds(values, channels.HEAD, amounts_of(60, laugh=1.0))[:, 0].any()


# The whole, with the bundled classifier


@pytest.fixture(scope="module")
def generator() -> Generator:
    return Generator.load(None)


def motion_of(generator: Generator, samples: np.ndarray, tmp_path: Path, **fields) -> Motion:
    soundfile.write(tmp_path / "sound.wav", samples, SAMPLE_RATE)
    request = GenerateRequest(AudioSection(tmp_path / "sound.wav"), layers=QUIET, **fields)
    return generator.generate(request, lambda progress: None).motion


def test_sample_speech_is_not_changed(generator):
    request = GenerateRequest(AudioSection(SPEECH_FILE), layers=QUIET)
    shown = generator.generate(request, lambda progress: None).motion
    spoken = generator.generate(dataclasses.replace(request, other_sounds=False), lambda progress: None).motion
    jaw = np.abs(shown.column("jawOpen") - spoken.column("jawOpen"))
    assert np.mean(jaw > 0.02) < 0.01


def test_synthesised_laugh_opens_the_mouth_and_speech_goes_on(generator, tmp_path):
    speech, _rate = soundfile.read(SPEECH_FILE, frames=4 * SAMPLE_RATE)
    laughs, opened = 0, []
    for seed in range(4):
        laugh = 0.5 * np.abs(speech).max() * synthesis.laugh(np.random.default_rng(seed))
        pause = np.zeros(SAMPLE_RATE // 2)
        motion = motion_of(generator, np.concatenate([speech, pause, laugh, pause]), tmp_path)
        first = round(30 * (len(speech) + len(pause)) / SAMPLE_RATE)
        inside = slice(first + 6, first + round(30 * len(laugh) / SAMPLE_RATE) - 6)
        smile = motion.column("mouthSmileLeft")[inside]
        laughs += smile.mean() > 0.2
        opened.append(motion.column("jawOpen")[inside].mean())
    assert laughs >= 3
    assert np.median(opened) > 0.08


def test_everything_is_spoken_by_requests_of_earlier_versions(generator):
    request = GenerateRequest(AudioSection(SPEECH_FILE))
    message = protocol.generate_request_message(request, 0)
    del message.data["other_sounds"]
    assert not protocol.parse_generate_request(message).other_sounds


def test_regenerated_frames_show_sounds_and_what_is_kept_stays(generator, tmp_path):
    laugh = 0.3 * synthesis.laugh(np.random.default_rng(1))
    sound = np.concatenate([np.zeros(SAMPLE_RATE), laugh, np.zeros(SAMPLE_RATE)])
    base = motion_of(generator, sound, tmp_path)
    known = np.ones(base.values.shape, bool)
    known[20:60] = False
    again = motion_of(generator, sound, tmp_path, constraints=Constraints(base.values, known, keep_motion=1.0))
    np.testing.assert_allclose(again.values, base.values, atol=2e-3)
    new = motion_of(generator, sound, tmp_path, seed=5, constraints=Constraints(base.values, known))
    np.testing.assert_array_equal(new.values[known], base.values[known])


def test_regenerated_frames_hear_what_the_whole_take_hears(generator, tmp_path, monkeypatch):
    heard: list[np.ndarray] = []

    def spy(values, names, amounts, share=1.0):
        heard.append(amounts)
        return values

    monkeypatch.setattr(nonspeech_sampler, "show_sounds", spy)
    doubtful = Generator(generator._encoder, generator._models, FeatureCache(None), random_classifier(1))
    sound = soundfile.read(SPEECH_FILE)[0][: 9 * SAMPLE_RATE]
    base = motion_of(doubtful, sound, tmp_path)
    whole = np.concatenate(heard)
    assert np.ptp(whole[:, SPEECH]) > 0.5
    heard.clear()
    known = np.ones(base.values.shape, bool)
    known[[*range(110, 125), *range(250, 256)]] = False
    motion_of(doubtful, sound, tmp_path, constraints=Constraints(base.values, known))
    for part, (first, last) in zip(heard, [(110, 125), (250, 256)], strict=True):
        begin = (first - 40) // 32 * 32
        assert len(part) >= last - begin
        np.testing.assert_allclose(part[: last - begin], whole[begin:last], atol=1e-5)


@pytest.mark.parametrize("make", [synthesis.laugh, synthesis.cough, synthesis.breath, synthesis.sigh])
def test_synthesised_sounds_are_finite_and_differ(make):
    waves = [make(np.random.default_rng(seed)) for seed in range(6)]
    assert all(np.isfinite(wave).all() and len(wave) > 1600 and np.abs(wave).max() > 0.01 for wave in waves)
    assert len({len(wave) for wave in waves}) > 3


def test_classes_are_numbered_in_order():
    assert tuple(range(len(CLASSES))) == (SPEECH, LAUGH, COUGH, BREATH, OTHER)

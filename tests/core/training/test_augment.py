"""Augmentation of voices: each setting changes only its quantity, and audio and motion stay aligned."""

import dataclasses

import numpy as np
import pytest
from scipy import signal

from diface_core.audio.speech_encoder import SAMPLE_RATE
from diface_core.training.augmentation import augment, noises, voice_change
from diface_core.types import MODEL_RATE

pytestmark = pytest.mark.training

SECONDS = 3
FORMANTS = ((600, 90), (1500, 110), (2600, 150))


def vowel(excitation: np.ndarray) -> np.ndarray:
    """Return a steady vowel: three resonances of a source."""
    for centre, width in FORMANTS:
        r = np.exp(-np.pi * width / SAMPLE_RATE)
        excitation = signal.lfilter([1], [1, -2 * r * np.cos(2 * np.pi * centre / SAMPLE_RATE), r * r], excitation)
    return (0.3 * excitation / np.abs(excitation).max()).astype(np.float32)


def voiced(pitch: float) -> np.ndarray:
    pulses = np.zeros(SECONDS * SAMPLE_RATE)
    pulses[np.arange(0, SECONDS * SAMPLE_RATE, SAMPLE_RATE / pitch).astype(int)] = 1
    return vowel(pulses)


def whispered() -> np.ndarray:
    return vowel(np.random.default_rng(0).standard_normal(SECONDS * SAMPLE_RATE))


def pitch_of(samples: np.ndarray) -> float:
    middle = samples[SAMPLE_RATE // 2 : SAMPLE_RATE // 2 + 8000].astype(float)
    correlation = np.correlate(middle, middle, "full")[len(middle) - 1 :]
    return SAMPLE_RATE / (50 + int(correlation[50:260].argmax()))


def formant_scale(samples: np.ndarray, original: np.ndarray) -> float:
    """Return the factor on the frequency axis that aligns the spectral envelopes."""
    spectra = [np.log(signal.welch(x, SAMPLE_RATE, nperseg=256)[1] + 1e-12)[:100] for x in (samples, original)]
    factors = np.arange(0.75, 1.35, 0.01)
    at = np.arange(100)
    inner = slice(4, 70)
    correlation = [np.corrcoef(np.interp(at / f, at, spectra[1])[inner], spectra[0][inner])[0, 1] for f in factors]
    return float(factors[int(np.argmax(correlation))])


def augmented(samples: np.ndarray, **settings) -> np.ndarray:
    return augment.augment_audio(samples, augment.Augmentation(**settings), np.random.default_rng(0))


def test_default_augmentation_changes_nothing():
    samples = np.random.default_rng(0).standard_normal(SAMPLE_RATE).astype(np.float32)
    assert np.array_equal(augmented(samples), samples)


@pytest.mark.parametrize("pitch", [0.8, 1.0, 1.26])
@pytest.mark.parametrize("speed", [16, 20, 26])
def test_pitch_and_speed_are_independent(pitch, speed):
    samples = voiced(120)
    changed = augmented(samples, pitch=pitch, speed=speed)
    assert pitch_of(changed) == pytest.approx(120 * pitch, rel=0.03)
    assert abs(len(changed) - len(samples) * 20 / speed) <= 1


@pytest.mark.parametrize("formants", [0.88, 1.0, 1.14])
@pytest.mark.parametrize("pitch", [0.8, 1.25])
def test_formants_and_pitch_are_independent(formants, pitch):
    samples = whispered()
    assert formant_scale(augmented(samples, pitch=pitch, formants=formants), samples) == pytest.approx(
        formants, abs=0.05
    )
    assert pitch_of(augmented(voiced(140), formants=formants)) == pytest.approx(140, rel=0.03)


@pytest.mark.parametrize("pitch", [0.8, 1.0, 1.3])
@pytest.mark.parametrize("speed", [16, 20, 26])
def test_audio_and_motion_stay_aligned(speed, pitch):
    """A burst and the weight that marks it stay aligned at any speed and pitch."""
    samples, values = np.zeros(6 * SAMPLE_RATE, np.float32), np.zeros((180, 2), np.float32)
    samples[4 * SAMPLE_RATE : 4 * SAMPLE_RATE + 1600] = np.random.default_rng(0).standard_normal(1600) * 0.1
    values[:, 0] = np.maximum(0, 1 - np.abs(np.arange(180) - 121.5) / 3)
    voice = augment.Augmentation(speed=speed, pitch=pitch)
    audio = augment.augment_audio(samples, voice, np.random.default_rng(0))
    moved = augment.retime_motion(values, voice, len(audio))
    assert len(moved) == MODEL_RATE.rows(len(audio) / SAMPLE_RATE)
    at = (moved[:, 0] * np.arange(len(moved))).sum() / moved[:, 0].sum() / 30
    energy = np.square(audio.astype(float))
    assert abs(at - (energy * np.arange(len(audio))).sum() / energy.sum() / SAMPLE_RATE) < 0.015


@pytest.mark.parametrize("codec", sorted(noises.CODECS))
def test_codecs_keep_timing_and_remove_high_frequencies(codec):
    samples = np.random.default_rng(0).standard_normal(SECONDS * SAMPLE_RATE).astype(np.float32) * 0.1
    changed = augmented(samples, codec=codec)
    assert len(changed) == len(samples)
    assert not np.array_equal(changed, samples)
    assert np.correlate(changed[:8000], samples[:8000], "full").argmax() == 7999
    if codec != "compressed":
        high = [np.abs(np.fft.rfft(x))[int(4200 * SECONDS) :].mean() for x in (changed, samples)]
        assert high[0] < 0.1 * high[1]


@pytest.mark.parametrize("kind", sorted(noises.NOISES))
def test_noise_has_the_requested_level(kind):
    rng, samples = np.random.default_rng(0), voiced(120)
    noise = noises.NOISES[kind](len(samples), rng, [voiced(100), voiced(180)])
    assert noise.std() == pytest.approx(1.0, abs=0.05)
    changed = augmented(samples, noise=kind, noise_level=0.1) - samples
    assert changed.std() == pytest.approx(0.1 * noises.speech_level(samples), rel=0.1)


def test_pink_noise_falls_by_three_decibels_per_octave():
    spectrum = signal.welch(noises.pink(20 * SAMPLE_RATE, np.random.default_rng(0), ()), SAMPLE_RATE, nperseg=4096)[1]
    octaves = [
        10 * np.log10(spectrum[int(f / SAMPLE_RATE * 4096) :][: int(f / SAMPLE_RATE * 4096)].mean())
        for f in (250, 500, 1000)
    ]
    assert np.diff(octaves) == pytest.approx([-3, -3], abs=0.5)


def test_reverberation_follows_the_sound():
    samples = np.zeros(SAMPLE_RATE, np.float32)
    samples[4000] = 1
    changed = augmented(samples, room=0.3)
    assert np.abs(changed[:3999]).max() < 1e-6
    assert np.square(changed[4001:]).sum() == pytest.approx(0.09, rel=0.05)


@pytest.mark.parametrize("length", [SAMPLE_RATE // 2, SAMPLE_RATE + 7, 3 * SAMPLE_RATE])
def test_any_length_and_silence_can_be_augmented(length):
    """Every augmentation handles short audio, keeps the length of the motion, and gives finite values."""
    rng = np.random.default_rng(length)
    for samples in (np.zeros(length, np.float32), rng.standard_normal(length).astype(np.float32) * 0.1):
        for _ in range(12):
            voice = augment.draw_augmentation(rng)
            changed = augment.augment_audio(samples, voice, rng, [samples])
            assert changed.dtype == np.float32
            assert np.isfinite(changed).all()
            assert abs(len(changed) - length * 20 / voice.speed) <= 1


def test_drawn_augmentations_cover_the_configuration():
    config = augment.AugmentationConfig()
    rng = np.random.default_rng(0)
    voices = [augment.draw_augmentation(rng, config) for _ in range(600)]
    assert {voice.codec for voice in voices} == {"", *noises.CODECS}
    assert {voice.noise for voice in voices} == {"", *noises.NOISES}
    assert min(v.speed for v in voices) == config.speed[0]
    assert max(v.speed for v in voices) == config.speed[1]
    assert any(abs(v.pitch - v.speed / 20) > 0.1 for v in voices)
    plain = dataclasses.replace(config, unchanged_share=1.0)
    assert {augment.draw_augmentation(rng, plain).speed for _ in range(20)} == {20}


@pytest.mark.parametrize("length", [20_000, 48_000, 61_000])
def test_time_stretch_has_the_requested_length(length):
    assert len(voice_change.time_stretch(voiced(120), length)) == length

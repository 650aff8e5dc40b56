"""Reading audio files: time and length in every format, and messages for files that cannot be used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from diface_core import AudioError, AudioSection
from diface_core.audio import reading
from diface_core.audio.reading import load_clip

RATES = [8000, 11025, 22050, 44100, 48000, 96000, 192000]


def tone(rate: int, seconds: float = 2.0, hz: float = 200.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


def pulse(rate: int, at: float, seconds: float = 4.0) -> np.ndarray:
    """Return a 10 ms burst of 500 Hz centred at `at`, whose centre of energy survives resampling and lossy codecs."""
    time = np.arange(round(rate * seconds)) / rate - at
    return (0.8 * np.cos(2 * np.pi * 500 * time) * np.exp(-0.5 * (time / 0.01) ** 2)).astype(np.float32)


def centre(samples: np.ndarray, rate: int) -> float:
    energy = np.where(np.abs(samples) > 0.05, samples, 0).astype(np.float64) ** 2
    return float(np.sum(energy * np.arange(len(samples))) / np.sum(energy) / rate)


@pytest.fixture
def write(tmp_path: Path):
    def write(samples: np.ndarray, rate: int, name: str = "sound.wav", subtype: str | None = None, **kinds) -> Path:
        soundfile.write(tmp_path / name, samples, rate, subtype=subtype, **kinds)
        return tmp_path / name

    return write


@pytest.mark.parametrize("rate", RATES)
def test_sine_keeps_its_time_and_shape_at_every_rate(write, rate):
    clip = load_clip(AudioSection(write(tone(rate), rate, subtype="FLOAT")))
    assert clip.rate == 16000
    assert clip.samples.dtype == np.float32
    assert len(clip.samples) == 32000
    inside = slice(1600, -1600)  # a sine that starts or stops rings there
    np.testing.assert_allclose(clip.samples[inside], tone(16000)[inside], atol=2e-3)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("start", [0.0, 0.7321, -0.4567])
def test_pulse_keeps_its_time_relative_to_the_start(write, rate, start):
    clip = load_clip(AudioSection(write(pulse(rate, 1.2345), rate), start))
    assert centre(clip.samples, clip.rate) == pytest.approx(1.2345 - start, abs=2e-4)


@pytest.mark.parametrize(
    ("name", "subtype", "rate"),
    [
        ("a.wav", "PCM_U8", 48000),
        ("a.wav", "PCM_16", 48000),
        ("a.wav", "PCM_24", 48000),
        ("a.wav", "PCM_32", 48000),
        ("a.wav", "FLOAT", 48000),
        ("a.wav", "DOUBLE", 48000),
        ("a.wav", "ULAW", 8000),
        ("a.aiff", "PCM_16", 44100),
        ("a.flac", "PCM_24", 96000),
        ("a.ogg", "VORBIS", 44100),
        ("a.ogg", "OPUS", 48000),
        ("a.mp3", "MPEG_LAYER_III", 44100),
        ("a.mp3", "MPEG_LAYER_III", 22050),
    ],
)
@pytest.mark.parametrize("start", [0.0, 1.0])
def test_every_format_keeps_the_time(write, name, subtype, rate, start):
    clip = load_clip(AudioSection(write(pulse(rate, 2.5), rate, name, subtype), start, 3.0))
    assert len(clip.samples) == 48000
    assert centre(clip.samples, clip.rate) == pytest.approx(2.5 - start, abs=1e-3)


@pytest.mark.parametrize(("name", "subtype"), [("a.mp3", "MPEG_LAYER_III"), ("a.ogg", "VORBIS"), ("a.flac", "PCM_16")])
def test_section_is_a_part_of_the_file(write, name, subtype):
    samples = np.random.default_rng(1).normal(0, 0.1, 160000).astype(np.float32)
    samples[:20000] = samples[60000:80000] = 0
    path = write(samples, 16000, name, subtype)
    full = load_clip(AudioSection(path)).samples
    for start in (20000, 55555, 90001):
        part = load_clip(AudioSection(path, start / 16000, 1.0)).samples
        np.testing.assert_allclose(part, full[start : start + 16000], atol=1e-6)


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_channels_are_averaged(write, channels):
    mono = tone(48000)
    gains = np.linspace(0.2, 1.0, channels)
    clip = load_clip(AudioSection(write(mono[:, None] * gains, 48000, subtype="FLOAT")))
    plain = load_clip(AudioSection(write(mono, 48000, "plain.wav", subtype="FLOAT")))
    np.testing.assert_allclose(clip.samples, plain.samples * gains.mean(), atol=1e-6)


@pytest.mark.parametrize("seconds", [0.01, 0.5, 1 / 3, 1.99997, 7.0])
@pytest.mark.parametrize("start", [-1.5, 0.0, 0.123456])
@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_requested_duration_is_exact(write, rate, start, seconds):
    path = write(tone(rate), rate)
    if start + seconds <= 0:
        with pytest.raises(AudioError, match="outside"):
            load_clip(AudioSection(path, start, seconds))
        return
    assert len(load_clip(AudioSection(path, start, seconds)).samples) == round(seconds * 16000)


def test_section_beyond_the_file_is_padded_with_silence(write):
    clip = load_clip(AudioSection(write(tone(16000, 1.0), 16000, subtype="FLOAT"), -0.5, 2.0))
    assert not clip.samples[:8000].any()
    np.testing.assert_array_equal(clip.samples[8000:24000], tone(16000, 1.0))
    assert not clip.samples[24000:].any()


@pytest.mark.parametrize("rate", [16000, 44100])
def test_blocks_join_without_a_seam(write, monkeypatch, rate):
    path = write(tone(rate, hz=333.3), rate, subtype="FLOAT")
    full = load_clip(AudioSection(path)).samples
    monkeypatch.setattr(reading, "BLOCK_FRAMES", 777)
    np.testing.assert_allclose(load_clip(AudioSection(path)).samples, full, atol=1e-6)


def test_float_samples_above_one_are_clipped(write):
    clip = load_clip(AudioSection(write(4 * tone(16000), 16000, subtype="FLOAT")))
    assert clip.samples.max() == 1
    assert clip.samples.min() == -1


def test_truncated_file_returns_its_samples(write):
    path = write(tone(48000, 2.0), 48000)
    path.write_bytes(path.read_bytes()[: 44 + 48000 * 2])  # the header still says two seconds
    assert load_clip(AudioSection(path)).seconds == pytest.approx(1.0, abs=0.001)
    assert load_clip(AudioSection(path, 0, 2.0)).seconds == 2.0


def refused(section: AudioSection) -> str:
    with pytest.raises(AudioError) as caught:
        load_clip(section)
    assert caught.value.hint
    return caught.value.message


def test_missing_files_and_folders_are_refused(tmp_path):
    assert "missing" in refused(AudioSection(tmp_path / "none.wav"))
    assert "missing" in refused(AudioSection(tmp_path))


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.flac", "a.ogg", "a.raw", "a.xyz"])
@pytest.mark.parametrize("content", [b"hello, this is no sound at all", bytes(5000), b"RIFF"])
def test_other_files_are_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert refused(AudioSection(tmp_path / name))


def test_empty_file_is_refused(tmp_path):
    (tmp_path / "a.wav").touch()
    assert "empty" in refused(AudioSection(tmp_path / "a.wav"))


def test_zero_length_is_refused(write):
    path = write(np.zeros(0, np.float32), 16000)
    assert "zero" in refused(AudioSection(path))
    path = write(tone(16000), 16000, "b.wav")
    for section in (AudioSection(path, 0, 0), AudioSection(path, 1, -1), AudioSection(path, 0, float("nan"))):
        assert "no length" in refused(section)
    for section in (AudioSection(path, 2.0, 1), AudioSection(path, -3, 2)):
        assert "outside" in refused(section)
    assert "12 hours" in refused(AudioSection(path, 0, 1e9))


@pytest.mark.parametrize("level", [0.0, 0.0009])
def test_silence_is_refused(write, level):
    assert "silent" in refused(AudioSection(write(level * tone(44100), 44100, subtype="FLOAT")))


def test_only_the_section_is_checked_for_silence(write):
    path = write(np.concatenate([tone(16000, 1.0), np.zeros(32000, np.float32)]), 16000)
    assert "silent" in refused(AudioSection(path, 1.5, 1.0))
    assert load_clip(AudioSection(path, 0.5, 1.0)).seconds == 1.0


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_samples_that_are_not_finite_are_refused(write, value):
    samples = tone(48000)
    samples[70000] = value
    assert "not finite" in refused(AudioSection(write(samples, 48000, subtype="FLOAT")))


def test_damaged_flac_is_refused_or_truncated(write):
    path = write(np.random.default_rng(0).uniform(-0.5, 0.5, 96000).astype(np.float32), 48000, "a.flac")
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 4000] = bytes(4000)
    path.write_bytes(data)
    assert "damaged" in refused(AudioSection(path))


def test_file_is_decoded_in_blocks(write, monkeypatch):
    path = write(np.tile(tone(48000)[:, None], (10, 2)), 48000)
    sizes = []
    read = soundfile.SoundFile.read

    def counted(sound, frames, **how):
        sizes.append(frames)
        return read(sound, frames, **how)

    monkeypatch.setattr(soundfile.SoundFile, "read", counted)
    assert load_clip(AudioSection(path)).seconds == 20
    assert max(sizes) <= reading.BLOCK_FRAMES
    assert len(sizes) > 10


@pytest.mark.parametrize("rate", [1, 7, 999, 2_000_000])
def test_unsupported_sampling_rate_is_refused(write, rate):
    path = write(np.full(4000, 0.5, np.float32), rate)
    with pytest.raises(AudioError, match=f"{rate} Hz"):
        load_clip(AudioSection(path))

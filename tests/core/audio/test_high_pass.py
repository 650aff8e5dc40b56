"""The high-pass removes hum and keeps the voice, in its place in time, in blocks of any lengths."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile

from diface_core import AudioSection, GenerateRequest
from diface_core.audio.high_pass import CHUNK_SAMPLES, design, high_pass
from diface_core.audio.loudness import HIGH_PASS_HINT, SAMPLE_RATE, background_notes, measure_audio
from diface_core.audio.reading import load_clip, read_blocks
from diface_core.protocol import generate_request_message, parse_generate_request
from diface_core.protocol.alignment_messages import align_request_message, parse_align_request
from diface_core.words import AlignRequest


@pytest.fixture(scope="module")
def voice(speech: Path) -> np.ndarray:
    return load_clip(AudioSection(speech)).samples


def filtered(samples: np.ndarray, rate: int = SAMPLE_RATE) -> np.ndarray:
    return np.concatenate(list(high_pass([samples.astype(np.float32)], rate)))


def gain(frequency: float, rate: int) -> float:
    """Return the gain in dB of a steady sine, measured away from the ends."""
    sine = np.sin(2 * np.pi * frequency * np.arange(2 * rate) / rate)
    middle = slice(rate // 2, -rate // 2)
    return 20 * np.log10(np.sqrt((filtered(sine, rate)[middle] ** 2).mean() / (sine[middle] ** 2).mean()))


@pytest.mark.parametrize("rate", [8000, SAMPLE_RATE])
def test_hum_is_removed_and_the_voice_stays(rate):
    assert all(gain(frequency, rate) < -40 for frequency in (5, 20, 50, 60))
    voice_band = (100, 110, 125, 200, 440, 1000, 3000, 0.45 * rate)
    assert all(abs(gain(frequency, rate)) < 0.1 for frequency in voice_band)


@pytest.mark.parametrize("length", [1, 700, CHUNK_SAMPLES, CHUNK_SAMPLES + 1, 150_000])
def test_blocks_equal_the_whole(length):
    rng = np.random.default_rng(length)
    samples = rng.normal(0, 0.1, length).astype(np.float32)
    cuts = np.sort(rng.integers(0, length + 1, 20))
    parts = list(high_pass(np.split(samples, cuts), SAMPLE_RATE))
    np.testing.assert_array_equal(np.concatenate(parts), filtered(samples))
    direct = np.convolve(samples.astype(np.float64), design(SAMPLE_RATE))[len(design(SAMPLE_RATE)) // 2 :][:length]
    np.testing.assert_allclose(filtered(samples), direct, atol=1e-6)


def test_no_sound_gives_none():
    assert list(high_pass([], SAMPLE_RATE)) == []


def test_nothing_is_delayed():
    impulse = np.zeros(60_000)
    impulse[40_000] = 1.0
    assert filtered(impulse).argmax() == 40_000
    np.testing.assert_array_equal(design(SAMPLE_RATE), design(SAMPLE_RATE)[::-1])


def test_section_is_heard_through_it(tmp_path, voice):
    hum = 0.3 * np.sin(2 * np.pi * 50 * np.arange(len(voice)) / SAMPLE_RATE)
    soundfile.write(tmp_path / "hum.wav", voice + hum, SAMPLE_RATE, subtype="FLOAT")
    plain = AudioSection(tmp_path / "hum.wav", 0.5, 4.0)
    before, after = (load_clip(section).samples for section in (plain, dataclasses.replace(plain, high_pass=True)))
    expected = filtered(voice)[SAMPLE_RATE // 2 :][: 4 * SAMPLE_RATE]
    inside = slice(1000, -1000)
    assert len(before) == len(after) == 4 * SAMPLE_RATE
    assert np.abs(after - expected)[inside].max() < 0.004 < 0.2 < np.abs(before - expected)[inside].max()


def test_it_is_recommended_where_the_noise_is_below_the_voice(tmp_path, voice):
    times = np.arange(len(voice)) / SAMPLE_RATE
    level = np.sqrt(2 * (voice**2).mean())
    noises = {
        "hum": level * np.sin(2 * np.pi * 50 * times),
        "noise": np.random.default_rng(0).normal(0, level, len(voice)),
    }
    said = {}
    for name, noise in noises.items():
        soundfile.write(tmp_path / f"{name}.wav", voice + noise, SAMPLE_RATE, subtype="FLOAT")
        plain, high = (
            measure_audio(read_blocks(AudioSection(tmp_path / f"{name}.wav", high_pass=on))).loudness
            for on in (False, True)
        )
        said[name] = background_notes(plain, lambda high=high: high)[0]
    assert HIGH_PASS_HINT in said["hum"]
    assert HIGH_PASS_HINT not in said["noise"]


def test_it_is_part_of_requests_and_off_in_those_of_earlier_versions():
    section = AudioSection(Path("a.wav"), high_pass=True)
    for to_message, parse, request in (
        (generate_request_message, parse_generate_request, GenerateRequest(section)),
        (align_request_message, parse_align_request, AlignRequest(section, (), "en-us")),
    ):
        message = to_message(request, 1)
        assert parse(message).audio.high_pass
        del message.data["audio"]["high_pass"]
        assert not parse(message).audio.high_pass

"""Which channel of a sound is heard, and what is said about stereo sounds, noise and music."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile

from diface_core import AudioError, AudioSection, GenerateRequest
from diface_core.audio import reading
from diface_core.audio.loudness import SAMPLE_RATE, background_notes, measure_audio
from diface_core.audio.reading import load_clip, read_blocks
from diface_core.audio.stereo import OPPOSITE_NOTE, TWO_PEOPLE_NOTE, ChannelMeter
from diface_core.protocol import generate_request_message, parse_generate_request
from diface_core.types import AUDIO_CHANNELS, LEFT, LOUDER, MIX, RIGHT


@pytest.fixture(scope="module")
def voice(speech: Path) -> np.ndarray:
    return load_clip(AudioSection(speech)).samples.astype(np.float64)


def write(folder: Path, samples: np.ndarray, name: str = "sound.wav", rate: int = SAMPLE_RATE) -> Path:
    path = folder / name
    soundfile.write(path, samples, rate, subtype="FLOAT")
    return path


def notes(path: Path) -> tuple[str, ...]:
    """Return the notes about the channels of a sound, and about its background."""
    meter = ChannelMeter()
    loudness = measure_audio(read_blocks(AudioSection(path), meter=meter)).loudness
    return (*meter.notes(), *background_notes(loudness))


def test_channel_is_heard(tmp_path, voice):
    other = 0.3 * np.roll(voice, 8000)
    path = write(tmp_path, np.stack([other, voice], axis=1))
    heard = {channel: load_clip(AudioSection(path, channel=channel)).samples for channel in AUDIO_CHANNELS}
    np.testing.assert_allclose(heard[MIX], (voice + other) / 2, atol=1e-6)
    np.testing.assert_allclose(heard[LEFT], other, atol=1e-6)
    np.testing.assert_allclose(heard[RIGHT], voice, atol=1e-6)
    np.testing.assert_array_equal(heard[LOUDER], heard[RIGHT])


def test_louder_is_that_of_the_section(tmp_path, voice):
    """Not of the whole file, and also after a seek and at another rate."""
    half = len(voice) // 2
    left, right = voice.copy(), voice.copy()
    left[half:], right[:half] = 0.0, 0.0
    path = write(tmp_path, np.stack([left, right], axis=1))
    seconds = half / SAMPLE_RATE
    for start, wanted in ((0.0, LEFT), (seconds, RIGHT)):
        section = AudioSection(path, start, seconds - 0.1, LOUDER)
        louder, known = load_clip(section, 8000), load_clip(dataclasses.replace(section, channel=wanted), 8000)
        np.testing.assert_array_equal(louder.samples, known.samples)


def test_louder_channel_is_measured_once_until_the_file_changes(tmp_path, voice, monkeypatch):
    opened, open_sound = [], reading._open
    monkeypatch.setattr(reading, "_open", lambda section: opened.append(section) or open_sound(section))
    section = AudioSection(write(tmp_path, np.stack([0.1 * voice, voice], axis=1)), channel=LOUDER)
    for high_pass in (False, True, False):
        load_clip(dataclasses.replace(section, high_pass=high_pass))
    assert len(opened) == 4
    write(tmp_path, np.stack([voice, 0 * voice, 0 * voice], axis=1))
    np.testing.assert_allclose(load_clip(section).samples, voice, atol=1e-6)


@pytest.mark.parametrize("channel", AUDIO_CHANNELS)
def test_mono_sound_has_one_channel(tmp_path, voice, channel):
    path = write(tmp_path, voice)
    np.testing.assert_allclose(load_clip(AudioSection(path, channel=channel)).samples, voice, atol=1e-6)


@pytest.mark.parametrize("level", [1.0, 0.5])
def test_opposite_channels_are_said(tmp_path, voice, level):
    path = write(tmp_path, np.stack([voice, -level * voice], axis=1))
    assert notes(path)[0] == OPPOSITE_NOTE
    for channel in (LEFT, RIGHT, LOUDER):
        assert np.abs(load_clip(AudioSection(path, channel=channel)).samples).max() > 0.1


def test_channels_that_cancel_are_refused_with_the_next_step(tmp_path, voice):
    path = write(tmp_path, np.stack([voice, -voice], axis=1))
    with pytest.raises(AudioError, match=r"silent.*Channel"):
        load_clip(AudioSection(path))


@pytest.mark.parametrize("decibels", [-60, -20, -10, -6])
def test_two_people_are_said(tmp_path, voice, decibels):
    """Each on one channel, and quieter on the other's."""
    turns = np.sin(2 * np.pi * np.arange(len(voice)) / SAMPLE_RATE / 3) > 0
    first, second = voice * turns, np.roll(voice, len(voice) // 2) * ~turns
    leak = 10 ** (decibels / 20)
    path = write(tmp_path, np.stack([first + leak * second, second + leak * first], axis=1))
    assert notes(path) == (TWO_PEOPLE_NOTE,)


def test_stereo_of_one_voice_is_nothing_to_say(tmp_path, voice):
    room = [voice + 0.3 * np.roll(voice, 300), voice + 0.3 * np.roll(voice, 500)]
    for name, sides in {
        "same": [voice, voice],
        "panned": [voice, 0.4 * voice],
        "left only": [voice, 0 * voice],
        "room": room,
        "delayed": [voice, np.roll(voice, 80)],
    }.items():
        assert notes(write(tmp_path, np.stack(sides, axis=1))) == (), name


@pytest.mark.parametrize("kind", ["noise", "music"])
def test_noise_and_music_are_said_with_their_level(tmp_path, voice, kind):
    random, times = np.random.default_rng(0), np.arange(len(voice)) / SAMPLE_RATE
    music = sum(
        np.sin(2 * np.pi * pitch * times) * (0.6 + 0.4 * np.sin(2 * np.pi * (0.5 + 0.3 * number) * times))
        for number, pitch in enumerate((110, 220, 277, 330, 440, 554, 660))
    )
    background = random.normal(size=len(voice)) if kind == "noise" else music
    background *= np.sqrt((voice**2).mean() / (background**2).mean())
    said = [notes(write(tmp_path, voice + 10 ** (level / 20) * background)) for level in (0, -6, -20, -30)]
    assert [len(some) for some in said] == [1, 1, 0, 0]
    assert "Noise or music is only" in said[0][0]
    levels = [int(some[0].split(" dB")[0].split()[-1]) for some in said[:2]]
    assert levels[0] < levels[1] < 14


@pytest.mark.parametrize("channel", AUDIO_CHANNELS)
def test_channel_is_part_of_the_request(channel):
    request = GenerateRequest(AudioSection(Path("a.wav"), 1.0, 2.0, channel))
    assert parse_generate_request(generate_request_message(request, 1)).audio == request.audio


def test_requests_of_earlier_versions_hear_the_mix():
    message = generate_request_message(GenerateRequest(AudioSection(Path("a.wav"))), 1)
    del message.data["audio"]["channel"]
    assert parse_generate_request(message).audio.channel == MIX


@pytest.mark.parametrize("start", [0.0, 1.3])
def test_telephone_recordings_are_read(tmp_path, voice, start):
    """GSM 6.10 at 8 kHz, in which libsndfile does not seek, is the same speech."""
    path = tmp_path / "telephone.wav"
    soundfile.write(path, voice[::2], 8000, subtype="GSM610")
    plain = write(tmp_path, voice[::2], rate=8000)
    heard, expected = (load_clip(AudioSection(file, start, 5.0)).samples for file in (path, plain))
    assert len(heard) == len(expected) == 5 * SAMPLE_RATE
    assert np.corrcoef(heard, expected)[0, 1] > 0.9

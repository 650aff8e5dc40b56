"""Which channel of a sound is heard, from the setting to the take and its edits; and sounds in any format."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import bpy
import numpy as np
import pytest
import soundfile

from diface_addon import compat
from diface_addon.core import types
from diface_addon.scene.animation.active_actions import active_actions
from diface_addon.scene.audio import decode, speech_source
from diface_addon.scene.provenance import stored_request, take_request
from diface_addon.settings import performance
from tests.addon.conftest import needs_audio
from tests.addon.scene import scenes

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg, which makes the file, is not there.")


@pytest.fixture
def stereo(tmp_path) -> Path:
    """Return a sound with a low tone on the left and a higher, quieter one on the right."""
    times = np.arange(48_000) / 24_000
    path = tmp_path / "stereo.wav"
    sides = [0.5 * np.sin(2 * np.pi * 300 * times), 0.2 * np.sin(2 * np.pi * 1500 * times)]
    soundfile.write(path, np.stack(sides, axis=1), 24_000)
    return path


@pytest.mark.parametrize("channel", types.AUDIO_CHANNELS)
@pytest.mark.parametrize("source", ["FILE", pytest.param("STRIP", marks=needs_audio)])
def test_chosen_channel_is_sent(scene, head, stereo, tmp_path, source, channel) -> None:
    scenes.add_strip(scene, stereo) if source == "STRIP" else scenes.use_audio_file(scene, stereo)
    scene.diface.source, scene.diface.audio_channel = source, channel.upper()
    choice = performance.speech_choice(performance.active(bpy.context))
    assert speech_source.find_speech(bpy.context, choice, tmp_path).section.channel == channel


def test_take_keeps_its_channel(scene, head, stereo, worker) -> None:
    """In the stored request and in Regenerate, also after the setting was changed."""
    scenes.use_audio_file(scene, stereo)
    scene.diface.audio_channel = "RIGHT"
    assert bpy.ops.diface.generate() == {"FINISHED"}
    scene.diface.audio_channel = "MIX"
    assert bpy.ops.diface.regenerate(where="ALL") == {"FINISHED"}
    action = active_actions(head)[0]
    assert take_request.load(action).request.audio.channel == "right"
    stored = stored_request.read_request(action)
    assert take_request.from_json(stored).audio.channel == "right"
    del stored["audio"]["channel"]  # as earlier versions stored it
    assert take_request.from_json(stored).audio.channel == "mix"


@pytest.mark.parametrize("source", ["FILE", pytest.param("STRIP", marks=needs_audio)])
def test_high_pass_is_sent_and_kept_in_the_take(scene, head, stereo, tmp_path, source, worker) -> None:
    scenes.add_strip(scene, stereo) if source == "STRIP" else scenes.use_audio_file(scene, stereo)
    scene.diface.source, scene.diface.high_pass = source, True
    choice = performance.speech_choice(performance.active(bpy.context))
    assert speech_source.find_speech(bpy.context, choice, tmp_path).section.high_pass
    assert bpy.ops.diface.generate() == {"FINISHED"}
    scene.diface.high_pass = False
    assert bpy.ops.diface.regenerate(where="ALL") == {"FINISHED"}
    action = active_actions(head)[0]
    assert take_request.load(action).request.audio.high_pass
    stored = stored_request.read_request(action)
    del stored["audio"]["high_pass"]  # as earlier versions stored it
    assert not take_request.from_json(stored).audio.high_pass


def strongest(path: Path, channel: int) -> float:
    """Return the strongest frequency in Hz of a channel."""
    samples, rate = soundfile.read(path, always_2d=True)
    spectrum = np.abs(np.fft.rfft(samples[:rate, channel]))
    return float(spectrum.argmax()) * rate / len(samples[:rate])


@needs_ffmpeg
@needs_audio
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.m4a", ()),
        ("a.webm", ("-c:a", "libopus")),
        ("a.mp4", ()),
        ("aac that is named.wav", ("-f", "adts")),
        ("video that is named.mp3", ("-f", "mp4")),
    ],
)
def test_decoded_sound_keeps_its_channels(stereo, tmp_path, name, options) -> None:
    other = tmp_path / name
    done = subprocess.run(["ffmpeg", "-v", "error", "-i", str(stereo), *options, str(other)], check=False)
    if done.returncode:
        pytest.skip("This ffmpeg cannot write the format.")
    decoded = decode.ensure_readable(other, tmp_path)
    assert decoded != other
    assert strongest(decoded, 0) == pytest.approx(300, abs=2)
    assert strongest(decoded, 1) == pytest.approx(1500, abs=2)


@needs_ffmpeg
@needs_audio
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("telephone.wav", ("-ar", "8000", "-c:a", "pcm_mulaw")),
        ("telephone gsm.wav", ("-ar", "8000", "-c:a", "libgsm_ms")),
        ("telephone.gsm", ("-ar", "8000", "-c:a", "libgsm")),
        ("a.opus", ()),
        ("a.mp3", ()),
        ("a.m4a", ()),
    ],
)
def test_every_format_becomes_a_take(scene, head, stereo, worker, tmp_path, name, options) -> None:
    other = tmp_path / name
    done = subprocess.run(["ffmpeg", "-v", "error", "-i", str(stereo), "-ac", "1", *options, str(other)], check=False)
    if done.returncode:
        pytest.skip("This ffmpeg cannot write the format.")
    decoded = decode.ensure_readable(other, tmp_path)
    if decoded != other:
        assert soundfile.info(decoded).duration == pytest.approx(2.0, abs=0.1)
    scenes.use_audio_file(scene, other)
    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert compat.action_fcurves(active_actions(head)[0])

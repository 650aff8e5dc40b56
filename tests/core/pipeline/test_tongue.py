"""The tongue's channels in the pipeline: streamed, regenerated, known, off, and in requests of earlier versions."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile

from diface_core import AudioSection, Constraints, FrameRate, GenerateRequest, Layers, Motion, channels
from diface_core.audio.feature_cache import FeatureCache
from diface_core.generate import Generator
from diface_core.layers.events import LayerEvents
from diface_core.protocol import Message
from diface_core.protocol.messages import generate_request_message, parse_generate_request
from diface_core.types import IDLE, LISTEN, Float32Array
from tests.core.pipeline.test_generate import LoudnessEncoder, LoudnessModels, ignore

SEEDED = Layers(None, None, None, 1.0)


class Listener:
    """Raises the tip on loud rows, averaged with their neighbours, and the body on quiet ones."""

    hash = "0123456789abcdef"

    def articulation(self, features: Float32Array) -> Float32Array:
        padded = np.pad(features[:, 0], 8, mode="edge")
        loud = np.convolve(padded, np.ones(17) / 17, mode="valid").astype(np.float32)
        return np.stack([loud, 1 - loud, np.zeros_like(loud)], axis=1)


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    samples = np.abs(np.sin(np.arange(16000 * 12) / 9000)) * np.linspace(0.3, 1, 16000 * 12)
    soundfile.write(tmp_path / "sound.wav", samples, 16000, subtype="FLOAT")
    return tmp_path / "sound.wav"


@pytest.fixture
def generator() -> Generator:
    return Generator(LoudnessEncoder(), LoudnessModels(), FeatureCache(), tongue=Listener())


def request_of(sound: Path, **settings) -> GenerateRequest:
    return GenerateRequest(AudioSection(sound), **{"layers": SEEDED, **settings})


def test_tongue_follows_the_face_and_comes_after_it(generator, sound):
    motion = generator.generate(request_of(sound), ignore).motion
    assert motion.channels == channels.FACE + channels.TONGUE + channels.HEAD
    for name in channels.TONGUE:
        assert motion.column(name).max() > 0.2
    assert not set(channels.ARTICULATION) & set(motion.channels)


@pytest.mark.parametrize("rate", [24, 30, 60])
def test_stream_and_whole_are_equal(generator, sound, rate):
    request = request_of(sound, rate=FrameRate(rate))
    parts = [part.values for part in generator.stream(request, ignore)]
    np.testing.assert_array_equal(np.concatenate(parts), generator.generate(request, ignore).motion.values)


def test_strength_scales_and_none_leaves_the_face(generator, sound):
    whole, half = (
        generator.generate(request_of(sound, layers=Layers(None, None, None, size)), ignore).motion for size in (1, 0.5)
    )
    np.testing.assert_allclose(half.column("tongueTipUp"), 0.5 * whole.column("tongueTipUp"), atol=1e-6)
    none = generator.generate(request_of(sound, layers=Layers(None, None, None, None)), ignore).motion
    assert none.channels == channels.ALL
    others = [name for name in channels.ALL if name != "tongueOut"]
    np.testing.assert_array_equal(none.select(tuple(others)).values, whole.select(tuple(others)).values)


def test_a_regenerated_part_has_the_tongue_of_the_whole(generator, sound):
    whole = generator.generate(request_of(sound), ignore).motion
    keep = np.ones(whole.values.shape, bool)
    keep[150:200] = False
    base = np.where(keep, whole.values, np.nan).astype(np.float32)
    edited = generator.generate(request_of(sound, constraints=Constraints(base, keep)), ignore).motion
    np.testing.assert_allclose(edited.values, whole.values, atol=1e-6)


def test_known_values_of_the_tongue_are_kept_exactly(generator, sound):
    whole = generator.generate(request_of(sound), ignore).motion
    keep = np.zeros(whole.values.shape, bool)
    keep[100:110, [whole.channels.index(name) for name in channels.TONGUE]] = True
    values = np.full(whole.values.shape, 0.77, np.float32)
    edited = generator.generate(request_of(sound, constraints=Constraints(values, keep)), ignore).motion
    assert (edited.values[keep] == np.float32(0.77)).all()


@pytest.mark.parametrize("role", [LISTEN, IDLE])
def test_the_tongue_of_who_does_not_speak_rests(role):
    face = Motion(np.full((90, 55), 0.3, np.float32), channels.ALL, FrameRate(30))
    request = GenerateRequest(AudioSection(Path(), 0.0, 3.0), role=role, layers=SEEDED)
    shown = LayerEvents.sample(np.zeros(90, np.float32), request.layers, role).apply(face)
    assert shown.channels == channels.of_request(request.parts, request.layers)
    assert not shown.select(channels.TONGUE).values.any()
    assert channels.of_samples(request) == channels.ALL


def test_a_head_alone_has_no_tongue(generator, sound):
    assert generator.generate(request_of(sound, parts=("head",)), ignore).motion.channels == channels.HEAD


def test_requests_of_earlier_versions_have_no_tongue(sound):
    message = generate_request_message(request_of(sound), 0)
    assert parse_generate_request(message).layers == SEEDED
    del message.data["layers"]["tongue"]
    parsed = parse_generate_request(Message("generate", 0, message.data))
    assert parsed == dataclasses.replace(request_of(sound), layers=Layers(None, None, None, None))

"""Streaming: equal to the whole sequence, early first rows, bounded memory."""

from __future__ import annotations

import dataclasses
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diface_core import (
    AudioError,
    AudioSection,
    Cancelled,
    Constraints,
    FrameRate,
    GenerateRequest,
    Layers,
    Progress,
    channels,
)
from diface_core.audio.feature_cache import FeatureCache
from diface_core.audio.loudness import SAMPLE_RATE, measure_audio
from diface_core.audio.speech_encoder import DIMENSION
from diface_core.generate import SAMPLING, Generator
from diface_core.inference.denoiser_config import DenoiserConfig
from diface_core.model import models as model_set
from diface_core.motion.resample import resample_constraints, resample_stream
from diface_core.networks.denoiser import Denoiser
from diface_core.networks.torch_denoiser import TorchDenoiser
from diface_core.runtime.sliding_windows import rechunk, sliding_windows, zip_chunks

pytestmark = pytest.mark.slow

REQUEST = GenerateRequest(AudioSection(Path("unused")), steps=4, style_guidance=1.3)
NETWORKS = ("unet", "convnet", "transformer")


def tiny(part: str, network: str = "unet", deviation: float = 0.1) -> Denoiser:
    """Return a random denoiser; every weight has an effect."""
    torch.manual_seed(0)
    denoiser = Denoiser(
        DenoiserConfig(channels.PARTS[part], (0, DIMENSION), ("a", "b"), network, width=16, audio_width=8, window=5)
    )
    for parameter in denoiser.parameters():
        torch.nn.init.normal_(parameter, std=deviation)
    return denoiser.eval()


def tiny_models(network: str = "unet") -> model_set.Models:
    """Return models whose receptive fields differ, so that rows of face and head come at different times."""
    return model_set.Models(
        {"face": TorchDenoiser(tiny("face", network)), "head": TorchDenoiser(tiny("head", "convnet"))}, "tiny"
    )


def noise(rows: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((rows, DIMENSION)).astype(np.float32)


def small_parts(array: np.ndarray, size: int = 90) -> Iterator[np.ndarray]:
    for first in range(0, len(array), size):
        yield array[first : first + size]


def sample_without_windows(
    models: model_set.Models, features: np.ndarray, request: GenerateRequest, monkeypatch
) -> np.ndarray:
    """Return all rows computed at once, without windows."""
    with monkeypatch.context() as patched:
        patched.setattr(model_set, "rechunk", iter)
        return np.concatenate(list(models.stream([features], len(features), request)))


# Windows


@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.integers(0, 30), st.integers(1, 8), st.booleans())
def test_windows_contain_every_row_once_with_context(sizes, reach, stride, with_length):
    rows = np.arange(sum(sizes))
    parts = np.split(rows, np.cumsum(sizes)[:-1])
    seen = []
    for window in sliding_windows(parts, reach, len(rows) if with_length else None, stride):
        inner = window.rows[window.valid]
        begin = window.first - window.valid.start
        np.testing.assert_array_equal(window.rows, np.arange(begin, begin + len(window.rows)))
        assert begin % stride == window.first % stride == 0
        assert begin <= max(0, inner[0] - reach)
        assert window.rows[-1] >= min(len(rows) - 1, inner[-1] + reach)
        assert len(window.rows) <= max(sizes) + 2 * (reach + stride)
        seen += inner.tolist()
    assert seen == rows.tolist()


@given(st.integers(1, 300), st.integers(1, 50), st.integers(1, 50))
def test_rechunk_tee_and_zip_keep_the_rows(rows, size, other):
    values = np.arange(rows)
    assert [len(part) for part in rechunk(small_parts(values, size), other)] == [
        min(other, rows - first) for first in range(0, rows, other)
    ]
    pairs = list(zip_chunks([small_parts(values, size), small_parts(values, other)]))
    assert all(len(a) == len(b) for a, b in pairs)
    for column in zip(*pairs, strict=True):
        np.testing.assert_array_equal(np.concatenate(column), values)


# The denoisers


@pytest.mark.parametrize("network", NETWORKS)
def test_rows_outside_the_receptive_field_have_no_effect(network):
    denoiser = tiny("face", network, deviation=0.3)  # to limit rounding errors
    rows, xt = 400, torch.randn(1, 400, 52)
    features = torch.randn(1, rows, DIMENSION)
    style = denoiser.style_vector(torch.tensor([0]))

    def run(features, xt):
        with torch.inference_mode():
            speech = denoiser.speech(features)
            return speech, denoiser(xt, torch.ones(1), speech, style)

    speech, x0 = run(features, xt)
    for row in range(200, 200 + denoiser.stride):
        there = (torch.arange(rows) == row)[None, :, None]
        assert changed(speech, run(features + there, xt)[0], row) <= denoiser.speech.context_rows
        assert changed(x0, run(features, xt + there)[1], row) <= denoiser.context_rows
    # The bound is tight: rows nearly as far do change.
    furthest = max(changed(x0, run(features, xt + (torch.arange(rows) == row)[None, :, None])[1], row)
                   for row in range(200, 200 + denoiser.stride))  # fmt: skip
    assert furthest >= 0.7 * denoiser.context_rows


def changed(before: torch.Tensor, after: torch.Tensor, row: int) -> int:
    """Return the distance from `row` to the furthest row that changed."""
    return int((torch.nonzero((before != after).any(dim=2)[0])[:, 0] - row).abs().max())


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("rows", [1, 89, 1500, 2100])
def test_stream_equals_the_full_sequence(network, rows, monkeypatch):
    models, features = tiny_models(network), noise(rows)
    streamed = np.concatenate(list(models.stream(small_parts(features), rows, REQUEST)))
    assert np.abs(streamed - sample_without_windows(models, features, REQUEST, monkeypatch)).max() < 1e-4


def test_too_little_context_changes_the_result(monkeypatch):
    """The test above can fail."""
    models, features = tiny_models(), noise(2100)
    expected = sample_without_windows(models, features, REQUEST, monkeypatch)
    monkeypatch.setattr(Denoiser, "context_rows", 0)
    streamed = np.concatenate(list(models.stream(small_parts(features), 2100, REQUEST)))
    assert np.abs(streamed - expected).max() > 1e-3


def test_bundled_models_stream_without_a_seam(asset, speech, monkeypatch):
    from diface_core.audio.speech_encoder import SpeechEncoder

    samples, _ = soundfile.read(speech, dtype="float32")
    sound = np.tile(samples, 5)[: 40 * SAMPLE_RATE]
    encoder, models = SpeechEncoder.load(), model_set.load_models()
    features = np.concatenate(list(encoder.stream([sound], measure_audio([sound]))))
    request = dataclasses.replace(REQUEST, steps=8)
    expected = sample_without_windows(models, features, request, monkeypatch)

    blocks = small_parts(sound, 65536)
    sizes, parts = [], []
    for part in models.stream(encoder.stream(blocks, measure_audio(small_parts(sound, 5000))), len(features), request):
        sizes.append(len(part))
        parts.append(part)
    streamed = np.concatenate(parts)
    assert len(sizes) > 1
    assert np.abs(streamed - expected).max() < 1e-4

    steps = np.abs(np.diff(streamed, axis=0)).max(axis=1)
    joints = np.cumsum(sizes)[:-1] - 1
    assert steps[joints].max() <= np.quantile(steps, 0.999)


def test_variety_0_gives_one_face_for_all_seeds():
    models, features = tiny_models(), noise(50)

    def face(seed: int, variety: float) -> np.ndarray:
        return (
            models.sample(features, dataclasses.replace(REQUEST, seed=seed, variety=variety))
            .select(channels.FACE)
            .values
        )

    assert np.array_equal(face(1, 0.0), face(2, 0.0))
    assert np.abs(face(1, 0.5) - face(1, 0.0)).mean() < np.abs(face(1, 1.0) - face(1, 0.0)).mean()


def test_variety_does_not_change_the_head():
    models, features = tiny_models(), noise(50)
    one, none = (models.sample(features, dataclasses.replace(REQUEST, variety=v)).select(channels.HEAD) for v in (1, 0))
    assert np.array_equal(one.values, none.values)


def test_style_guidance_changes_the_face_only():
    models, features = tiny_models(), noise(50)
    plain = models.sample(features, dataclasses.replace(REQUEST, style_guidance=1.0))
    strong = models.sample(features, dataclasses.replace(REQUEST, style_guidance=2.0))
    assert not np.allclose(plain.select(channels.FACE).values, strong.select(channels.FACE).values)
    assert np.array_equal(plain.select(channels.HEAD).values, strong.select(channels.HEAD).values)


# Other rates, and constraints


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6), st.sampled_from([24, 25, 30, 60, 30 / 1.001, 7, 240]))
@settings(deadline=None, max_examples=40)
def test_resampling_in_parts_equals_the_full_sequence(sizes, fps):
    values = np.random.default_rng(sum(sizes)).standard_normal((sum(sizes), 3)).astype(np.float32)
    rows = FrameRate(fps).rows(len(values) / 30)
    parts = np.split(values, np.cumsum(sizes)[:-1])
    [expected] = [np.concatenate(list(resample_stream([values], FrameRate(30), FrameRate(fps), rows)))]
    got = np.concatenate(list(resample_stream(parts, FrameRate(30), FrameRate(fps), rows)))
    assert len(expected) == rows
    np.testing.assert_allclose(got, expected, atol=1e-6)


@given(st.integers(1, 200), st.sampled_from([24, 30, 60]), st.integers(1, 50))
@settings(deadline=None)
def test_resampling_constraints_in_parts_equals_the_full_sequence(rows, fps, size):
    rng = np.random.default_rng(rows)
    kept = Constraints(rng.standard_normal((rows, 2)).astype(np.float32), rng.random((rows, 2)) < 0.4)
    new_rows = FrameRate(30).rows(rows / fps)
    expected = resample_constraints(kept, FrameRate(fps), FrameRate(30), new_rows)
    for first in range(0, new_rows, size):
        last = min(new_rows, first + size)
        some = resample_constraints(kept, FrameRate(fps), FrameRate(30), last - first, first)
        np.testing.assert_array_equal(some.known_mask, expected.known_mask[first:last])
        np.testing.assert_allclose(some.values, expected.values[first:last], atol=1e-6)


# The pipeline


class CountingEncoder:
    """Encodes the loudness in all columns, in parts of three seconds; counts the rows."""

    hash = "counting"

    def __init__(self) -> None:
        self.rows = 0

    def stream(self, blocks, sound):
        for first in range(0, len(sound.loudness), 90):
            some = sound.loudness[first : first + 90]
            self.rows += len(some)
            yield np.tile(some[:, None], DIMENSION)
        for _ in blocks:
            pass


@pytest.fixture
def minutes(tmp_path) -> Path:
    """Write two and a half minutes of audio with varying loudness: 4500 rows."""
    samples = np.sin(np.arange(150 * SAMPLE_RATE) / 20) * np.sin(np.arange(150 * SAMPLE_RATE) / SAMPLE_RATE)
    soundfile.write(tmp_path / "minutes.wav", samples.astype(np.float32), SAMPLE_RATE)
    return tmp_path / "minutes.wav"


def ignore(progress: Progress) -> None:
    pass


def test_first_rows_come_before_the_last_are_encoded(minutes):
    encoder, models = CountingEncoder(), tiny_models()
    calls = []
    models.denoisers["face"].network.register_forward_hook(lambda *_: calls.append(None))
    stream = Generator(encoder, models, FeatureCache()).stream(
        GenerateRequest(AudioSection(minutes), steps=8, rate=FrameRate(24)), ignore
    )
    first = next(stream)
    assert encoder.rows < 1200
    begun = len(calls)
    total = len(first) + sum(len(part) for part in stream)
    assert total == 150 * 24
    assert encoder.rows == 4500
    assert begun < len(calls) / 3


def test_generate_equals_the_stream(minutes):
    generator = Generator(CountingEncoder(), tiny_models(), FeatureCache())
    request = GenerateRequest(AudioSection(minutes, 0.0, 100.0), steps=2, rate=FrameRate(25))
    parts = list(generator.stream(request, ignore))
    assert len(parts) > 1
    motion = generator.generate(request, ignore).motion
    np.testing.assert_array_equal(np.concatenate([part.values for part in parts]), motion.values)


def test_known_values_are_exact_at_window_boundaries(minutes):
    generator = Generator(CountingEncoder(), tiny_models(), FeatureCache())
    request = GenerateRequest(AudioSection(minutes, 0.0, 100.0), steps=2, layers=Layers(breath=None, tongue=None))
    joints = np.cumsum([len(part) for part in generator.stream(request, ignore)])[:-1]
    keep = np.zeros((3000, 55), bool)
    for joint in joints:
        keep[joint - 3 : joint + 3, ::7] = True
    kept = Constraints(np.random.default_rng(0).random((3000, 55)).astype(np.float32), keep)
    motion = generator.generate(dataclasses.replace(request, constraints=kept), ignore).motion
    np.testing.assert_array_equal(motion.values[keep], kept.values[keep])


def test_cancel_during_a_stream(minutes):
    encoder = CountingEncoder()
    cache = FeatureCache(minutes.parent / "cache")
    cancelled = False

    def report(progress: Progress) -> None:
        if cancelled and progress.stage == SAMPLING:
            raise Cancelled

    stream = Generator(encoder, tiny_models(), cache).stream(GenerateRequest(AudioSection(minutes)), report)
    next(stream)
    cancelled = True
    with pytest.raises(Cancelled):
        list(stream)
    assert encoder.rows < 4500
    assert not list((minutes.parent / "cache").iterdir())  # no partial features are left


def test_audio_that_changes_during_reading_is_refused(minutes):
    class Shortening(CountingEncoder):
        def stream(self, blocks, sound):
            soundfile.write(minutes, np.ones(SAMPLE_RATE), SAMPLE_RATE)
            yield from super().stream(blocks, sound)

    with pytest.raises(AudioError, match="changed while it was read"):
        Generator(Shortening(), tiny_models(), FeatureCache()).generate(GenerateRequest(AudioSection(minutes)), ignore)


def test_memory_does_not_grow_with_the_length(minutes, tmp_path):
    """Peak memory of Python and numpy during a stream; torch holds as many rows."""
    long = tmp_path / "long.wav"
    samples, _ = soundfile.read(minutes, dtype="float32")
    soundfile.write(long, np.tile(samples, 3), SAMPLE_RATE)
    generator = Generator(CountingEncoder(), tiny_models(), FeatureCache(tmp_path / "cache", memory_limit=0))

    def peak(path: Path) -> int:
        tracemalloc.start()
        for _ in generator.stream(GenerateRequest(AudioSection(path), steps=1, guidance=1.0), ignore):
            pass
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return held

    short, heard, kept = peak(minutes), peak(long), peak(long)
    assert max(heard, kept) < short + 3_000_000  # five minutes more are 14 MB of features


def test_only_a_few_chunks_are_in_memory():
    """Counts the rows that each step holds in torch."""
    alive = []
    models = tiny_models()

    def hook(module, given):
        alive.append(given[0].shape[1])

    models.denoisers["face"].network.register_forward_pre_hook(hook)
    rows = 12_000
    for _ in models.stream(small_parts(noise(rows), 90), rows, dataclasses.replace(REQUEST, steps=2, guidance=1.0)):
        pass
    denoiser = models.denoisers["face"]
    assert max(alive) <= 1024 + 2 * (denoiser.context_rows + denoiser.speech_context_rows + denoiser.stride)

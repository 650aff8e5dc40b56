"""Denoisers on ONNX Runtime give torch's results: one call, and whole motions with every kind of request."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from diface_core import channels
from diface_core.audio.speech_encoder import DIMENSION
from diface_core.errors import ModelError
from diface_core.inference.denoiser import OnnxDenoiser
from diface_core.inference.denoiser_file import read_denoiser_file
from diface_core.model import style_file
from diface_core.model.models import WEIGHTS, Models, load_models
from diface_core.networks import checkpoint
from diface_core.networks.torch_denoiser import TorchDenoiser
from diface_core.types import AudioSection, Constraints, GenerateRequest, Pins, Style
from tests.core.inference.small_denoisers import NETWORKS, load_both, write_denoiser

TOLERANCE = 1e-4
ROWS = 150
BASE = GenerateRequest(AudioSection(Path("unused")), steps=4)

PINS = ((40.0, 17), (60.5, 3), (61.0, 53))
"""Row and column of each."""


def constraints(rows: int, keep_motion: float = 0.0) -> Constraints:
    """Return a known segment, known single channels, and pins on and between rows."""
    rng = np.random.default_rng(1)
    known = np.zeros((rows, len(channels.ALL)), bool)
    known[20:26] = True
    known[70:80, ::5] = True
    row, channel = zip(*PINS, strict=True)
    pins = Pins(np.array(row), np.array(channel, np.int32), np.array([0.4, 0.1, 0.05], np.float32))
    return Constraints(rng.uniform(0, 0.5, known.shape).astype(np.float32), known, pins, 6.0, keep_motion)


REQUESTS = {
    "default": BASE,
    "one step": dataclasses.replace(BASE, steps=1, seed=5),
    "twelve steps": dataclasses.replace(BASE, steps=12),
    "no guidance": dataclasses.replace(BASE, guidance=1.0),
    "both guidances": dataclasses.replace(BASE, guidance=2.5, style_guidance=1.7),
    "style blend": dataclasses.replace(BASE, style=Style((("first", 1.0), ("second", 2.0)), 1.4)),
    "no style": dataclasses.replace(BASE, style=Style.named("second"), style_guidance=1.0, variety=0.3),
    "known and pins": dataclasses.replace(BASE, constraints=constraints(ROWS)),
    "keep motion": dataclasses.replace(BASE, constraints=constraints(ROWS, keep_motion=0.4)),
    "warp alone": dataclasses.replace(BASE, constraints=constraints(ROWS, keep_motion=1.0)),
}


def random(*shape: int, seed: int = 0) -> np.ndarray:
    """Return normally distributed values."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@pytest.fixture(scope="module", params=NETWORKS)
def small_models(request, tmp_path_factory) -> tuple[Models, Models]:
    """Small models of face and head, with torch and with ONNX Runtime."""
    folder = tmp_path_factory.mktemp("models")
    pairs = {part: load_both(write_denoiser(folder, part, request.param)) for part in channels.PARTS}
    return tuple(Models({part: pair[index] for part, pair in pairs.items()}, "") for index in (0, 1))


@pytest.fixture(scope="module")
def bundled_models(asset) -> tuple[Models, Models]:
    """The bundled models, with torch and with ONNX Runtime."""
    reference = {part: TorchDenoiser(checkpoint.load(WEIGHTS / f"{part}.safetensors")[0]) for part in channels.PARTS}
    models = load_models()
    return Models(reference, "", models.closures), models


@pytest.mark.parametrize("rows", [1, 2, 7, 31, 100, 301])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_one_call_matches_torch(small_models, rows, count):
    reference, denoiser = (models.denoisers["face"] for models in small_models)
    features, xt = random(rows, DIMENSION), random(1, rows, 52, seed=1)
    speech, expected = denoiser.encode_speech(features), reference.encode_speech(features)
    np.testing.assert_allclose(speech, expected, atol=TOLERANCE)
    flags = (random(1, rows, 52, seed=2) > 1).astype(np.float32)
    inputs = xt, 0.37, np.repeat(speech, count, axis=0), random(count, 32, seed=3), flags
    np.testing.assert_allclose(denoiser.denoise(*inputs), reference.denoise(*inputs), atol=TOLERANCE)


def test_properties_match_torch(small_models):
    for part in channels.PARTS:
        reference, denoiser = (models.denoisers[part] for models in small_models)
        for name in ("config", "stride", "context_rows", "speech_context_rows", "fingerprint"):
            assert getattr(denoiser, name) == getattr(reference, name)
        np.testing.assert_array_equal(denoiser.styles, reference.styles)
        np.testing.assert_array_equal(denoiser.no_speech, reference.no_speech)
        values = random(5, len(channels.PARTS[part]))
        np.testing.assert_allclose(denoiser.scale.denormalise(denoiser.scale.normalise(values)), values, atol=1e-6)


@pytest.mark.parametrize("name", REQUESTS)
def test_motion_of_small_models_matches_torch(small_models, name):
    reference, models = (one.sample(random(ROWS, DIMENSION), REQUESTS[name]).values for one in small_models)
    np.testing.assert_allclose(models, reference, atol=TOLERANCE)


@pytest.mark.parametrize("name", [name for name in REQUESTS if "style" not in name])
def test_motion_of_the_bundled_models_matches_torch(bundled_models, name):
    features = random(ROWS, DIMENSION)
    reference, models = (one.sample(features, REQUESTS[name]).values for one in bundled_models)
    np.testing.assert_allclose(models, reference, atol=TOLERANCE)


@pytest.mark.parametrize("rows", [1, 30, 1100])
def test_motion_of_any_length_matches_torch(bundled_models, rows):
    request = dataclasses.replace(BASE, steps=2)
    reference, models = (one.sample(random(rows, DIMENSION), request).values for one in bundled_models)
    np.testing.assert_allclose(models, reference, atol=TOLERANCE)


def test_style_file_matches_torch(small_models, tmp_path):
    reference, denoiser = (models.denoisers["face"] for models in small_models)
    path = tmp_path / "eve.safetensors"
    offsets = 0.1 * random(32), 0.1 * random(52, 16, seed=1), 0.1 * random(52, seed=2)
    style_file.save(style_file.StyleFile("Eve", reference.fingerprint, *offsets), path)
    request = dataclasses.replace(BASE, style=Style(((str(path), 2.0), ("first", 1.0)), 1.5))
    expected, motion = (one.sample(random(ROWS, DIMENSION), request).values for one in small_models)
    np.testing.assert_allclose(motion, expected, atol=TOLERANCE)
    before = denoiser.output_weight.copy()
    assert np.abs(motion - small_models[1].sample(random(ROWS, DIMENSION), BASE).values).max() > 1e-3
    np.testing.assert_array_equal(denoiser.output_weight, before)


def test_graph_of_another_architecture_is_refused(tmp_path):
    weights = write_denoiser(tmp_path, "head", "convnet")
    other = tmp_path / "other"
    other.mkdir()
    write_denoiser(other, "head", "unet")
    with pytest.raises(ModelError, match=r"does not match head\.safetensors|cannot be opened"):
        OnnxDenoiser.load(read_denoiser_file(weights), other)


def test_weights_that_do_not_match_the_configuration_are_refused(tmp_path):
    file = read_denoiser_file(write_denoiser(tmp_path, "head"))
    file.weights["enter.linear.weight"] = file.weights["enter.linear.weight"][:-1]
    with pytest.raises(ModelError, match=r"head\.onnx"):
        OnnxDenoiser.load(file, tmp_path)

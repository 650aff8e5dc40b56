"""A CUDA GPU gives the results of the CPU, and trains; skipped without one or without the packages for it."""

import dataclasses
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from diface_core.audio.reading import load_clip
from diface_core.audio.speech_encoder import DIMENSION, LOUDNESS, SpeechEncoder
from diface_core.inference.session import CPU, PROVIDER_VARIABLE
from diface_core.model import models as model_set
from diface_core.training import run
from diface_core.types import AudioSection, Constraints, GenerateRequest, Pins, Style
from tests.core.training.small_training import config, sequences

pytestmark = pytest.mark.filterwarnings("ignore:Mean of empty slice")

SPEECH = Path(__file__).parents[2] / "data" / "speech.flac"
CUDA = "CUDAExecutionProvider"
needs_cuda_provider = pytest.mark.skipif(
    CUDA not in onnxruntime.get_available_providers(), reason="this ONNX Runtime has no CUDA"
)
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU here")


def run_on(provider: str, function, monkeypatch):
    """Return the result of `function`, which opens networks, with them on the device of a provider."""
    monkeypatch.setenv(PROVIDER_VARIABLE, provider)
    return function()


def test_networks_run_on_the_chosen_provider(monkeypatch):
    models = run_on(CPU, model_set.load_models, monkeypatch)
    assert {part: denoiser.device for part, denoiser in models.denoisers.items()} == {"face": "CPU", "head": "CPU"}


def speech_features(monkeypatch) -> dict[str, np.ndarray]:
    sound = load_clip(AudioSection(SPEECH))
    return {
        provider: run_on(provider, lambda: SpeechEncoder.load().encode(sound), monkeypatch) for provider in (CPU, CUDA)
    }


@needs_cuda_provider
def test_features_match_the_cpu(monkeypatch):
    """Equal within a hundredth of the features' deviation: convolutions on the GPU use TF32."""
    features = speech_features(monkeypatch)
    deviation = np.sqrt(((features[CUDA] - features[CPU]) ** 2).mean(0)) / (features[CPU].std(0) + 1e-3)
    assert deviation.max() < 0.01


def make_request(**changes) -> GenerateRequest:
    return dataclasses.replace(GenerateRequest(AudioSection(SPEECH), ("face", "head"), steps=8), **changes)


def pinned(rows: int, parts: int) -> Constraints:
    keep = np.zeros((rows, parts), bool)
    keep[20:24, 17] = True
    pins = Pins(np.array([40.0, 60.5]), np.array([17, 3], np.int32), np.array([0.3, 0.2], np.float32))
    return Constraints(np.full((rows, parts), 0.25, np.float32), keep, pins=pins)


@needs_cuda_provider
@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("style", [Style(), Style.named("grid_s1")])
def test_motion_matches_the_cpu(kept, style, monkeypatch):
    """Equal features and seed give motion within 1e-3 of a weight and of a radian."""
    rng = np.random.default_rng(0)
    features = rng.standard_normal((200, DIMENSION)).astype(np.float32)
    constraints = pinned(200, 55) if kept else None
    request = make_request(style=style, style_guidance=1.3, constraints=constraints)
    gpu, cpu = (run_on(provider, model_set.load_models, monkeypatch) for provider in (CUDA, CPU))
    assert (gpu.denoisers["face"].device, cpu.denoisers["face"].device) == ("CUDA", "CPU")
    gpu_values, cpu_values = (models.sample(features, request).values for models in (gpu, cpu))
    assert np.abs(gpu_values - cpu_values).max() < 1e-3
    if constraints is not None:
        assert (cpu_values[constraints.known_mask] == np.float32(0.25)).all()


@needs_cuda_provider
def test_streaming_equals_the_full_sequence(monkeypatch):
    rng = np.random.default_rng(1)
    features = rng.standard_normal((900, DIMENSION)).astype(np.float32)
    models = run_on(CUDA, model_set.load_models, monkeypatch)
    parts = (features[first : first + 100] for first in range(0, 900, 100))
    streamed = np.concatenate(list(models.stream(parts, 900, make_request())))
    assert np.abs(streamed - models.sample(features, make_request()).values).max() < 1e-3


@needs_gpu
@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_training_reduces_the_loss(tmp_path, precision, workers):
    longer = config(
        tmp_path,
        steps=300,
        batch=8,
        learning_rate=5e-3,
        save_every=100,
        ema_decay=0.95,
        validate_every=100,
        precision=precision,
    )
    denoiser = run.train(longer, sequences()[1:], ("natural",), sequences()[3:], workers)
    assert denoiser.device.type == "cuda"
    sequence = sequences()[3]
    features = torch.from_numpy(sequence.features.astype(np.float32))[None].to(denoiser.device)
    with torch.inference_mode():
        noise = torch.randn(1, len(sequence.values), 3, device=denoiser.device)
        style = denoiser.style_vector(torch.zeros(1, dtype=torch.long, device=denoiser.device))
        ones = torch.ones(1, device=denoiser.device)
        x0 = denoiser.denormalise(denoiser(noise, ones, denoiser.speech(features), style))
    moved = x0[0, :, 0].cpu().numpy()
    assert np.corrcoef(moved, features[0, :, LOUDNESS].cpu().numpy())[0, 1] > 0.9

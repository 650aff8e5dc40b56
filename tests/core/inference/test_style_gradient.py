"""The gradient of a style on ONNX Runtime: the same as torch's."""

import dataclasses
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from diface_core import channels
from diface_core.asset_build.onnx_graphs.style_gradient_graph import style_gradient_graph
from diface_core.errors import ModelError
from diface_core.inference.denoiser_config import DenoiserConfig
from diface_core.inference.denoiser_file import DenoiserFile, read_denoiser_file
from diface_core.inference.style_gradient import OnnxStyleGradient, StyleParameters
from diface_core.learning.style_gradient import TorchStyleGradient
from diface_core.networks import checkpoint
from diface_core.networks.denoiser import Denoiser
from diface_core.style_adaptation.adapt import AdaptConfig
from diface_core.style_adaptation.learn import FACE_WEIGHTS, load_face

ROWS = 24
BATCH = 3


def small_config() -> DenoiserConfig:
    return DenoiserConfig(
        channels.FACE, (0, 5), ("one", "two"), "convnet", width=8, levels=(1, 2), dilations=(1, 2), depth=1, window=4,
        audio_width=8, audio_dilations=(1,),
    )  # fmt: skip


def random_inputs(features: int, batch: int, rows: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    motion = (batch, rows, len(channels.FACE))
    inputs = {
        "features": rng.standard_normal((batch, rows, features)), "x0": rng.standard_normal(motion),
        "xt": rng.standard_normal(motion), "weight": rng.random(motion) > 0.2, "mask": rng.random(motion) < 0.1,
        "t": rng.random(batch), "channel_weight": rng.random(motion[2]), "velocity_weight": np.array(0.7),
        "gap_weight": np.array(0.05),
    }  # fmt: skip
    return {name: value.astype(np.float32) for name, value in inputs.items()}


def assert_equal_gradients(one: StyleParameters, other: StyleParameters) -> None:
    for found, expected in zip(one.arrays(), other.arrays(), strict=True):
        assert np.abs(expected).max() > 1e-6
        np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.slow
def test_gradient_equals_that_of_torch(tmp_path: Path) -> None:
    config = small_config()
    torch.manual_seed(0)
    denoiser = Denoiser(config)
    for weight in denoiser.parameters():  # some are 0 at first
        weight.data.add_(0.1 * torch.randn_like(weight))
    checkpoint.save(denoiser, tmp_path / "face.safetensors")
    graph = style_gradient_graph(config, BATCH, ROWS)
    onnx.save(graph, tmp_path / "face_gradient.onnx")
    file = read_denoiser_file(tmp_path / "face.safetensors")
    gradient, expected = OnnxStyleGradient.load(file, tmp_path), TorchStyleGradient(checkpoint.load(file.path)[0])
    parameters = StyleParameters(
        file.weights["style.weight"][1], file.weights["leave.2.weight"], file.weights["leave.2.bias"]
    )
    for count in (BATCH, 1):
        inputs = random_inputs(5, count, ROWS)
        assert_equal_gradients(gradient(parameters, inputs), expected(parameters, inputs))

    with pytest.raises(ValueError, match="At most 3 examples of 24 rows"):
        gradient(parameters, random_inputs(5, BATCH + 1, ROWS))
    other = dataclasses.replace(config, width=16)
    with pytest.raises(ModelError, match="does not match"):
        OnnxStyleGradient.load(DenoiserFile(file.path, other, file.weights, file.hash), tmp_path)


def test_bundled_gradient_equals_that_of_torch(asset: Path) -> None:
    base, gradient = load_face()
    expected = TorchStyleGradient(checkpoint.load(FACE_WEIGHTS)[0])
    config = AdaptConfig()
    parameters = StyleParameters(base.styles[0], base.output_weight, base.output_bias)
    inputs = random_inputs(base.config.features[1], config.batch, config.rows)
    assert_equal_gradients(gradient(parameters, inputs), expected(parameters, inputs))

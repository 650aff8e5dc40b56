"""The gradient of a style on ONNX Runtime: the same as torch's."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from diface_core import channels
from diface_core.errors import ModelError
from diface_core.inference.denoiser import OnnxDenoiser
from diface_core.inference.denoiser_file import read_denoiser_file
from diface_core.inference.style_gradient import OnnxStyleGradient, StyleParameters
from diface_core.learning.style_gradient import TorchStyleGradient
from diface_core.networks import checkpoint
from diface_core.style_adaptation.adapt import AdaptConfig
from diface_core.style_adaptation.learn import FACE_WEIGHTS, load_face

CONFIG = AdaptConfig()


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


@pytest.fixture(scope="module")
def model(asset: Path) -> tuple[OnnxDenoiser, OnnxStyleGradient]:
    """Return the bundled face denoiser and the gradient of its loss."""
    return load_face()


def parameters_of(base: OnnxDenoiser) -> StyleParameters:
    return StyleParameters(base.styles[0], base.output_weight, base.output_bias)


@pytest.mark.parametrize("count", [CONFIG.batch, 1])
def test_gradient_equals_that_of_torch(model: tuple[OnnxDenoiser, OnnxStyleGradient], count: int) -> None:
    base, gradient = model
    expected = TorchStyleGradient(checkpoint.load(FACE_WEIGHTS)[0])
    inputs = random_inputs(base.config.features[1], count, CONFIG.rows)
    assert_equal_gradients(gradient(parameters_of(base), inputs), expected(parameters_of(base), inputs))


def test_other_numbers_of_examples_and_rows_are_refused(model: tuple[OnnxDenoiser, OnnxStyleGradient]) -> None:
    base, gradient = model
    for count, rows in ((CONFIG.batch + 1, CONFIG.rows), (1, CONFIG.rows - 1)):
        with pytest.raises(ValueError, match="At most 6 examples of 96 rows"):
            gradient(parameters_of(base), random_inputs(401, count, rows))


def test_graph_of_another_model_is_refused(asset: Path) -> None:
    file = read_denoiser_file(FACE_WEIGHTS)
    other = dataclasses.replace(file, config=dataclasses.replace(file.config, audio_dilations=(1, 2, 4)))
    with pytest.raises(ModelError, match="does not match"):
        OnnxStyleGradient.load(other)

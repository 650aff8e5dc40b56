"""3DiFACE's U-Nets on ONNX Runtime equal torch's: every option that the graph has, any length."""

from pathlib import Path

import numpy as np
import pytest
import torch

from diface_core.threediface.checkpoint import FaceModel, HeadModel, load_face, load_head
from diface_core.threediface.guidance import guided_denoiser, pad_to_stride, step_denoiser
from diface_core.threediface.sampling import SamplingOptions, sample_face
from diface_core.threediface.unet.session import UnetSession
from diface_core.threediface.unet.winograd import (
    INPUT_TRANSFORM,
    OUTPUT_TRANSFORM,
    POINTS,
    TILE,
    transform_weight,
)
from tests.core.threediface import small_checkpoints

WIDE = 160
"""A width whose products are separate matrices: see graph.MAX_BATCHED_WIDTH."""


def load(folder: Path, part: str, **options) -> FaceModel | HeadModel:
    if part == "face":
        return load_face(small_checkpoints.write(folder, small_checkpoints.face_arguments(**options)))
    return load_head(small_checkpoints.write(folder, small_checkpoints.head_arguments(**options)))


def compare(model: FaceModel | HeadModel, rows: int, guidance: float) -> None:
    """Compare one call with torch's in the original's order of sums."""
    network, rng = model.network, np.random.default_rng(rows)
    width = network.config.width
    features = pad_to_stride(rng.standard_normal((rows, width), np.float32), network.config)
    embedded = rng.standard_normal((len(features), width), np.float32)
    assert model.unet is not None
    result = step_denoiser(model, features, 1, guidance)(embedded, 3)
    with torch.inference_mode():
        denoise, mix = guided_denoiser(network, features, 1, guidance)
        expected = mix(denoise(torch.from_numpy(embedded).T[None], torch.tensor([3])))[0].numpy()
    assert result.shape == expected.shape
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("part", ["face", "head"])
@pytest.mark.parametrize("padding", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize(
    ("activation", "norm"), [("leakyrelu", None), ("relu", "batch"), ("swish", "batchfalse"), ("sigmoid", None)]
)
def test_graph_equals_torch(tmp_path: Path, part: str, padding: str, activation: str, norm: str | None) -> None:
    model = load(tmp_path, part, padding_type=padding, activation=activation, norm=norm)
    for rows in (7, 16):
        compare(model, rows, 0.5)


@pytest.mark.parametrize("rows", [1, 4, 5, 12, 13, 31, 288])
@pytest.mark.parametrize("guidance", [0.0, 0.5, 1.0, 2.0])
def test_graph_accepts_any_length_and_guidance(tmp_path: Path, rows: int, guidance: float) -> None:
    compare(load(tmp_path, "face"), rows, guidance)


@pytest.mark.parametrize("options", [{"ch_multi": [1, 2, 3]}, {"ch_multi": [1, 1, 1, 1]}, {"use_identity": True}])
def test_heads_of_other_levels_and_with_styles(tmp_path: Path, options: dict) -> None:
    compare(load(tmp_path, "head", **options), 21, 1.0)


@pytest.mark.parametrize("part", ["face", "head"])
def test_wide_networks(tmp_path: Path, part: str) -> None:
    compare(load(tmp_path, part, ch=WIDE), 21, 0.5)


@pytest.mark.parametrize("norm", ["instance", "instancefalse", "Layer"])
def test_other_norms_run_on_torch(tmp_path: Path, norm: str) -> None:
    model = load(tmp_path, "face", norm=norm)
    assert model.unet is None
    assert np.isfinite(sample_face(model, np.zeros((9, 8), np.float32), SamplingOptions(0))).all()


def test_network_elsewhere_than_the_cpu_is_not_opened(tmp_path: Path) -> None:
    network = load(tmp_path, "face").network
    assert UnetSession.open(network) is not None
    assert UnetSession.open(network.to("meta")) is None


@pytest.mark.parametrize("norm", [None, "batch"])
def test_seed_gives_the_same_motion_as_torch(tmp_path: Path, norm: str | None) -> None:
    model = load(tmp_path, "face", norm=norm, diffusion={"diffusion_steps": 40})
    features = np.random.default_rng(0).standard_normal((30, 8), np.float32)
    result = sample_face(model, features, SamplingOptions(5, 2))
    vars(model)["unet"] = None  # as if the graph did not have the norm
    np.testing.assert_allclose(result, sample_face(model, features, SamplingOptions(5, 2)), rtol=0, atol=1e-5)


def test_winograd_equals_the_convolution() -> None:
    rng = np.random.default_rng(0)
    rows, weight = rng.standard_normal((POINTS, 8), np.float32), rng.standard_normal((5, 8, 3), np.float32)
    products = np.einsum("pi,pio->po", INPUT_TRANSFORM @ rows, transform_weight(weight))
    expected = [sum(weight[..., k] @ rows[row + k] for k in range(3)) for row in range(TILE)]
    np.testing.assert_allclose(OUTPUT_TRANSFORM @ products, expected, rtol=0, atol=2e-5)

"""Styles: blends, strengths, and files that belong to one model."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from diface_core import channels
from diface_core.errors import ModelError
from diface_core.inference.denoiser_config import DenoiserConfig
from diface_core.inference.denoiser_file import fingerprint, read_denoiser_file
from diface_core.model import style_file
from diface_core.model.style import apply_style
from diface_core.model.style_file import StyleFile
from diface_core.networks import checkpoint
from diface_core.networks.denoiser import Denoiser
from diface_core.networks.torch_denoiser import TorchDenoiser
from diface_core.types import Style


def model(seed: int = 0) -> TorchDenoiser:
    torch.manual_seed(seed)
    config = DenoiserConfig(channels.HEAD, (400, 401), ("ada", "bob"), width=8, levels=(1,), audio_width=8)
    return TorchDenoiser(Denoiser(config).eval())


def write_style(denoiser: TorchDenoiser, path: Path, size: float = 0.1) -> str:
    rng = np.random.default_rng(0)
    vector, weight, bias = (size * rng.standard_normal(shape).astype(np.float32) for shape in ((16,), (3, 8), (3,)))
    style_file.save(StyleFile("Eve", denoiser.fingerprint, vector, weight, bias, {"seconds": "60"}), path)
    return str(path)


def predict(denoiser: TorchDenoiser, vector: np.ndarray) -> np.ndarray:
    xt = np.random.default_rng(1).standard_normal((1, 20, 3)).astype(np.float32)
    speech = np.broadcast_to(denoiser.no_speech, (1, 20, 8))
    return denoiser.denoise(xt, 1.0, speech, vector, np.zeros_like(xt))


def test_trained_style_is_its_vector_and_the_first_is_the_default():
    denoiser = model()
    same, vector = apply_style(denoiser, Style.named("bob"))
    assert same is denoiser
    assert np.array_equal(vector, denoiser.styles[1:])
    assert np.array_equal(apply_style(denoiser, Style())[1], denoiser.styles[:1])


def test_default_may_be_an_even_blend():
    denoiser = model()
    denoiser.network.config = dataclasses.replace(denoiser.config, default_style=("ada", "bob"))
    _, vector = apply_style(denoiser, Style())
    np.testing.assert_allclose(vector[0], denoiser.styles.mean(0), atol=1e-6)


@pytest.mark.parametrize("factor", [1.0, 7.0])
def test_weights_are_normalised(factor):
    denoiser = model()
    ada, bob = denoiser.styles
    _, vector = apply_style(denoiser, Style((("ada", factor), ("bob", 3 * factor))))
    assert np.allclose(vector[0], 0.25 * ada + 0.75 * bob)


def test_strength_interpolates_from_neutral_and_extrapolates(tmp_path):
    denoiser = model()
    path = write_style(denoiser, tmp_path / "eve.safetensors")
    none = predict(denoiser, np.zeros_like(denoiser.styles[:1]))
    assert np.allclose(predict(*apply_style(denoiser, Style(((path, 1.0),), strength=0.0))), none)
    full, double = (apply_style(denoiser, Style(((path, 1.0),), strength=s)) for s in (1.0, 2.0))
    assert np.allclose(2 * full[1], double[1])
    assert not np.allclose(predict(*full), none)


def test_style_file_changes_a_copy_of_the_denoiser(tmp_path):
    denoiser = model()
    before = {name: value.clone() for name, value in denoiser.network.state_dict().items()}
    path = write_style(denoiser, tmp_path / "eve.safetensors")
    changed, vector = apply_style(denoiser, Style(((path, 1.0), ("ada", 1.0))))
    read = style_file.load(Path(path), denoiser.fingerprint)
    assert (read.name, read.notes) == ("Eve", {"seconds": "60"})
    assert np.allclose(vector[0], 0.5 * read.vector + 0.5 * denoiser.styles[0])
    more = (changed.network.output_layer.weight - denoiser.network.output_layer.weight).detach().numpy()
    assert np.allclose(more, 0.5 * read.weight, atol=1e-6)
    assert all(torch.equal(value, before[name]) for name, value in denoiser.network.state_dict().items())


def test_unknown_styles_and_bad_weights_are_refused(tmp_path):
    denoiser = model()
    with pytest.raises(ModelError, match=r"style eve is unknown.*ada, bob"):
        apply_style(denoiser, Style.named("eve"))
    with pytest.raises(ModelError, match="missing"):
        apply_style(denoiser, Style.named(str(tmp_path / "eve.safetensors")))
    with pytest.raises(ModelError, match="weights"):
        apply_style(denoiser, Style((("ada", 0.0),)))
    with pytest.raises(ModelError, match="weights"):
        apply_style(denoiser, Style((("ada", 2.0), ("bob", -1.0))))


def test_style_of_another_model_is_refused(tmp_path):
    path = write_style(model(seed=1), tmp_path / "eve.safetensors")
    with pytest.raises(ModelError, match="another model"):
        apply_style(model(), Style.named(path))


def test_damaged_and_other_files_are_refused(tmp_path):
    denoiser = model()
    path = Path(write_style(denoiser, tmp_path / "eve.safetensors"))
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ModelError, match="damaged"):
        style_file.load(broken, denoiser.fingerprint)
    checkpoint.save(denoiser.network, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match="not a style file"):
        style_file.load(tmp_path / "model.safetensors", denoiser.fingerprint)
    read = style_file.load(path, denoiser.fingerprint)
    style_file.save(dataclasses.replace(read, bias=read.bias * np.float32("nan")), path)
    with pytest.raises(ModelError, match="not finite"):
        style_file.load(path, denoiser.fingerprint)


def test_fingerprint_matches_the_float16_file(tmp_path):
    denoiser = model()
    checkpoint.save(denoiser.network, tmp_path / "model.safetensors")
    read, _ = checkpoint.load(tmp_path / "model.safetensors")
    assert TorchDenoiser(read).fingerprint == denoiser.fingerprint
    assert fingerprint(read_denoiser_file(tmp_path / "model.safetensors").weights) == denoiser.fingerprint
    assert denoiser.fingerprint != model(seed=1).fingerprint

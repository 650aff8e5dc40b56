"""The denoisers and their files: windows, seeds, styles, ranges."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from diface_core import channels
from diface_core.audio.speech_encoder import DIMENSION
from diface_core.errors import ModelError
from diface_core.inference.denoiser_config import DenoiserConfig
from diface_core.model import lip_closure, part_sampler
from diface_core.model import models as model_set
from diface_core.model.closure_detector import ClosureDetector
from diface_core.model.sampling_rule import sampling_rule
from diface_core.networks import checkpoint
from diface_core.networks.denoiser import Denoiser
from diface_core.networks.torch_denoiser import TorchDenoiser
from diface_core.types import FIRST_SAMPLER, MODEL_RATE, SAMPLER, AudioSection, Constraints, GenerateRequest, Style

REQUEST = GenerateRequest(AudioSection(Path("unused")), steps=4)


def tiny(part: str, seed: int = 0) -> Denoiser:
    """Return a narrow random denoiser with the shipped architecture; every weight has an effect."""
    torch.manual_seed(seed)
    config = DenoiserConfig(
        channels.PARTS[part], (0, DIMENSION), ("first", "second"), width=16, levels=(1, 2, 2), audio_width=8
    )
    denoiser = Denoiser(config)
    for parameter in denoiser.parameters():
        torch.nn.init.normal_(parameter, std=0.15)
    return denoiser.eval()


@pytest.fixture(scope="module")
def models() -> model_set.Models:
    return model_set.Models({part: TorchDenoiser(tiny(part)) for part in channels.PARTS}, "hash")


@pytest.fixture(scope="module")
def features() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((200, DIMENSION)).astype(np.float32)


@given(st.integers(1, 41))
@settings(deadline=None, max_examples=15)
def test_any_number_of_rows_is_sampled(rows):
    denoiser = tiny("head")
    xt = torch.randn(1, rows, 3)
    speech = denoiser.speech(torch.randn(1, rows, DIMENSION))
    out = denoiser(xt, torch.ones(1), speech, denoiser.style_vector(torch.tensor([0])))
    assert out.shape == xt.shape
    assert torch.isfinite(out).all()


def test_the_hash_names_the_detector_where_it_shuts_the_lips(models):
    detector = ClosureDetector.load()
    with_closures = dataclasses.replace(models, closures=detector)
    assert models.hash_of(REQUEST) == "hash"
    assert with_closures.hash_of(REQUEST) == f"hash+{detector.hash[:16]}"
    for unused in ({"sampler": FIRST_SAMPLER}, {"parts": ("head",)}):
        assert with_closures.hash_of(dataclasses.replace(REQUEST, **unused)) == "hash"


def test_motion_depends_on_the_seed_only(models, features):
    first, again = models.sample(features, REQUEST), models.sample(features, REQUEST)
    other = models.sample(features, dataclasses.replace(REQUEST, seed=1))
    assert np.array_equal(first.values, again.values)
    assert not np.allclose(first.values, other.values)
    assert first.channels == channels.ALL
    assert first.rate == MODEL_RATE
    assert len(first) == len(features)


def test_face_and_head_do_not_depend_on_each_other(models, features):
    both = models.sample(features, REQUEST)
    for part, names in channels.PARTS.items():
        alone = models.sample(features, dataclasses.replace(REQUEST, parts=(part,)))
        assert alone.channels == names
        assert np.array_equal(alone.values, both.select(names).values)


def test_noise_does_not_depend_on_the_length():
    long, short = part_sampler.noise_source(3, "face", 52)(500), part_sampler.noise_source(3, "face", 52)
    assert np.array_equal(np.concatenate([short(7), short(93), short(400)], axis=1), long)
    assert not np.array_equal(long[:, :10, :3], part_sampler.noise_source(3, "head", 3)(10))


def test_last_row_depends_on_its_features(models, features):
    changed = features.copy()
    changed[-1] += 3
    before, after = models.sample(features, REQUEST), models.sample(changed, REQUEST)
    assert not np.array_equal(before.values[-1], after.values[-1])


def test_known_values_are_exact(models, features):
    rng = np.random.default_rng(5)
    shape = (len(features), len(channels.ALL))
    constraints = Constraints(rng.random(shape).astype(np.float32), rng.random(shape) < 0.1)
    motion = models.sample(features, dataclasses.replace(REQUEST, constraints=constraints))
    assert np.array_equal(motion.values[constraints.known_mask], constraints.values[constraints.known_mask])
    free = models.sample(features, REQUEST)
    assert not np.allclose(motion.values[~constraints.known_mask], free.values[~constraints.known_mask])


def test_styles_by_name(models, features):
    first = models.sample(features, dataclasses.replace(REQUEST, style=Style.named("first")))
    second = models.sample(features, dataclasses.replace(REQUEST, style=Style.named("second")))
    assert np.array_equal(first.values, models.sample(features, REQUEST).values)
    assert not np.allclose(first.values, second.values)
    with pytest.raises(ModelError, match="Choose one of first, second"):
        models.sample(features, dataclasses.replace(REQUEST, style=Style.named("third")))


def test_face_weights_are_between_0_and_1(models, features):
    values = models.sample(features, REQUEST).values[:, : len(channels.FACE)]
    jaw, close = channels.FACE.index("jawOpen"), channels.FACE.index("mouthClose")
    assert values.min() >= 0
    assert values.max() <= 1
    assert (values[:, close] <= values[:, jaw]).all()


MOUTH = np.array([name.startswith(("jaw", "mouth", "tongue")) for name in channels.FACE])


def test_seeds_start_from_less_noise_in_the_mouth_and_from_as_much_elsewhere():
    old, new = (sampling_rule("face", version).noise for version in (FIRST_SAMPLER, SAMPLER))
    assert (old == 1).all()
    assert (new[MOUTH] < 0.5).all()
    assert (new[~MOUTH] == 1).all()
    assert (sampling_rule("head", SAMPLER).noise == 1).all()


def test_unknown_sampler_is_refused(models, features):
    with pytest.raises(ModelError, match="sampler 9"):
        models.sample(features, dataclasses.replace(REQUEST, sampler=9))


def test_lips_never_intersect_and_others_stay():
    weights = np.random.default_rng(0).uniform(-0.2, 1.2, (50, 52)).astype(np.float32)
    met = lip_closure.separate_lips(weights)
    jaw, close = lip_closure.JAW_OPEN, lip_closure.MOUTH_CLOSE
    assert (met[:, close] <= met[:, jaw]).all()
    others = [column for column in range(52) if column != close]
    assert np.array_equal(met[:, others], weights[:, others].clip(0, 1))


def test_small_lip_gaps_close_and_large_ones_stay():
    weights = np.zeros((3, 52), np.float32)
    weights[:, lip_closure.JAW_OPEN] = [0.30, 0.30, 0.30]
    weights[:, lip_closure.MOUTH_CLOSE] = [0.297, 0.0, 0.5]
    weights[:, lip_closure.LIP_OPENERS] = 0.2
    met = lip_closure.close_small_gaps(weights)
    gap = met[:, lip_closure.JAW_OPEN] - met[:, lip_closure.MOUTH_CLOSE]
    assert gap[0] < 0.003
    assert gap[1] > 0.27
    assert gap[2] == 0
    assert (met[0, lip_closure.LIP_OPENERS] < 0.03).all()
    assert (met[1, lip_closure.LIP_OPENERS] > 0.18).all()
    assert np.array_equal(met[:, lip_closure.JAW_OPEN], weights[:, lip_closure.JAW_OPEN])


def test_closing_gaps_is_monotone():
    weights = np.zeros((100, 52), np.float32)
    weights[:, lip_closure.JAW_OPEN] = np.linspace(0, 1, 100)
    met = lip_closure.close_small_gaps(weights)
    assert (np.diff(met[:, lip_closure.JAW_OPEN] - met[:, lip_closure.MOUTH_CLOSE]) > 0).all()


def test_channels_unknown_to_the_corpora_stay_at_rest():
    denoiser = tiny("head")
    denoiser.get_buffer("known")[1] = 0
    assert (denoiser.denormalise(torch.randn(7, 3))[:, 1] == 0).all()


def test_checkpoint_round_trip(tmp_path):
    denoiser = tiny("face")
    checkpoint.save(denoiser, tmp_path / "face.safetensors", steps="1")
    loaded, digest = checkpoint.load(tmp_path / "face.safetensors")
    assert loaded.config == denoiser.config
    assert len(digest) == 64
    for name, value in denoiser.state_dict().items():
        assert torch.allclose(loaded.state_dict()[name], value, atol=1e-3, rtol=1e-3)


def test_bad_checkpoints_are_refused(tmp_path):
    path = tmp_path / "face.safetensors"
    with pytest.raises(ModelError, match="missing"):
        checkpoint.load(path)
    path.write_bytes(b"rubbish")
    with pytest.raises(ModelError, match="damaged"):
        checkpoint.load(path)
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(ModelError, match="not a DiFACE model"):
        checkpoint.load(path)


@pytest.mark.parametrize("config", ["", "{", "[1]", '{"no such setting": 1}', "{}"])
def test_damaged_configuration_is_refused(tmp_path, config):
    path = tmp_path / "face.safetensors"
    save_file({"a": torch.zeros(1)}, path, {"format": checkpoint.FORMAT, "config": config})
    with pytest.raises(ModelError, match="its configuration cannot be read"):
        checkpoint.load(path)


def test_checkpoint_with_nan_is_refused(tmp_path):
    path = tmp_path / "face.safetensors"
    checkpoint.save(tiny("face"), path)
    weights = load_file(path)
    weights["leave.2.weight"][0, 0] = float("nan")
    save_file(weights, path, {"format": checkpoint.FORMAT, "config": "{}"})
    with pytest.raises(ModelError, match=r"not finite, in leave\.2\.weight"):
        checkpoint.load(path)


def test_head_checkpoint_in_place_of_a_face_is_refused(tmp_path):
    for part in channels.PARTS:
        checkpoint.save(tiny("head"), tmp_path / f"{part}.safetensors")
    with pytest.raises(ModelError, match="other channels"):
        model_set.load_models(tmp_path)


@pytest.mark.parametrize("network", ["unet", "convnet", "transformer"])
def test_receptive_field_is_not_larger_than_stated(network):
    denoiser = Denoiser(DenoiserConfig(("a", "b"), (0, 4), ("s",), network=network, width=16, audio_width=8)).eval()
    for weight in denoiser.parameters():
        weight.data.add_(0.1 * torch.randn_like(weight))
    rows, reach = 4 * denoiser.context_rows // denoiser.stride * denoiser.stride, denoiser.context_rows
    xt, speech, style = torch.randn(1, rows, 2), torch.randn(1, rows, 8), denoiser.style_vector(torch.tensor([0]))
    touched = 2 * reach
    other = xt.clone()
    other[:, touched] += 5
    with torch.inference_mode():
        before, after = (denoiser(x, torch.ones(1), speech, style) for x in (xt, other))
    changed = torch.nonzero((before - after).abs().sum(2)[0] > 0)[:, 0]
    assert reach / 2 < (changed - touched).abs().max() <= reach

"""The training: bit-identical after an interruption, the same on several processes, and it learns."""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from diface_core import channels
from diface_core.audio.speech_encoder import LOUDNESS
from diface_core.errors import ModelError
from diface_core.faces.lip_geometry import lip_gap
from diface_core.learning.batches import BatchSampler
from diface_core.learning.lip_distance import LipDistance
from diface_core.learning.losses import TrainingLoss
from diface_core.learning.random_masks import add_bumps, draw_mask
from diface_core.learning.sequence import TrainingSequence
from diface_core.networks import checkpoint
from diface_core.networks.denoiser import Denoiser
from diface_core.training import average_weights, logs, run, settings
from diface_core.training.initial_denoiser import build_denoiser
from diface_core.training.prefetch import with_prefetch
from tests.core.training import small_training
from tests.core.training.small_training import config, sequences, together_config
from tests.core.training.two_processes import run_two, torchrun

CONFIGS = Path(settings.__file__).parent / "configs"

pytestmark = [pytest.mark.filterwarnings("ignore:Mean of empty slice"), pytest.mark.training]


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


class Interrupted(Exception):
    pass


def interrupted(settings: settings.TrainConfig, **named) -> None:
    """Train until weights are written for the first time."""

    def save_and_stop(*arguments, **notes):
        checkpoint.save(*arguments, **notes)
        raise Interrupted

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "checkpoint", type("Stopping", (), {"save": staticmethod(save_and_stop)}))
        with pytest.raises(Interrupted):
            run.train(settings, sequences(), ("natural",), **named)


def same(one: Denoiser, other: Denoiser) -> bool:
    return all(torch.equal(value, other.state_dict()[name]) for name, value in one.state_dict().items())


# --- the loop --------------------------------------------------------------------------------------------------------


def test_resumed_training_is_bit_identical(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    dropout = {"model": config(tmp_path).model | {"dropout": 0.3}}
    whole = run.train(config(tmp_path / "a", **dropout), sequences(), ("natural",))
    interrupted(config(tmp_path / "b", **dropout))
    resumed = run.train(config(tmp_path / "b", **dropout), sequences(), ("natural",))
    assert same(whole, resumed)


def test_changed_settings_do_not_resume(tmp_path):
    interrupted(config(tmp_path))
    once = run.train(config(tmp_path, learning_rate=2e-3), sequences(), ("natural",))
    (tmp_path / "alone").mkdir()
    assert same(once, run.train(config(tmp_path / "alone", learning_rate=2e-3), sequences(), ("natural",)))


def predict(denoiser: Denoiser, sequence) -> np.ndarray:
    features = torch.from_numpy(sequence.features.astype(np.float32))[None]
    with torch.inference_mode():
        noise = torch.randn(1, len(sequence.values), 3)
        style = denoiser.style_vector(torch.tensor([0]))
        x0 = denoiser(noise, torch.ones(1), denoiser.speech(features), style)
        return denoiser.denormalise(x0)[0].numpy()


@pytest.mark.parametrize("regression", [False, True])
def test_training_learns_channels_from_audio(tmp_path, regression):
    """Two channels follow loudness and its negative; after a short training the denoiser predicts them from noise."""
    longer = config(
        tmp_path, steps=180, batch=8, learning_rate=5e-3, save_every=0, ema_decay=0.9,
        masks=settings.RandomMaskConfig(share=0),
        regression=regression, validate_every=60,
    )  # fmt: skip
    denoiser = run.train(longer, sequences()[1:], ("natural",), sequences()[3:])
    sequence = sequences()[3]
    x0 = predict(denoiser, sequence)
    assert np.corrcoef(x0[:, 0], sequence.values[:, 0])[0, 1] > 0.9
    assert np.corrcoef(x0[:, 2], -sequence.values[:, 0])[0, 1] > 0.9
    best, _ = checkpoint.load(tmp_path / "head_best.safetensors")
    assert np.corrcoef(predict(best, sequence)[:, 0], sequence.values[:, 0])[0, 1] > 0.9


# --- several processes -----------------------------------------------------------------------------------------------


def train_with_two(folder: Path, launch=run_two) -> list[dict[str, torch.Tensor]]:
    """Train in two processes; return the state that each of them ends with."""
    done = launch(small_training, folder)
    assert done.returncode == 0, done.stderr
    return [torch.load(folder / f"rank_{rank}.pt", weights_only=True) for rank in range(2)]


@pytest.mark.slow
def test_two_processes_equal_one_with_both_batches(tmp_path):
    """Gradients are averaged: two processes with two examples each equal one with four, up to rounding."""
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    alone = run.train(together_config(tmp_path / "one", batch=4), sequences()[1:], ("natural",))
    first, second = train_with_two(tmp_path / "two", torchrun)
    initial = build_denoiser(together_config(tmp_path), sequences()[1:], ("natural",)).state_dict()
    for name, value in alone.state_dict().items():
        assert torch.equal(first[name], second[name]), name
        assert torch.allclose(first[name], value, atol=1e-6), name
    assert not torch.allclose(first["enter.linear.weight"], initial["enter.linear.weight"], atol=1e-5)


@pytest.mark.slow
def test_two_processes_resume_bit_identical(tmp_path):
    (tmp_path / "whole").mkdir()
    (tmp_path / "parts").mkdir()
    whole = train_with_two(tmp_path / "whole")
    assert "Stopped" in run_two(small_training, tmp_path / "parts", "stop").stderr
    parts = train_with_two(tmp_path / "parts")
    for rank in range(2):
        for name, value in whole[rank].items():
            assert torch.equal(parts[rank][name], value), name


# --- examples and losses ---------------------------------------------------------------------------------------------


def examples(tmp_path, **changes) -> tuple[BatchSampler, Denoiser]:
    settings = config(tmp_path, **changes)
    denoiser = build_denoiser(settings, sequences(), ("natural",))
    return BatchSampler(sequences(), denoiser, settings), denoiser


def test_examples_do_not_depend_on_the_batch(tmp_path):
    drawn, _ = examples(tmp_path)
    together, alone = drawn.draw(7, range(6)), drawn.draw(7, [4])
    for whole, part in zip(together, alone, strict=True):
        assert torch.equal(whole[4:5], part)
    assert not torch.equal(drawn.draw(8, [4]).noise, alone.noise)


def test_masks_cover_only_known_values(tmp_path):
    drawn, _ = examples(tmp_path, masks=settings.RandomMaskConfig(share=1.0))
    batch = drawn.draw(0, range(200))
    assert 0.9 < batch.mask.flatten(1).any(1).float().mean() <= 1.0
    assert (batch.weight[batch.mask] > 0).all()


@pytest.mark.parametrize(("warped", "low", "high"), [(0.0, -0.1, 0.1), (1.0, 0.4, 0.9)])
def test_warped_keys_change_their_neighbours(tmp_path, warped, low, high):
    """In a noise channel, the row next to a single key correlates with the key only if keys are warped."""
    keep = settings.RandomMaskConfig(share=1.0, warped=warped)
    drawn, _ = examples(tmp_path, masks=keep)
    drawn.sequences, drawn.cumulative_shares = drawn.sequences[1:2], np.ones(1)
    batch = drawn.draw(0, range(1500))
    values, known = batch.x0[:, :, 1], batch.mask[:, :, 1]
    alone = known[:, 1:-1] & ~known[:, :-2] & ~known[:, 2:]
    key, neighbour = values[:, 1:-1][alone], values[:, 2:][alone]
    assert len(key) > 300
    assert low < float((key * neighbour).sum() / (key * key).sum()) < high


def test_draw_mask_has_every_pattern():
    """Among the masks are whole curves of one region, single channels, borders alone, and single keys."""
    rng, rows = np.random.default_rng(0), 60
    masks = [draw_mask(rows, channels.FACE, rng) for _ in range(400)]
    assert all(keep.any() for keep in masks)
    assert not any(keep.all() for keep in masks)
    whole = [keep.all(0) for keep in masks if keep.all(0).any()]
    named = [{channels.FACE[i] for i in np.flatnonzero(which)} for which in whole]
    assert any(names and all(name.startswith("brow") for name in names) for names in named)
    assert any(len(names) == 1 for names in named)
    rows_kept = [keep.any(1) for keep in masks]
    assert any(rows[0] and rows[-1] and not rows[20:40].any() for rows in rows_kept)
    assert any(rows.sum() == 1 for rows in rows_kept)


def test_add_bumps_peaks_at_the_key_and_fades():
    keep = np.zeros((61, 3), bool)
    keep[30, 1] = True
    highest = []
    for seed in range(20):
        bumps = add_bumps(np.zeros((61, 3), np.float32), keep, np.ones(3, np.float32), np.random.default_rng(seed))
        assert not bumps[:, [0, 2]].any()
        assert np.abs(bumps).max() == np.abs(bumps[30, 1])
        assert np.abs(bumps[[2, 58]]).max() < 0.01
        highest.append(bumps[30, 1])
    assert min(highest) < -0.5
    assert max(highest) > 0.5


def test_dropout_shares_of_audio_and_style(tmp_path):
    drawn, _ = examples(tmp_path, audio_dropout=0.2, style_dropout=0.3, joint_dropout=0.1)
    drawn.sequences, drawn.cumulative_shares = drawn.sequences[1:2], np.ones(1)
    batch = drawn.draw(0, range(1000))
    no_audio, no_style = (~batch.has_audio).numpy(), (batch.style < 0).numpy()
    shares = (no_audio & ~no_style).mean(), (no_style & ~no_audio).mean(), (no_audio & no_style).mean()
    assert np.allclose(shares, (0.2, 0.3, 0.1), atol=0.04)


def test_missing_audio_is_never_conditioned_on(tmp_path):
    drawn, _ = examples(tmp_path)
    drawn.sequences, drawn.cumulative_shares = drawn.sequences[:1], np.ones(1)
    batch = drawn.draw(0, range(20))
    assert not batch.has_audio.any()
    assert batch.features.isfinite().all()


def test_regression_has_no_noise(tmp_path):
    drawn, _ = examples(tmp_path, regression=True)
    batch = drawn.draw(0, range(20))
    assert (batch.t == 1).all()
    assert not batch.noise.any()


FACE = {"model": {"channels": list(channels.FACE), "features": [LOUDNESS, LOUDNESS + 1], "width": 8, "levels": [1],
                  "audio_width": 8, "audio_dilations": [1]}}  # fmt: skip


def faces(gap: float) -> list:
    """Return a sequence with a half-open jaw and the lip distance `gap`."""
    values = np.zeros((40, 52), np.float16)
    values[:, channels.FACE.index("jawOpen")] = 0.5
    values[:, channels.FACE.index("mouthClose")] = 0.5 - gap
    return [dataclasses.replace(sequences()[1], values=values, features=sequences()[1].features[:40],
                                known=np.ones(52, bool))]  # fmt: skip


def test_closure_loss_counts_only_sealed_labels(tmp_path):
    shares = {"gap_weight": 0.5, "closure_weight": 2.0}
    settings = config(tmp_path, **FACE, **shares)
    for gap, counted in ((0.0, True), (0.3, False)):
        denoiser = build_denoiser(settings, faces(gap), ("natural",))
        loss = TrainingLoss(denoiser, settings)
        batch = BatchSampler(faces(gap), denoiser, settings).draw(0, range(4))
        jaw = channels.FACE.index("jawOpen")
        opened = batch.x0.clone()
        opened[..., jaw] += 0.05 / denoiser.get_buffer("deviation")[jaw]
        terms = loss.terms(opened, batch)
        assert float(terms["gap"].mean()) == pytest.approx(1.0, abs=0.05)
        assert float(terms["closure"].mean()) == pytest.approx(1.0 if counted else 0.0, abs=0.05)
        assert not loss.terms(batch.x0, batch)["gap"].total


def test_lip_distance_is_the_measured_one():
    weights = np.random.default_rng(0).random((40, 52)).astype(np.float32) * 0.5
    weights[0] = 0
    measured = LipDistance(channels.FACE)(torch.from_numpy(weights)).numpy()
    np.testing.assert_allclose(measured, lip_gap(weights), atol=0.02)


def opening_and_closing() -> list[TrainingSequence]:
    """Return a sequence whose lips are apart, but together in rows 18 to 21."""
    apart = np.full(40, 0.2, np.float16)
    apart[18:22] = 0
    values = faces(0)[0].values.copy()
    values[:, channels.FACE.index("mouthClose")] = 0.5 - apart
    return [dataclasses.replace(faces(0)[0], values=values)]


@pytest.mark.parametrize("shut", [True, False])
def test_contact_losses_count_missed_contact_and_false_contact_apart(tmp_path, shut):
    settings = config(tmp_path, **FACE, rows=40, contact_weight=1.0, false_contact_weight=1.0)
    denoiser = build_denoiser(settings, opening_and_closing(), ("natural",))
    loss = TrainingLoss(denoiser, settings)
    batch = BatchSampler(opening_and_closing(), denoiser, settings).draw(0, range(2))
    truth = loss.terms(batch.x0, batch)
    assert not truth["contact"].total
    assert not truth["false_contact"].total
    wrong = batch.x0.clone()
    close = channels.FACE.index("mouthClose")
    wrong[..., close] = torch.from_numpy(denoiser_units(denoiser, 0.5 if shut else 0.3, close))
    terms = loss.terms(wrong, batch)
    assert (float(terms["false_contact"].mean()) > 0.5) == shut
    assert (float(terms["contact"].mean()) > 0.5) != shut


def denoiser_units(denoiser: Denoiser, value: float, channel: int) -> np.ndarray:
    mean, deviation = (float(denoiser.get_buffer(name)[channel]) for name in ("mean", "deviation"))
    return np.array((value - mean) / deviation, np.float32)


def test_a_style_without_sequences_is_not_a_default(tmp_path):
    settings = config(tmp_path)
    settings = dataclasses.replace(settings, model=settings.model | {"default_style": ["left_out", "natural"]})
    assert build_denoiser(settings, sequences(), ("natural",)).config.default_style == ("natural",)


def test_channel_weights_scale_the_position_loss(tmp_path):
    plain, heavy = config(tmp_path), config(tmp_path, channel_weight={"head_rx": 5.0})
    drawn, denoiser = examples(tmp_path)
    batch = drawn.draw(0, range(8))
    off = batch.x0.clone()
    off[..., 0] += 1.0
    once, often = (TrainingLoss(denoiser, settings).terms(off, batch)["position"] for settings in (plain, heavy))
    assert float(often.total / once.total) == pytest.approx(5.0, rel=1e-4)


def test_loss_buffers_are_on_the_denoiser_device(tmp_path):
    """Also on a GPU, for which torch's meta device is a substitute."""
    _, denoiser = examples(tmp_path)
    assert all(buffer.is_meta for buffer in TrainingLoss(denoiser.to("meta"), config(tmp_path)).buffers())


def test_prefetched_examples_are_identical(tmp_path):
    """Workers draw in the order of the steps, and from any step on."""
    drawn, _ = examples(tmp_path)
    quick = with_prefetch(drawn, 9, workers=2)
    for step in (3, 4, 5, 7, 8):
        for one, other in zip(quick.draw(step, range(2, 5)), drawn.draw(step, range(2, 5)), strict=True):
            assert torch.equal(one, other)
    assert with_prefetch(drawn, 9, workers=0) is drawn


@pytest.mark.parametrize("varies", [False, True])
def test_feature_noise_level(tmp_path, varies):
    """The level is constant, or drawn per example between none and all of it."""
    drawn, _ = examples(tmp_path, feature_noise=0.5, feature_noise_varies=varies)
    sequence, rng = drawn.sequences[1], np.random.default_rng(0)
    features = np.tile(sequence.features.astype(np.float32), (20, 1))
    noise = np.array([(drawn._augment_features(features, rng) - features)[:, LOUDNESS].std() for _ in range(60)])
    levels = noise / drawn.feature_deviation[0]
    assert levels.max() == pytest.approx(0.5, abs=0.03)
    assert levels.min() == pytest.approx(0.0 if varies else 0.5, abs=0.03)


# --- initial weights, logs, settings ---------------------------------------------------------------------------------


def test_fine_tuning_keeps_weights_and_units(tmp_path):
    base = build_denoiser(config(tmp_path), sequences(), ("natural",))
    torch.nn.init.normal_(base.style.weight)
    checkpoint.save(base, tmp_path / "base.safetensors")
    tuned = build_denoiser(
        config(tmp_path, fine_tune=tmp_path / "base.safetensors"), sequences()[2:], ("other", "natural")
    )
    written, _ = checkpoint.load(tmp_path / "base.safetensors")
    assert torch.equal(tuned.get_buffer("mean"), written.get_buffer("mean"))
    assert torch.equal(tuned.enter.linear.weight, written.enter.linear.weight)
    assert torch.equal(tuned.style.weight[1], written.style.weight[0])
    wider = config(tmp_path, fine_tune=tmp_path / "base.safetensors", model=config(tmp_path).model | {"width": 16})
    with pytest.raises(ModelError, match="another architecture"):
        build_denoiser(wider, sequences(), ("natural",))


def test_missing_tensorboard_is_logged(tmp_path, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with caplog.at_level("INFO"):
        curves = logs.open_curves(tmp_path / "logs")
    assert "TensorBoard is not installed" in caplog.text
    curves.add_scalar("loss", 1.0, 0)
    assert not (tmp_path / "logs").exists()


@pytest.mark.parametrize("name", ["face", "head"])
def test_shipped_configs_have_the_channels_of_their_part(name):
    read = settings.read_config(CONFIGS / f"{name}.toml")
    assert tuple(read.model["channels"]) == channels.PARTS[name]


def test_unknown_setting_is_refused_by_name(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text('source = "face"\nout = "x"\nmodel = {}\nlearning = 3\n')
    with pytest.raises(TypeError, match="learning"):
        settings.read_config(path)


def test_averaged_weights_lie_between_both(tmp_path):
    first, second = (run.train(config(tmp_path / name, seed=seed), sequences(), ("natural",))
                     for name, seed in (("a", 0), ("b", 1)))  # fmt: skip
    a, b = (next(iter(model.parameters())).clone() for model in (first, second))
    mixed = average_weights.average(first, second, 0.25)
    torch.testing.assert_close(next(iter(mixed.parameters())), 0.75 * a + 0.25 * b)


def test_weights_of_other_units_are_not_averaged(tmp_path):
    models = [build_denoiser(config(tmp_path), sequences(), ("natural",)) for _ in range(2)]
    models[1].get_buffer("mean").add_(1)
    with pytest.raises(ModelError, match="units"):
        average_weights.average(*models, 0.5)

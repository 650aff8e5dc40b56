"""`python -m diface_core.training.train CONFIG`: train a denoiser, resume, and write it as safetensors."""

from __future__ import annotations

import argparse
import copy
import dataclasses
import hashlib
import logging
import math
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from .. import device
from ..diffusion import schedule
from ..diffusion.constraints import Kept
from ..diffusion.loss import masked_mean, motion_loss
from ..model import checkpoint
from ..model.denoiser import Denoiser
from . import sources
from .dataset import DatasetConfig, Sequence

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainConfig:
    """What is trained, on what, and how long.

    source: a name in `sources.SOURCES`. data: the corpora's folder. cache: where features and the resume file are kept.
    rows: of a training example. unheard: share of examples without speech (classifier-free guidance) and, as often,
    without style. kept: share with some values given. channel_weight: factors on the loss of single channels.
    gap_weight: on the error of the lips' distance.
    feature_noise, feature_dropout: what is added to the features, in their deviations, and the share of their columns
    that an example does not hear: a few minutes of one speaker are learnt by heart otherwise.
    decay: of the weights. floor: the smallest deviation, in channel units, that a channel is scaled by.
    """

    source: str
    out: Path
    model: dict[str, Any]
    data: Path = Path("../shared/data")
    cache: Path = Path(".build/training")
    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    steps: int = 8000
    batch: int = 24
    rows: int = 120
    rate: float = 1e-3
    average: float = 0.998
    velocity_weight: float = 1.0
    unheard: float = 0.1
    kept: float = 0.25
    feature_noise: float = 0.0
    feature_dropout: float = 0.0
    decay: float = 0.02
    floor: float = 0.02
    channel_weight: dict[str, float] = field(default_factory=dict)
    gap_weight: float = 0.0
    seed: int = 0
    save_every: int = 500


def read_config(path: Path) -> TrainConfig:
    """A TrainConfig from TOML. Raises TypeError for a setting that does not exist."""
    values = tomllib.loads(path.read_text())
    for name in ("out", "data", "cache"):
        if name in values:
            values[name] = Path(values[name])
    if "dataset" in values:
        values["dataset"] = DatasetConfig(**values["dataset"])
    unknown = set(values) - {f.name for f in fields(TrainConfig)}
    if unknown:
        raise TypeError(f"{path} has settings that do not exist: {sorted(unknown)}.")
    return TrainConfig(**values)


@dataclass(frozen=True)
class Batch:
    """Examples in the denoiser's units.

    x0 (B, T, C), features (B, T, D), weight (B, T, C), style (B,), heard (B,): whether the corpus had sound.
    """

    x0: Tensor
    features: Tensor
    weight: Tensor
    style: Tensor
    heard: Tensor


class Examples:
    """Random stretches of the sequences, each as likely as it is long; short ones are padded and weigh 0 there."""

    def __init__(self, sequences: list[Sequence], denoiser: Denoiser, config: TrainConfig) -> None:
        self.sequences, self.denoiser, self.config = sequences, denoiser, config
        lengths = np.array([len(s.values) for s in sequences], np.float64)
        self.share = lengths / lengths.sum()

    def draw(self, rng: np.random.Generator) -> Batch:
        """A batch at random."""
        rows, picks = self.config.rows, rng.choice(len(self.sequences), self.config.batch, p=self.share)
        x0, features, weight = [], [], []
        for sequence in (self.sequences[i] for i in picks):
            first = int(rng.integers(0, max(1, len(sequence.values) - rows + 1)))
            part = slice(first, first + rows)
            values, heard = sequence.values[part].astype(np.float32), sequence.features[part].astype(np.float32)
            missing = ((0, rows - len(values)), (0, 0))
            known = np.repeat(sequence.known[None].astype(np.float32), len(values), 0)
            x0.append(np.pad(values, missing, mode="edge"))
            features.append(np.pad(heard, missing, mode="edge"))
            weight.append(np.pad(known, missing))
        styles = self.denoiser.config.styles
        style = torch.tensor([styles.index(self.sequences[i].style) for i in picks], device=self.denoiser.device)
        where = self.denoiser.device
        clean = self.denoiser.normalise(torch.from_numpy(np.stack(x0)).to(where))
        known = torch.from_numpy(np.stack(weight)).to(where)
        sound = torch.from_numpy(np.stack(features)).to(where)
        heard = sound.isfinite().flatten(1).all(1)
        return Batch(clean * (known > 0), sound.nan_to_num(), known, style, heard)


def draw_kept(x0: Tensor, weight: Tensor, share: float, rng: np.random.Generator) -> Kept:
    """Given values as an artist gives them: in a `share` of the examples, single rows or spans, of some channels."""
    keep = torch.zeros(x0.shape, dtype=torch.bool)
    batch, rows, channels = x0.shape
    for example in np.flatnonzero(rng.random(batch) < share):
        if rng.random() < 0.5:
            chosen = rng.random(rows) < rng.choice([0.02, 0.05, 0.1])
        else:
            first, last = np.sort(rng.integers(0, rows + 1, 2))
            chosen = np.ones(rows, bool)
            chosen[first:last] = False
        which = np.ones(channels, bool) if rng.random() < 0.5 else rng.random(channels) < 0.3
        keep[example] = torch.from_numpy(chosen[:, None] & which[None])
    return Kept(x0, keep.to(x0.device) & (weight > 0))


def disturbed(features: Tensor, denoiser: Denoiser, config: TrainConfig, rng: np.random.Generator) -> Tensor:
    """Features (B, T, D) with noise, and with some columns of each example at their mean."""
    mean, deviation = denoiser.speech.get_buffer("mean"), denoiser.speech.get_buffer("deviation")
    heard = features[..., denoiser.speech.columns]
    noise = torch.from_numpy(rng.standard_normal(heard.shape, np.float32)).to(heard.device) * deviation
    dropped = torch.from_numpy(rng.random((len(heard), 1, heard.shape[2])) < config.feature_dropout)
    changed = features.clone()
    changed[..., denoiser.speech.columns] = torch.where(
        dropped.to(heard.device), mean, heard + config.feature_noise * noise
    )
    return changed


def training_loss(denoiser: Denoiser, batch: Batch, config: TrainConfig, rng: np.random.Generator) -> Tensor:
    """The loss of one batch at random times, with speech, style and given values left out at random."""
    size, where = len(batch.x0), denoiser.device
    t = torch.from_numpy(rng.random(size, np.float32)).to(where) ** 0.7
    t[: size // 6] = 1.0
    noise = torch.from_numpy(rng.standard_normal(batch.x0.shape, np.float32)).to(where)
    xt = schedule.add_noise(batch.x0, noise, t)

    speech = denoiser.speech(disturbed(batch.features, denoiser, config, rng)).float()
    heard = batch.heard & torch.from_numpy(rng.random(size) >= config.unheard).to(where)
    speech = torch.where(heard[:, None, None], speech, denoiser.speech.unheard)
    style = torch.where(torch.from_numpy(rng.random(size) >= config.unheard).to(where), batch.style, -1)

    kept = draw_kept(batch.x0, batch.weight, config.kept, rng)
    x0 = denoiser(xt, t, speech, denoiser.style_vector(style), kept).float()
    factor = torch.ones(batch.x0.shape[2], device=where)
    for name, value in config.channel_weight.items():
        factor[denoiser.config.channels.index(name)] = value
    x0 = kept.impose(x0)
    loss = motion_loss(x0, batch.x0, batch.weight * factor, config.velocity_weight)
    return loss + config.gap_weight * gap_loss(denoiser, x0, batch)


def gap_loss(denoiser: Denoiser, x0: Tensor, batch: Batch) -> Tensor:
    """Squared error of jawOpen - mouthClose, in twentieths of a wide open jaw: whether the lips meet. 0 for a head."""
    names = denoiser.config.channels
    if "mouthClose" not in names:
        return x0.new_zeros(())
    jaw, close = names.index("jawOpen"), names.index("mouthClose")

    def gap(values: Tensor) -> Tensor:
        weights = denoiser.denormalise(values)
        return (weights[..., jaw] - weights[..., close]) / 0.05

    return masked_mean((gap(x0) - gap(batch.x0)) ** 2, batch.weight[..., close])


def fit_units(denoiser: Denoiser, sequences: list[Sequence], floor: float) -> None:
    """Set the mean and deviation of every channel and feature from the sequences, and which channels are known."""
    columns = len(denoiser.config.channels)
    known = np.stack([s.known for s in sequences])
    for column in range(columns):
        mine = [s.values[:, column].astype(np.float32) for s in sequences if s.known[column]]
        together = np.concatenate(mine) if mine else np.zeros(1, np.float32)
        denoiser.get_buffer("mean")[column] = float(together.mean())
        denoiser.get_buffer("deviation")[column] = max(float(together.std()), floor)
        denoiser.get_buffer("known")[column] = float(known[:, column].any())
    heard = np.concatenate([s.features[::4, denoiser.speech.columns].astype(np.float32) for s in sequences])
    denoiser.speech.get_buffer("mean").copy_(torch.from_numpy(np.nanmean(heard, 0)))
    denoiser.speech.get_buffer("deviation").copy_(torch.from_numpy(np.nanstd(heard, 0) + 1e-2))


def train(config: TrainConfig, sequences: list[Sequence], styles: tuple[str, ...]) -> Denoiser:
    """Train to `config.steps` and return the running average of the weights; resumes from the cache folder."""
    torch.manual_seed(config.seed)
    denoiser = Denoiser(checkpoint.config_from({**config.model, "styles": list(styles)}))
    fit_units(denoiser, sequences, config.floor)
    denoiser.to(device.best())
    average = copy.deepcopy(denoiser).requires_grad_(False)
    optimiser = torch.optim.AdamW(denoiser.parameters(), lr=config.rate, weight_decay=config.decay)
    rng = np.random.default_rng(config.seed)
    first = _resume(config, denoiser, average, optimiser, rng)

    examples = Examples(sequences, denoiser, config)
    progress = tqdm(range(first, config.steps), initial=first, total=config.steps, desc=config.out.stem, unit="step")
    running = None
    for step in progress:
        for group in optimiser.param_groups:
            group["lr"] = config.rate * _rate_factor(step, config.steps)
        with torch.autocast(denoiser.device.type, torch.bfloat16):
            loss = training_loss(denoiser.train(), examples.draw(rng), config, rng)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(denoiser.parameters(), 1.0)
        optimiser.step()
        decay = min(config.average, (1 + step) / (10 + step))
        for mine, new in zip(average.parameters(), denoiser.parameters(), strict=True):
            mine.lerp_(new.detach(), 1 - decay)

        running = loss.item() if running is None else 0.99 * running + 0.01 * loss.item()
        progress.set_postfix(loss=f"{running:.3f}", refresh=False)
        if (step + 1) % config.save_every == 0 or step + 1 == config.steps:
            _save_resume(config, step + 1, denoiser, average, optimiser, rng)
            checkpoint.save(average, config.out, steps=str(step + 1), loss=f"{running:.4f}")
    return average.eval()


def _rate_factor(step: int, steps: int) -> float:
    """Learning rate: up over 300 steps, then down to a hundredth along a cosine."""
    return min(1.0, (step + 1) / 300) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / steps)))


def _resume_file(config: TrainConfig) -> Path:
    """Named after the settings too: other settings are another training."""
    settings = hashlib.sha256(repr(config).encode()).hexdigest()[:8]
    return config.cache / f"resume_{config.out.stem}_{settings}.pt"


def _save_resume(
    config: TrainConfig, step: int, denoiser: Denoiser, average: Denoiser, optimiser: Any, rng: np.random.Generator
) -> None:
    path = _resume_file(config)
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {
        "step": step, "denoiser": denoiser.state_dict(), "average": average.state_dict(),
        "optimiser": optimiser.state_dict(), "rng": rng.bit_generator.state, "torch": torch.get_rng_state(),
    }  # fmt: skip
    torch.save(state, path.with_suffix(".partial"))
    path.with_suffix(".partial").replace(path)


def _resume(
    config: TrainConfig, denoiser: Denoiser, average: Denoiser, optimiser: Any, rng: np.random.Generator
) -> int:
    """Go on where an earlier run of the same shape stopped; the step to begin at."""
    path = _resume_file(config)
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True, map_location="cpu")
    denoiser.load_state_dict(state["denoiser"])
    average.load_state_dict(state["average"])
    optimiser.load_state_dict(state["optimiser"])
    rng.bit_generator.state = state["rng"]
    torch.set_rng_state(state["torch"])
    log.info("going on at step %d of %s", state["step"], path)
    return int(state["step"])


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core.training.train", description=__doc__)
    parser.add_argument("config", type=Path, help="a TOML file, such as diface_core/training/configs/face.toml")
    parser.add_argument("--again", action="store_true", help="start over instead of resuming")
    parser.add_argument("--steps", type=int, help="instead of the config's")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")

    config = read_config(options.config)
    if options.steps:
        config = dataclasses.replace(config, steps=options.steps)
    if options.again:
        _resume_file(config).unlink(missing_ok=True)
    source = sources.SOURCES[config.source]
    train(config, source.sequences(config.data, config.dataset, config.cache), source.styles)


if __name__ == "__main__":
    main()

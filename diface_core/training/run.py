"""The training of DiFACE's own denoisers: what it starts from, what is measured and kept on the way."""

from __future__ import annotations

import copy

import torch
from tqdm import tqdm

from ..learning import distributed
from ..learning.losses import TrainingLoss
from ..model import checkpoint
from ..model.denoiser import Denoiser
from . import logs, loop, resume
from .dataset import Sequence
from .head.coupling import examples_of
from .prefetch import ahead
from .settings import TrainConfig
from .starting import start
from .validation import validate


def train(
    config: TrainConfig,
    sequences: list[Sequence],
    styles: tuple[str, ...],
    held_out: list[Sequence] | None = None,
    workers: int = 0,
) -> Denoiser:
    """Train to `config.steps` and return the running average of the weights; goes on where it was interrupted.

    `held_out` is measured every `validate_every` steps. Under torchrun all processes train one model, each on
    `config.batch` examples a step; the first one writes. `workers`: processes that draw the examples of each ahead.
    """

    def look(state: resume.State[Denoiser], curves: logs.Curves, loss: float) -> None:
        _look(state, config, held_out or [], curves, loss)

    with distributed.processes() as where:
        state = _begin(config, sequences, styles, where)
        examples = ahead(examples_of(sequences, state.denoiser, config), config.steps, workers)
        loop.run(state, config, examples, TrainingLoss(state.denoiser, config), look)
        return state.average.eval()


def _begin(
    config: TrainConfig, sequences: list[Sequence], styles: tuple[str, ...], where: torch.device
) -> resume.State[Denoiser]:
    denoiser = start(config, sequences, styles).to(where)
    average = copy.deepcopy(denoiser).requires_grad_(False).eval()
    optimiser = torch.optim.AdamW(denoiser.parameters(), lr=config.rate, weight_decay=config.decay)
    state = resume.State(denoiser.train(), average, optimiser)
    resume.load(state, config)
    return state


def _look(
    state: resume.State[Denoiser], config: TrainConfig, held_out: list[Sequence], curves: logs.Curves, loss: float
) -> None:
    """Measure and save where it is time to; the best by the score of the held-out clips is kept beside the last."""
    last = state.step == config.steps
    if held_out and config.validate_every and (state.step % config.validate_every == 0 or last):
        scores = validate(state.average, held_out)
        for name, value in scores.items():
            curves.add_scalar(f"held_out/{name}", value, state.step)
        told = " ".join(f"{name} {value:.3f}" for name, value in scores.items())
        tqdm.write(f"step {state.step}: loss {loss:.3f}, held out: {told}")
        if scores["score"] > state.best:
            state.best = scores["score"]
            config.cache.mkdir(parents=True, exist_ok=True)
            best = config.cache / f"{config.out.stem}_best.safetensors"
            checkpoint.save(state.average, best, steps=str(state.step), score=f"{state.best:.4f}")
    if last or (config.save_every and state.step % config.save_every == 0):
        resume.save(state, config)
        checkpoint.save(state.average, config.out, steps=str(state.step), loss=f"{loss:.4f}")

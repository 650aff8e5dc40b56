"""The training loop: examples, loss, step, running average, and now and then a look at clips held out."""

from __future__ import annotations

import copy
import logging
import math

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from ..model import checkpoint
from ..model.denoiser import Denoiser
from . import logs, resume, together
from .coupling import examples_of
from .dataset import Sequence
from .examples import Examples
from .losses import TrainingLoss
from .settings import TrainConfig
from .starting import start
from .validation import validate

log = logging.getLogger(__name__)

CURVE_EVERY = 20
"""Steps from point to point of the curves."""


def train(
    config: TrainConfig, sequences: list[Sequence], styles: tuple[str, ...], held_out: list[Sequence] | None = None
) -> Denoiser:
    """Train to `config.steps` and return the running average of the weights; goes on where it was interrupted.

    `held_out` is measured every `validate_every` steps. Under torchrun all processes train one model, each on
    `config.batch` examples a step; the first one writes.
    """
    with together.processes() as where:
        state = _begin(config, sequences, styles, where)
        examples = examples_of(sequences, state.denoiser, config)
        module = together.in_step(TrainingLoss(state.denoiser, config))
        first = together.rank() == 0
        curves = logs.curves(config.cache / "logs" / config.out.stem, wanted=first)
        bar = tqdm(
            initial=state.step, total=config.steps, desc=config.out.stem, unit="step", mininterval=1, disable=not first
        )
        while state.step < config.steps:
            loss, terms = _step(state, examples, module, config)
            bar.update()
            if state.step % CURVE_EVERY == 0 and first:
                bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
                for name, value in {"loss": loss, **terms}.items():
                    curves.add_scalar(f"train/{name}", float(value), state.step)
            if first:
                _look(state, config, held_out or [], curves, float(loss))
        curves.close()
        bar.close()
        together.wait()
        return state.average.eval()


def _begin(
    config: TrainConfig, sequences: list[Sequence], styles: tuple[str, ...], where: torch.device
) -> resume.State:
    denoiser = start(config, sequences, styles).to(where)
    average = copy.deepcopy(denoiser).requires_grad_(False).eval()
    optimiser = torch.optim.AdamW(denoiser.parameters(), lr=config.rate, weight_decay=config.decay)
    state = resume.State(denoiser.train(), average, optimiser)
    resume.load(state, config)
    return state


def _step(
    state: resume.State, examples: Examples, module: torch.nn.Module, config: TrainConfig
) -> tuple[Tensor, dict[str, Tensor]]:
    """One step of the optimiser and of the running average."""
    mine = range(together.rank() * config.batch, (together.rank() + 1) * config.batch)
    batch = examples.draw(state.step, mine)
    # What dropout leaves out belongs to the step and the process too.
    torch.manual_seed(int(np.random.SeedSequence([config.seed, state.step, together.rank()]).generate_state(1)[0]))
    for group in state.optimiser.param_groups:
        group["lr"] = config.rate * rate_factor(state.step, config)

    with torch.autocast(state.denoiser.device.type, torch.bfloat16, enabled=config.precision == "bfloat16"):
        loss, terms = module(batch)
    state.optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(state.denoiser.parameters(), 1.0)
    state.optimiser.step()
    keep = min(config.average, (1 + state.step) / (10 + state.step))
    for mean, new in zip(state.average.parameters(), state.denoiser.parameters(), strict=True):
        mean.lerp_(new.detach(), 1 - keep)
    state.step += 1
    return loss.detach(), terms


def _look(state: resume.State, config: TrainConfig, held_out: list[Sequence], curves: logs.Curves, loss: float) -> None:
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


def rate_factor(step: int, config: TrainConfig) -> float:
    """Learning rate: up over `warm_up` steps, then down to a hundredth along a cosine."""
    up = min(1.0, (step + 1) / max(1, config.warm_up))
    return up * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / config.steps)))

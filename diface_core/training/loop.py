"""What every training does: examples, loss, step, running average, and now and then a look at what came of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn
from tqdm import tqdm

from ..learning import distributed
from . import logs, resume

CURVE_EVERY = 20
"""Steps from point to point of the curves."""


class LoopConfig(resume.ResumeConfig, Protocol):
    """The settings that the loop reads of any training; `settings.TrainConfig` says what each is."""

    @property
    def steps(self) -> int: ...
    @property
    def batch(self) -> int: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def warm_up(self) -> int: ...
    @property
    def ema_decay(self) -> float: ...
    @property
    def precision(self) -> str: ...
    @property
    def seed(self) -> int: ...


class BatchSource(Protocol):
    """Gives the examples of these numbers in this step, always the same ones, on the network's device."""

    def draw(self, step: int, numbers: Iterable[int]) -> Any: ...


StepCallback = Callable[[resume.TrainingState[Any], logs.CurveWriter, float], None]
"""Called after every step, with its loss, in the first process: measures and saves where it is time to."""


def run(
    state: resume.TrainingState[Any], config: LoopConfig, examples: BatchSource, loss: nn.Module, on_step: StepCallback
) -> None:
    """Train `state` up to `config.steps`, from wherever it is.

    `loss` gives (loss, terms) of a batch. Under torchrun all processes train one model, each on `config.batch` examples
    a step.
    """
    module = distributed.data_parallel(loss)
    first = distributed.rank() == 0
    curves = logs.open_curves(config.cache / "logs" / config.out.stem, enabled=first)
    bar = tqdm(
        initial=state.step, total=config.steps, desc=config.out.stem, unit="step", mininterval=1, disable=not first
    )
    while state.step < config.steps:
        value, terms = _train_step(state, examples, module, config)
        bar.update()
        if state.step % CURVE_EVERY == 0 and first:
            bar.set_postfix(loss=f"{value:.3f}", refresh=False)
            for name, term in {"loss": value, **terms}.items():
                curves.add_scalar(f"train/{name}", float(term), state.step)
        if first:
            on_step(state, curves, float(value))
    curves.close()
    bar.close()
    distributed.barrier()


def _train_step(
    state: resume.TrainingState[Any], examples: BatchSource, module: nn.Module, config: LoopConfig
) -> tuple[Tensor, dict[str, Tensor]]:
    """One step of the optimiser and of the running average."""
    mine = range(distributed.rank() * config.batch, (distributed.rank() + 1) * config.batch)
    batch = examples.draw(state.step, mine)
    # What dropout leaves out belongs to the step and the process too.
    torch.manual_seed(int(np.random.SeedSequence([config.seed, state.step, distributed.rank()]).generate_state(1)[0]))
    for group in state.optimiser.param_groups:
        group["lr"] = config.learning_rate * learning_rate_factor(state.step, config)

    where = next(state.denoiser.parameters()).device
    with torch.autocast(where.type, torch.bfloat16, enabled=config.precision == "bfloat16"):
        loss, terms = module(batch)
    state.optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(state.denoiser.parameters(), 1.0)
    state.optimiser.step()
    _update_ema(state, min(config.ema_decay, (1 + state.step) / (10 + state.step)))
    state.step += 1
    return loss.detach(), terms


@torch.no_grad()
def _update_ema(state: resume.TrainingState[Any], decay: float) -> None:
    """Lead the running mean of the weights on; what a network counts itself (batch norm's statistics) it takes over."""
    both = zip(state.ema.parameters(), state.denoiser.parameters(), strict=True)
    means, learnt = zip(*((mean, new) for mean, new in both if new.requires_grad), strict=True)
    get_ema_multi_avg_fn(decay)(list(means), list(learnt), 0)
    for mean, new in zip(state.ema.buffers(), state.denoiser.buffers(), strict=True):
        mean.copy_(new)


def learning_rate_factor(step: int, config: LoopConfig) -> float:
    """Learning rate: up over `warm_up` steps, then down to a hundredth along a cosine."""
    up = min(1.0, (step + 1) / max(1, config.warm_up))
    return up * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / config.steps)))

"""The training loop: examples, loss, optimiser step, moving average, and a callback for validation and saving."""

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
"""Steps between two points of the curves."""


class LoopConfig(resume.ResumeConfig, Protocol):
    """The settings that the loop reads of any training; `settings.TrainConfig` describes each."""

    @property
    def steps(self) -> int:
        """Length of the training in steps."""
        ...

    @property
    def batch(self) -> int:
        """Examples per step and process."""
        ...

    @property
    def learning_rate(self) -> float:
        """The highest learning rate."""
        ...

    @property
    def warm_up(self) -> int:
        """Steps until the learning rate reaches its maximum."""
        ...

    @property
    def ema_decay(self) -> float:
        """Decay of the moving average of the weights."""
        ...

    @property
    def precision(self) -> str:
        """The precision: "bfloat16" or "float32"."""
        ...

    @property
    def seed(self) -> int:
        """Seed of the random numbers."""
        ...


class BatchSource(Protocol):
    """A source of batches: the same examples for the same step and numbers, on the network's device."""

    def draw(self, step: int, numbers: Iterable[int]) -> Any:
        """Return the batch of the examples `numbers` in a step."""


StepCallback = Callable[[resume.TrainingState[Any], logs.CurveWriter, float], None]
"""Called after every step, with its loss, in the first process: validates and saves when due."""


def run(
    state: resume.TrainingState[Any], config: LoopConfig, examples: BatchSource, loss: nn.Module, on_step: StepCallback
) -> None:
    """Train `state` from its current step up to `config.steps`.

    Under torchrun all processes train one model, each on `config.batch` examples per step.

    Args:
        state: The training's state, which is changed.
        config: The settings of the loop.
        examples: The source of batches.
        loss: A module that returns (loss, terms) of a batch.
        on_step: Called after every step.
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
    """Run one step of the optimiser and of the moving average."""
    mine = range(distributed.rank() * config.batch, (distributed.rank() + 1) * config.batch)
    batch = examples.draw(state.step, mine)
    # The seed of dropout depends on the step and the process too.
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
    """Update the moving average of the weights; buffers that the network updates itself are copied."""
    both = zip(state.ema.parameters(), state.denoiser.parameters(), strict=True)
    means, learnt = zip(*((mean, new) for mean, new in both if new.requires_grad), strict=True)
    get_ema_multi_avg_fn(decay)(list(means), list(learnt), 0)
    for mean, new in zip(state.ema.buffers(), state.denoiser.buffers(), strict=True):
        mean.copy_(new)


def learning_rate_factor(step: int, config: LoopConfig) -> float:
    """Return the factor of the learning rate: linear warm-up, then a cosine down to a hundredth."""
    up = min(1.0, (step + 1) / max(1, config.warm_up))
    return up * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / config.steps)))

"""A training or an adaptation from sequences to a checkpoint folder: begun, gone on with, measured, written."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from ...learning import distributed
from ...threediface.diffusion import Schedule
from ...threediface.networks import Network
from ...types import FloatArray
from .. import logs, loop, resume
from . import writing
from .data import Sequence
from .examples import Examples
from .losses import TrainingLoss
from .masks import MaskConfig
from .regions import vertex_weights
from .settings import Course
from .starting import Started

JUDGED = 16
"""Examples that the held-out loss is a mean of, always the same ones."""


def go(
    config: Course, started: Started, styles: Mapping[str, FloatArray], masks: MaskConfig,
    learnt: list[Sequence], held_out: list[Sequence],
) -> Network:  # fmt: skip
    """Train what has gradients to `config.steps` and return the running average; goes on where it was interrupted.

    styles: the style (styles,) of each subject. Under torchrun all processes train one network, each on `config.batch`
    examples a step; the first one measures and writes. Raises DifaceError where `out` holds another model.
    """
    writing.check_free(config.out, started.arguments, config.sources)
    with distributed.processes() as where:
        network = started.network.to(where)
        weight, lips = vertex_weights(config.loss, network.config.outputs)
        loss = TrainingLoss(network, config.loss, weight, lips).to(where)
        state = _begin(config, network)
        judging = TrainingLoss(state.average, config.loss, weight, lips).to(where)
        schedule = Schedule(started.diffusion)

        def examples(sequences: list[Sequence], unheard: float) -> Examples:
            return Examples(sequences, styles, schedule, config.frames, unheard, masks, config.seed, where)

        judged = examples(held_out, 0.0) if held_out else None

        def look(state: resume.State[Any], curves: logs.Curves, loss: float) -> None:
            last = state.step == config.steps
            if judged and (last or (config.validate_every and state.step % config.validate_every == 0)):
                _judge(state.step, judging, judged, curves, loss)
            if last or (config.save_every and state.step % config.save_every == 0):
                resume.save(state, config)
                writing.write(config.out, started.arguments, state.average.state_dict(), state.step, config.newest)

        loop.run(state, config, examples(learnt, config.unheard), loss, look)
        return state.average


def _begin(config: Course, network: Network) -> resume.State[Network]:
    average = copy.deepcopy(network).requires_grad_(False).eval()
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(learning, lr=config.rate, weight_decay=config.decay)
    state = resume.State(network, average, optimiser)
    resume.load(state, config)
    return state


@torch.no_grad()
def _judge(step: int, judging: TrainingLoss, judged: Examples, curves: logs.Curves, loss: float) -> None:
    """Measure the running average on what is held out: the loss, and each of its terms."""
    measured = judging.measure(judged.draw(0, range(JUDGED)))
    for name, value in measured.items():
        curves.add_scalar(f"held_out/{name}", value, step)
    told = " ".join(f"{name} {value:.4f}" for name, value in measured.items())
    tqdm.write(f"step {step}: loss {loss:.4f}, held out: {told}")


def one_hot(subjects: tuple[str, ...], styles: int) -> dict[str, FloatArray]:
    """The style (styles,) of each subject, and of any other: all of theirs alike. A network without styles has none."""
    own = dict(zip(subjects, np.eye(styles, dtype=np.float32), strict=False))
    mixed = np.where(np.arange(styles) < len(own), 1 / max(1, len(own)), 0).astype(np.float32)
    return {"": mixed, **own}

"""A personal style whose takes move no farther than the performances that it was learnt from.

The denoiser learns single steps. A take goes through several, with guidance, and each goes on from what the last one
made: what the learnt output layer widens, it widens again. So each channel's mean and deviation over a take are
measured, and its row of the output layer set right, a part of the way at a time. No channel is widened: what a take
does not reach it cannot foresee either, and would guess (measured: docs/research/personalise.md).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from ..model.bundle import Models
from ..model.denoiser import Denoiser
from ..model.style_file import output_layer
from ..training.dataset import Sequence
from ..training.validation import LONGEST
from ..types import AudioSection, FloatArray, GenerateRequest, Style

ROUNDS, PART = 5, 0.5
"""How often it is measured, and how much of what is missing is given each time."""
MOVES = 0.02
"""Deviation of a weight under which it counts as still: then only its mean is set right."""
LEAST = 0.5
"""Times as far, in all."""
ENOUGH = 3600
"""Rows of performances that this is measured on: two minutes."""


def take(denoiser: Denoiser, performance: Sequence, seed: int = 0) -> FloatArray:
    """Weights (T, C) of a take of its sound in its style, at the usual settings, T at most LONGEST."""
    request = GenerateRequest(AudioSection(Path()), ("face",), seed=seed, style=Style.of(performance.style))
    features = performance.features[:LONGEST].astype(np.float32)
    return np.clip(Models({"face": denoiser}, "").sample(features, request).values, 0, 1)


@torch.no_grad()
def no_farther(denoiser: Denoiser, performances: list[Sequence], look: Callable[[], None] = lambda: None) -> Denoiser:
    """A copy of it whose takes have the performances' means, and their deviations or less, as near as they come in
    `ROUNDS` rounds. `look` is called before each and may raise to stop."""
    rows = np.cumsum([0, *(len(one.values) for one in performances[:-1])])
    performances = [one for one, begin in zip(performances, rows, strict=True) if begin < ENOUGH]
    made = copy.deepcopy(denoiser)
    layer = output_layer(made)
    mean, deviation = (made.get_buffer(name).cpu().numpy() for name in ("mean", "deviation"))
    theirs = np.concatenate([one.values[:LONGEST].astype(np.float32) for one in performances])
    known = np.any([one.known for one in performances], axis=0)
    gained = np.ones(len(mean), np.float32)
    for _ in range(ROUNDS):
        look()
        ours = np.concatenate([take(made, one) for one in performances])
        gain = np.where(known, _gain(theirs.std(axis=0), ours.std(axis=0)), 1.0)
        gain = np.clip(gained * gain, LEAST, 1) / gained
        gained *= gain
        missing = np.where(known, PART * (theirs.mean(axis=0) - ours.mean(axis=0)), 0.0)
        # About the take's own mean, in the denoiser's units.
        shift = ((1 - gain) * (ours.mean(axis=0) - mean) + missing) / deviation
        factor, more = (torch.from_numpy(some.astype(np.float32)).to(made.device) for some in (gain, shift))
        layer.weight.mul_(factor[:, None])
        layer.bias.mul_(factor).add_(more)
    return made


def _gain(theirs: FloatArray, ours: FloatArray) -> FloatArray:
    moves = (theirs > MOVES) & (ours > MOVES)
    return np.where(moves, (theirs / np.where(moves, ours, 1)) ** PART, 1.0)

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

from ..learning.mean_performance import MAX_SEQUENCE_ROWS
from ..learning.sequence import TrainingSequence
from ..model.denoiser import Denoiser
from ..model.models import Models
from ..model.style_file import output_layer
from ..types import AudioSection, Float32Array, GenerateRequest, Style

ROUNDS, CORRECTION_SHARE = 5, 0.5
"""How often it is measured, and how much of what is missing is given each time."""
MIN_DEVIATION = 0.02
"""Deviation of a weight under which it counts as still: then only its mean is set right."""
MIN_GAIN = 0.5
"""Times as far, in all."""
MAX_MEASURED_ROWS = 3600
"""Rows of performances that this is measured on: two minutes."""


def sample_take(denoiser: Denoiser, sequence: TrainingSequence, seed: int = 0) -> Float32Array:
    """Weights (T, C) of a take of its sound in its style, at the usual settings, T at most LONGEST."""
    request = GenerateRequest(AudioSection(Path()), ("face",), seed=seed, style=Style.named(sequence.style))
    features = sequence.features[:MAX_SEQUENCE_ROWS].astype(np.float32)
    return np.clip(Models({"face": denoiser}, "").sample(features, request).values, 0, 1)


@torch.no_grad()
def limit_amplitude(
    denoiser: Denoiser, sequences: list[TrainingSequence], on_round: Callable[[], None] = lambda: None
) -> Denoiser:
    """A copy of it whose takes have the performances' means, and their deviations or less, as near as they come in
    `ROUNDS` rounds. `look` is called before each and may raise to stop."""
    rows = np.cumsum([0, *(len(one.values) for one in sequences[:-1])])
    sequences = [one for one, begin in zip(sequences, rows, strict=True) if begin < MAX_MEASURED_ROWS]
    made = copy.deepcopy(denoiser)
    layer = output_layer(made)
    mean, deviation = (made.get_buffer(name).cpu().numpy() for name in ("mean", "deviation"))
    theirs = np.concatenate([one.values[:MAX_SEQUENCE_ROWS].astype(np.float32) for one in sequences])
    known = np.any([one.known for one in sequences], axis=0)
    gained = np.ones(len(mean), np.float32)
    for _ in range(ROUNDS):
        on_round()
        ours = np.concatenate([sample_take(made, one) for one in sequences])
        gain = np.where(known, _gain(theirs.std(axis=0), ours.std(axis=0)), 1.0)
        gain = np.clip(gained * gain, MIN_GAIN, 1) / gained
        gained *= gain
        missing = np.where(known, CORRECTION_SHARE * (theirs.mean(axis=0) - ours.mean(axis=0)), 0.0)
        # About the take's own mean, in the denoiser's units.
        shift = ((1 - gain) * (ours.mean(axis=0) - mean) + missing) / deviation
        factor, more = (torch.from_numpy(some.astype(np.float32)).to(made.device) for some in (gain, shift))
        layer.weight.mul_(factor[:, None])
        layer.bias.mul_(factor).add_(more)
    return made


def _gain(theirs: Float32Array, ours: Float32Array) -> Float32Array:
    moves = (theirs > MIN_DEVIATION) & (ours > MIN_DEVIATION)
    return np.where(moves, (theirs / np.where(moves, ours, 1)) ** CORRECTION_SHARE, 1.0)

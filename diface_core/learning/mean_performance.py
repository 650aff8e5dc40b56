"""The motion that a denoiser predicts in a single step without noise: the mean over all seeds."""

from __future__ import annotations

import numpy as np
import torch

from ..networks.denoiser import Denoiser
from ..types import Float32Array
from .sequence import TrainingSequence

MAX_SEQUENCE_ROWS = 900
"""Rows that are evaluated of one sequence: half a minute."""


@torch.inference_mode()
def mean_performance(denoiser: Denoiser, sequence: TrainingSequence) -> Float32Array:
    """Return channel values (T, C) of one step without noise, T at most MAX_SEQUENCE_ROWS."""
    features = torch.from_numpy(sequence.features[:MAX_SEQUENCE_ROWS].astype(np.float32))[None].to(denoiser.device)
    speech = denoiser.speech(features) if features.isfinite().all() else denoiser.speech.unheard
    xt = torch.zeros(1, features.shape[1], len(denoiser.config.channels), device=denoiser.device)
    number = denoiser.config.styles.index(sequence.style) if sequence.style in denoiser.config.styles else -1
    style = denoiser.style_vector(torch.tensor([number], device=denoiser.device))
    x0 = denoiser(xt, torch.ones(1, device=denoiser.device), speech, style)
    return denoiser.denormalise(x0)[0].cpu().numpy()

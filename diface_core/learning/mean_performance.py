"""The motion that a denoiser predicts in a single step without noise: the mean over all seeds."""

from __future__ import annotations

import numpy as np

from ..model.motion_denoiser import MotionDenoiser
from ..types import Float32Array
from .sequence import TrainingSequence

MAX_SEQUENCE_ROWS = 900
"""Rows that are evaluated of one sequence: half a minute."""


def mean_performance(denoiser: MotionDenoiser, sequence: TrainingSequence) -> Float32Array:
    """Return channel values (T, C) of one step without noise, T at most MAX_SEQUENCE_ROWS."""
    features = sequence.features[:MAX_SEQUENCE_ROWS].astype(np.float32)
    if np.isfinite(features).all():
        speech = denoiser.encode_speech(features)
    else:
        speech = np.broadcast_to(denoiser.no_speech, (1, len(features), len(denoiser.no_speech)))
    known_style = sequence.style in denoiser.config.styles
    style = denoiser.styles[denoiser.config.styles.index(sequence.style)] if known_style else denoiser.styles[0] * 0
    xt = np.zeros((1, len(features), len(denoiser.config.channels)), np.float32)
    return denoiser.scale.denormalise(denoiser.denoise(xt, 1.0, speech, style[None], xt)[0])

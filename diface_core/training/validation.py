"""Validation on held-out clips during the training."""

from __future__ import annotations

import numpy as np

from .. import channels
from ..learning.mean_performance import mean_performance
from ..learning.sequence import TrainingSequence
from ..networks.denoiser import Denoiser
from ..networks.torch_denoiser import TorchDenoiser
from ..types import Float32Array
from . import metrics


def validate(denoiser: Denoiser, sequences: list[TrainingSequence]) -> dict[str, float]:
    """Return measures by name; `score` is the one to select by, higher is better. Empty without sequences.

    The mean performance is measured, of a single step from zero noise. Per style: `r` of the lips' distance of a face,
    over all rows; `r_res`, after the mean track and each clip's mean are removed, for clips of one length; `error`,
    root mean square of the known channels in deviations. `score` is the mean r of a face minus the error of a head.
    """
    by_style: dict[str, list[tuple[Float32Array, TrainingSequence]]] = {}
    for sequence in sequences:
        by_style.setdefault(sequence.style, []).append((mean_performance(TorchDenoiser(denoiser), sequence), sequence))
    scores: dict[str, float] = {}
    for style, judged in by_style.items():
        scores[f"{style}/error"] = _rms_error(denoiser, judged)
        if denoiser.config.channels == channels.FACE:
            ours = [metrics.aperture(values) for values, _ in judged]
            theirs = [metrics.aperture(s.values[: len(v)].astype(np.float32)) for v, s in judged]
            scores[f"{style}/r"] = float(np.nan_to_num(metrics.correlation(ours, theirs)))
            if len(judged) > 1 and len({len(track) for track in theirs}) == 1:
                scores[f"{style}/r_res"] = float(np.nan_to_num(metrics.residual_correlation(ours, theirs)))
    if scores:
        rs = [value for name, value in scores.items() if name.endswith("/r")]
        errors = [value for name, value in scores.items() if name.endswith("/error")]
        scores["score"] = float(np.mean(rs)) if rs else -float(np.mean(errors))
    return scores


def _rms_error(denoiser: Denoiser, predictions: list[tuple[Float32Array, TrainingSequence]]) -> float:
    deviation = denoiser.get_buffer("deviation").cpu().numpy()
    squares = [
        (((values - sequence.values[: len(values)]) / deviation)[:, sequence.known] ** 2).ravel()
        for values, sequence in predictions
    ]
    return float(np.sqrt(np.concatenate(squares).mean()))

"""How good the model is on clips held out, measured while it trains."""

from __future__ import annotations

import numpy as np
import torch

from .. import channels
from ..diffusion.constraints import nothing_kept
from ..model.denoiser import Denoiser
from ..types import FloatArray
from . import metrics
from .dataset import Sequence

LONGEST = 900
"""Rows judged of one sequence: half a minute."""


def validate(denoiser: Denoiser, sequences: list[Sequence]) -> dict[str, float]:
    """Measures by name, `score` the one to choose by: higher is better. Empty without sequences.

    The performance judged is the mean one, of a single step from no noise. Of every style: `r` of the lips' distance of
    a face, over all rows; `r_res`, after the mean track and each clip's mean are taken away, for clips of one length;
    `error`, root mean square of the known channels in deviations. `score` is the mean r of a face, minus the error of a
    head.
    """
    by_style: dict[str, list[tuple[FloatArray, Sequence]]] = {}
    for sequence in sequences:
        by_style.setdefault(sequence.style, []).append((mean_performance(denoiser, sequence), sequence))
    scores: dict[str, float] = {}
    for style, judged in by_style.items():
        scores[f"{style}/error"] = _error(denoiser, judged)
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


@torch.inference_mode()
def mean_performance(denoiser: Denoiser, sequence: Sequence) -> FloatArray:
    """Channel values (T, C) of one step from no noise, T at most LONGEST."""
    features = torch.from_numpy(sequence.features[:LONGEST].astype(np.float32))[None].to(denoiser.device)
    speech = denoiser.speech(features) if features.isfinite().all() else denoiser.speech.unheard
    xt = torch.zeros(1, features.shape[1], len(denoiser.config.channels), device=denoiser.device)
    number = denoiser.config.styles.index(sequence.style) if sequence.style in denoiser.config.styles else -1
    style = denoiser.style_vector(torch.tensor([number], device=denoiser.device))
    x0 = denoiser(xt, torch.ones(1, device=denoiser.device), speech, style, nothing_kept(xt))
    return denoiser.denormalise(x0)[0].cpu().numpy()


def _error(denoiser: Denoiser, judged: list[tuple[FloatArray, Sequence]]) -> float:
    deviation = denoiser.get_buffer("deviation").cpu().numpy()
    squares = [
        (((values - sequence.values[: len(values)]) / deviation)[:, sequence.known] ** 2).ravel()
        for values, sequence in judged
    ]
    return float(np.sqrt(np.concatenate(squares).mean()))

"""Refine phone borders: phones in the right order and roughly placed -> borders where the sound changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...audio.speech_encoder import SAMPLE_RATE
from ...types import Float32Array
from ..corpora.clip import Phone
from .label_timing import HOP, WINDOW, spectrum
from .speech import AlignedSpeech

MAX_SHIFT = 10
"""Steps of 5 ms that a border may move per round, in both directions."""
MIN_PHONE_STEPS = 3
"""Shortest phone in steps."""
ROUNDS = 4


def refine_borders(utterances: Sequence[AlignedSpeech]) -> list[AlignedSpeech]:
    """Return the utterances of one speaker with refined borders.

    Rounds alternate between each phone's mean spectrum and variance within its borders, and the borders of highest
    likelihood. Segmental k-means (Rabiner, Wilpon and Juang, "A segmental k-means training procedure for connected word
    recognition", AT&T Technical Journal 65, 1986), with one Gaussian per phone.
    """
    spectra = [_centred_spectrum(each.samples) for each in utterances]
    cuts = [_border_rows(each.phones, len(rows)) for each, rows in zip(utterances, spectra, strict=True)]
    names = sorted({phone.label for each in utterances for phone in each.phones})
    which = [np.array([names.index(phone.label) for phone in each.phones]) for each in utterances]

    for _ in range(ROUNDS):
        means, variances = _gaussians(spectra, cuts, which, len(names))
        for at, rows in enumerate(spectra):
            far = rows**2 @ (1 / variances).T - 2 * rows @ (means / variances).T
            far += (means**2 / variances + np.log(variances)).sum(axis=1)
            cuts[at] = _best_borders(far, which[at], cuts[at])
    return [_with_borders(each, cut) for each, cut in zip(utterances, cuts, strict=True)]


def _centred_spectrum(samples: Float32Array) -> Float32Array:
    rows = spectrum(np.pad(samples, (0, WINDOW)))
    return rows - rows.mean(axis=0)


def _border_rows(phones: Sequence[Phone], rows: int) -> np.ndarray:
    """Return (phones + 1,) rows at which phones begin, followed by the last one's end."""
    borders = np.array([0, *(round(phone.end * SAMPLE_RATE / HOP - 0.5 * WINDOW / HOP + 0.5) for phone in phones)])
    borders = np.maximum.accumulate(np.maximum(borders, 0))
    borders[-1] = rows
    return np.minimum(borders, rows)


def _gaussians(spectra: Sequence[Float32Array], cuts: Sequence[np.ndarray], which: Sequence[np.ndarray], names: int):
    rows = np.concatenate(spectra)
    label = np.concatenate([np.repeat(phones, np.diff(cut)) for phones, cut in zip(which, cuts, strict=True)])
    count = np.bincount(label, minlength=names)[:, None] + 20.0  # a rare phone is regularised by all speech
    sums = np.stack([np.bincount(label, column, names) for column in rows.T], axis=1)
    squares = np.stack([np.bincount(label, column**2, names) for column in rows.T], axis=1)
    means = (sums + 20 * rows.mean(axis=0)) / count
    return means, np.maximum((squares + 20 * (rows**2).mean(axis=0)) / count - means**2, 0.1)


def _best_borders(distances: np.ndarray, which: np.ndarray, cut: np.ndarray) -> np.ndarray:
    """Return the borders within MAX_SHIFT of `cut` with the smallest sum of `distances` (rows, names)."""
    total = np.concatenate([np.zeros((1, distances.shape[1])), np.cumsum(distances, axis=0)])
    moves = np.arange(-MAX_SHIFT, MAX_SHIFT + 1)
    places = np.clip(cut[1:-1, None] + moves, 0, len(distances))  # of each inner border
    cost, back = np.zeros(1), []
    before = np.zeros(1, int)
    for phone, name in enumerate(which):
        ends = places[phone] if phone < len(places) else np.array([cut[-1]])
        step = total[ends, name][:, None] - total[before, name][None] + cost[None]
        step += 1e6 * np.maximum(MIN_PHONE_STEPS - (ends[:, None] - before[None]), 0)
        back.append(step.argmin(axis=1))
        cost, before = step.min(axis=1), ends

    borders, at = [int(cut[-1])], 0
    for phone in range(len(which) - 1, 0, -1):
        at = int(back[phone][at])
        borders.append(int(places[phone - 1][at]))
    return np.array([0, *borders[::-1]])


def _with_borders(utterance: AlignedSpeech, cut: np.ndarray) -> AlignedSpeech:
    seconds = ((cut - 0.5) * HOP + WINDOW / 2) / SAMPLE_RATE  # between the middles of two rows
    seconds[0], seconds[-1] = 0.0, utterance.phones[-1].end
    return replace(
        utterance,
        phones=tuple(
            Phone(float(seconds[at]), float(max(seconds[at + 1], seconds[at])), phone.label)
            for at, phone in enumerate(utterance.phones)
        ),
    )

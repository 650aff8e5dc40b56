"""Lag between labels and sound: the lag at which phones explain the spectrum best.

`python -m diface_core.training.rendering.label_timing FOLDER` prints it for every voice of a folder.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...audio.speech_encoder import SAMPLE_RATE
from ...types import Float32Array
from .speech import Utterance, read_voice

HOP, WINDOW = 80, 256
"""Steps of 5 ms with windows of 16 ms."""
LAGS = np.arange(-16, 17)
BANDS = 24


def label_lag(utterances: Sequence[Utterance]) -> tuple[float, float]:
    """Return the delay of the sound relative to its labels in ms, and the share of the spectrum explained at it.

    The share is R2 of log spectra (24 mel bands) about each phone's mean spectrum; the best lag of +-80 ms is refined
    by a parabola through its neighbours. Exact labels have their best lag at 0.
    """
    spectra = [spectrum(each.speech.samples) for each in utterances]
    labels, names = [], {}
    for each, rows in zip(utterances, spectra, strict=True):
        centres = (np.arange(len(rows)) * HOP + WINDOW / 2) / SAMPLE_RATE
        ends = np.array([phone.end for phone in each.speech.phones])
        known = [names.setdefault(phone.label, len(names)) for phone in each.speech.phones]
        labels.append(np.array(known)[np.minimum(np.searchsorted(ends, centres), len(known) - 1)])

    shares = np.array([_explained_share(spectra, labels, int(step), len(names)) for step in LAGS])
    best = int(np.clip(shares.argmax(), 1, len(LAGS) - 2))
    before, at, after = shares[best - 1 : best + 2]
    between = 0.5 * (before - after) / min(before - 2 * at + after, -1e-9)
    return float((LAGS[best] + np.clip(between, -1, 1)) * HOP / SAMPLE_RATE * 1000), float(at)


def spectrum(samples: Float32Array) -> Float32Array:
    """Return (rows, BANDS) log energies of mel bands of samples (N,) at 16 kHz.

    Row i is centred at i * HOP + WINDOW / 2 samples.
    """
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP] * np.hanning(WINDOW)
    power = np.abs(np.fft.rfft(frames)) ** 2
    edges = 700 * (np.expm1(np.linspace(0, np.log1p(SAMPLE_RATE / 2 / 700), BANDS + 2)))
    hertz = np.linspace(0, SAMPLE_RATE / 2, power.shape[1])
    rise = (hertz - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - hertz) / np.diff(edges)[1:, None]
    bands = power @ np.clip(np.minimum(rise, fall), 0, None).T
    return np.log(bands + 1e-5).astype(np.float32)


def _explained_share(spectra: list[Float32Array], labels: list[np.ndarray], step: int, names: int) -> float:
    """Compare labels at row i with the spectrum at row i + step; the same rows of each utterance for every step."""
    margin = int(LAGS[-1])
    rows = np.concatenate([s[margin + step : len(s) - margin + step] for s in spectra if len(s) > 2 * margin])
    known = np.concatenate([k[margin : len(k) - margin] for k in labels if len(k) > 2 * margin])
    count = np.bincount(known, minlength=names)
    sums = np.stack([np.bincount(known, column, names) for column in rows.T], axis=1)
    centred = sums / np.maximum(count, 1)[:, None] - rows.mean(axis=0)
    return float((count[:, None] * centred**2).sum() / ((rows - rows.mean(axis=0)) ** 2).sum())


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder written by `python -m diface_core.training.rendering`")
    parser.add_argument("--utterances", type=int, default=25, help="number of utterances of each voice")
    options = parser.parse_args()
    for path in sorted(options.folder.glob("*.json")):
        late, share = label_lag(read_voice(options.folder, path.stem)[: options.utterances])
        print(f"{path.stem:24} sound {late:+5.1f} ms after its labels, R2 {share:.2f}")


if __name__ == "__main__":
    main()

"""Evaluation of the viseme model on clips that its table was not fitted to."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ...audio.loudness import measure_audio
from ...types import MODEL_RATE, Float32Array
from .. import metrics
from ..corpora import Clip
from ..metrics.lip_closures import is_labial, is_open, is_round
from .viseme_motion import sound_spans, viseme_motion
from .viseme_table import MEASURED, VisemeTable, measured_channels

VisemePredictor = Callable[[Clip], Float32Array]
"""A clip -> face weights (T, 52) for its phones."""


def report(train: list[Clip], test: list[Clip], path: Path) -> str:
    """Format as Markdown: correlation with the truth, and the lips on the bundled head in mm."""
    # Same delay as the truth's video: the motion is evaluated, not the camera.
    table = dataclasses.replace(VisemeTable.load(path), delay=0.0)

    def mean(clip: Clip) -> Float32Array:
        return viseme_motion(clip.phones, clip.seconds, measure_audio([clip.samples]).loudness, None, table)[0]

    def drawn(clip: Clip) -> Float32Array:
        rng = np.random.default_rng(zlib.crc32(clip.name.encode()))
        return viseme_motion(clip.phones, clip.seconds, measure_audio([clip.samples]).loudness, rng, table)[0]

    rows: dict[str, VisemePredictor] = {
        "switching": switching_baseline(train),
        "visemes, mean": mean,
        "visemes, drawn": drawn,
    }
    faces = {name: [speak(clip) for clip in test] for name, speak in rows.items()}
    faces["truth"] = [clip.values for clip in test]
    return _correlation_table(faces, test) + "\n\n" + _distance_table(faces, test)


def switching_baseline(clips: list[Clip]) -> VisemePredictor:
    """Return the baseline that switches between the mean faces of the sounds."""
    sums: dict[str, Float32Array] = {}
    counts: dict[str, int] = {}
    for clip in clips:
        for row, sound in enumerate(_sounds_by_row(clip)):
            sums[sound] = sums.get(sound, np.zeros(clip.values.shape[1], np.float32)) + clip.values[row]
            counts[sound] = counts.get(sound, 0) + 1

    def speak(clip: Clip) -> Float32Array:
        return np.stack([sums[sound] / counts[sound] for sound in _sounds_by_row(clip)])

    return speak


def _sounds_by_row(clip: Clip) -> list[str]:
    said = sound_spans(clip.phones, clip.seconds)
    ends = np.array([end for _, end, _ in said])
    rows = np.arange(len(clip.values)) / MODEL_RATE.value
    return [said[i][2] for i in np.minimum(np.searchsorted(ends, rows, side="right"), len(said) - 1)]


def _correlation_table(faces: dict[str, list[Float32Array]], test: list[Clip]) -> str:
    spoken, lines = [clip.phones for clip in test], []
    for name, ours in faces.items():
        opening, truth = ([metrics.aperture(v) for v in some] for some in (ours, faces["truth"]))
        cells = [
            _correlation_cell(ours, faces["truth"], channel) for channel in ("jawOpen", "mouthPucker", "mouthFunnel")
        ]
        cells += [f"{metrics.correlation(opening, truth):.3f}", f"{metrics.residual_correlation(opening, truth):.3f}"]
        cells += [f"{100 * rate:.0f}" for rate in metrics.closure_rates(opening, spoken)]
        cells += [f"{metrics.sync_offset(opening, truth):.0f}"]
        cells += [f"{metrics.jitter(opening) / metrics.jitter(truth):.2f}"]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    head = "jawOpen r | mouthPucker r | mouthFunnel r | aperture r | r_res | m b p closed % | lift | late by ms"
    return "\n".join([f"| | {head} | jitter ratio |", "|---" * 10 + "|", *lines])


def _correlation_cell(ours: list[Float32Array], truth: list[Float32Array], channel: str) -> str:
    column = MEASURED.index(channel)
    sides = ([measured_channels(v)[:, column] for v in values] for values in (ours, truth))
    return f"{metrics.correlation(*sides):.3f}"


def _distance_table(faces: dict[str, list[Float32Array]], test: list[Clip]) -> str:
    lines = []
    for name, ours in faces.items():
        shut, wide, rounding = [], [], []
        for clip, values in zip(test, ours, strict=True):
            gap = metrics.lip_gap(values)
            round_lips = metrics.column(values, "mouthPucker") + metrics.column(values, "mouthFunnel")
            for phone in clip.phones:
                rows = metrics.phone_rows(phone, len(values))
                shut += [gap[rows].min()] * is_labial(phone.label)
                wide += [gap[rows].max()] * is_open(phone.label)
                rounding += [round_lips[rows].max()] * is_round(phone.label)
        cells = [f"{np.median(shut):.2f}", f"{max(shut):.2f}"]
        cells += [f"{edge:.1f}" for edge in np.percentile(wide, (10, 50, 90))] + [f"{np.median(rounding):.2f}"]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    head = "m b p gap mm | widest | open vowels mm, 10% | 50% | 90% | pucker + funnel on round sounds"
    return "\n".join([f"| | {head} |", "|---" * 7 + "|", *lines])

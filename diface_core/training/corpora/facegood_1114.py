"""FACEGOOD: one Mandarin speaker, the mouth animated by hand."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from ... import channels
from ...audio.speech_encoder import SAMPLE_RATE
from ...types import MODEL_RATE, Float32Array
from . import recordings
from .clip import Clip, resample_to_rows
from .reading import Skipped, check_clips, load_npz, require_files

# FACEGOOD's other controls (brows, lids, eyes, cheeks, tongue, jaw sideways and forward, corners down, lower chin) do
# not move in all five recordings, so those channels are unknown. ARKit channel <- FACEGOOD's controls and weights,
# matched as closely as the two rigs allow (data/README.md of the corpus).
FACEGOOD_CONTROLS: dict[str, dict[str, float]] = {
    "jawOpen": {"mouth_stretch_c": 1.0, "mouth_oh_c": 0.25},
    "mouthPucker": {"mouth_oo_c": 1.0, "mouth_pucker_l": 0.5, "mouth_pucker_r": 0.5},
    "mouthFunnel": {"mouth_oh_c": 0.5, "mouth_funnel_dl": 0.25, "mouth_funnel_dr": 0.25, "mouth_funnel_ul": 0.25,
                    "mouth_funnel_ur": 0.25},
    "mouthLowerDownLeft": {"mouth_lowerLipDepress_l": 1.0}, "mouthLowerDownRight": {"mouth_lowerLipDepress_r": 1.0},
    "mouthUpperUpLeft": {"mouth_upperLipRaise_l": 1.0}, "mouthUpperUpRight": {"mouth_upperLipRaise_r": 1.0},
    "mouthSmileLeft": {"mouth_lipCornerPull_l": 1.0}, "mouthSmileRight": {"mouth_lipCornerPull_r": 1.0},
    "mouthStretchLeft": {"mouth_lipStretch_l": 1.0}, "mouthStretchRight": {"mouth_lipStretch_r": 1.0},
    "mouthRollLower": {"mouth_suck_dl": 0.5, "mouth_suck_dr": 0.5},
    "mouthRollUpper": {"mouth_suck_ul": 0.5, "mouth_suck_ur": 0.5},
    "mouthShrugUpper": {"mouth_chinRaise_u": 1.0},
    "mouthPressLeft": {"mouth_press_l": 1.0}, "mouthPressRight": {"mouth_press_r": 1.0},
    "noseSneerLeft": {"nose_wrinkle_l": 1.0}, "noseSneerRight": {"nose_wrinkle_r": 1.0},
}  # fmt: skip
FACEGOOD_ZERO = ("mouthClose",)
"""The rig parts the lips with its jaw control alone, so that this channel is known to be 0."""

SEGMENT_SECONDS = 20.0
MAX_LENGTH_DIFFERENCE = 0.5
"""Largest difference in seconds between the lengths of sound and motion."""


def read_facegood(folder: Path) -> list[Clip]:
    """Return FACEGOOD's five recordings, cut into segments of about 20 s at their quietest points."""
    return list(check_clips(facegood_clips(folder), folder).clips)


def facegood_clips(folder: Path) -> Iterator[Clip | Skipped]:
    """Yield the segments of each recording, and why a recording is skipped."""
    require_files(folder, "controls.npz")
    controls = load_npz(folder / "controls.npz")
    names = [str(name) for name in controls["names"]]
    known = np.array([name in FACEGOOD_CONTROLS or name in FACEGOOD_ZERO for name in channels.FACE])
    for name in sorted(set(controls) - {"names", "fps"} - {path.stem for path in folder.glob("*.flac")}):
        yield Skipped(f"{name}.flac", "missing")
    for path in sorted(folder.glob("*.flac")):
        if path.stem not in controls:
            yield Skipped(path.name, "no controls of the same name")
            continue
        samples, track = recordings.load_samples(path), controls[path.stem].astype(np.float32)
        if abs(len(track) / float(controls["fps"]) - len(samples) / SAMPLE_RATE) > MAX_LENGTH_DIFFERENCE:
            yield Skipped(path.name, f"{len(track)} frames of motion for {len(samples) / SAMPLE_RATE:.2f} s of sound")
            continue
        values = np.zeros((len(track), len(channels.FACE)), np.float32)
        for channel, sources in FACEGOOD_CONTROLS.items():
            values[:, channels.FACE.index(channel)] = sum(w * track[:, names.index(c)] for c, w in sources.items())
        values = resample_to_rows(np.clip(values, 0, 1), np.arange(len(values)) / float(controls["fps"]), len(samples))
        cuts = _quiet_cuts(samples)
        for part, (first, last) in enumerate(pairwise(cuts)):
            rows = slice(
                round(first / SAMPLE_RATE * 30),
                round(first / SAMPLE_RATE * 30) + MODEL_RATE.rows((last - first) / SAMPLE_RATE),
            )
            name = f"{path.stem}_{part:02d}"
            yield Clip(
                name, samples[first:last], values[rows], known, "facegood_1114", speaker="facegood_1114",
                source="facegood_1114", recording=path.stem, start=first / SAMPLE_RATE,
            )  # fmt: skip


def _quiet_cuts(samples: Float32Array) -> list[int]:
    """Return sample numbers that cut a recording about every 20 s, at the quietest tenth of a second nearby."""
    tenth = SAMPLE_RATE // 10
    energy = np.square(samples[: len(samples) // tenth * tenth]).reshape(-1, tenth).mean(1)
    cuts, here = [0], round(SEGMENT_SECONDS * 10)
    while here + 100 < len(energy):
        near = range(here - 30, here + 30)
        here = min(near, key=lambda i: energy[i])
        cuts.append(here * tenth)
        here += round(SEGMENT_SECONDS * 10)
    return [*cuts, len(energy) * tenth]

"""Readers that turn each corpus into clips: sound and Motion side by side, 30 rows a second."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from scipy.interpolate import PchipInterpolator

from .. import channels
from ..features import RATE
from ..types import MODEL_RATE, BoolArray, FloatArray


@dataclass(frozen=True)
class Phone:
    """One spoken sound (ARPAbet), from `start` to `end` seconds."""

    start: float
    end: float
    label: str


@dataclass(frozen=True)
class Clip:
    """Sound and Motion of one utterance.

    samples: (N,) float32 at 16 kHz. values: (T, 52) face weights, T = MODEL_RATE.rows(seconds).
    known: (52,) which of them the corpus knows. style: who speaks.
    """

    name: str
    samples: FloatArray
    values: FloatArray
    known: BoolArray
    style: str
    phones: tuple[Phone, ...] = ()


# --- GRID: one English speaker, tracked from video with MediaPipe's landmarker -------------------------------------

# Squints and brows sit where this speaker and this tracker put them at rest; what counts is the way from there.
GRID_RESTED = ("eyeSquint", "brow")
# What the tracker does not see, and the eyes: he reads from a screen and blinks 46 times a minute, which is not speech.
GRID_UNKNOWN = ("jawForward", "cheekPuff", "tongueOut", "cheekSquint", "noseSneer", "eyeBlink", "eyeLook", "eyeWide")

# The landmarker answers these shapes with a fraction of the weight that ARKit gives; the factor brings the loudest
# hundredth of the frames to about what FACEGOOD's animators gave the same shape in speech.
GRID_GAIN = {
    "mouthFunnel": 10.0, "mouthPucker": 1.6, "mouthLowerDownLeft": 6.0, "mouthLowerDownRight": 6.0,
    "mouthStretchLeft": 4.0, "mouthStretchRight": 4.0, "mouthShrugLower": 3.0, "mouthShrugUpper": 3.0,
    "mouthDimpleLeft": 3.0, "mouthDimpleRight": 3.0,
}  # fmt: skip

APERTURE_TO_JAW = 1.57
"""jawOpen - mouthClose for one unit of inner-lip distance / outer-eye distance (least squares on GRID, r .99)."""
CLOSED = 0.005
"""Inner-lip distance / outer-eye distance at which this speaker's lips touch (median before he speaks)."""


def grid(folder: Path) -> list[Clip]:
    """The clips of `grid_s1` whose tracking holds on every frame, in the corpus's order."""
    sound = np.asarray(soundfile.read(folder / "audio.flac", dtype="float32")[0], np.float32)
    motion = np.load(folder / "motion.npz")
    phones = json.loads((folder / "phones.json").read_text())
    names = [str(name) for name in motion["names"]]
    columns = np.array([names.index(name) for name in channels.FACE if name in names])
    known = np.array([name in names and not name.startswith(GRID_UNKNOWN) for name in channels.FACE])

    weights = np.zeros((*motion["blendshapes"].shape[:2], len(channels.FACE)), np.float32)
    weights[..., [name in names for name in channels.FACE]] = motion["blendshapes"][..., columns]
    weights = _grid_weights(weights, _lip_distance(motion))
    weights[..., ~known] = 0.0

    times = (np.arange(weights.shape[1]) + 0.5) / float(motion["fps"])
    clips = []
    for index in np.flatnonzero(motion["ok"].all(axis=1)):
        name, samples = str(motion["keys"][index]), sound[index * 48_000 : (index + 1) * 48_000]
        said = tuple(Phone(*phone) for phone in phones.get(name, {}).get("phones", ()))
        clips.append(Clip(name, samples, at_rows(weights[index], times, len(samples)), known, "grid_s1", said))
    return clips


def _grid_weights(weights: FloatArray, lip_distance: FloatArray) -> FloatArray:
    """Tracked weights (N, T, 52) -> ARKit weights at rest 0, with mouthClose from the lips that were seen."""
    weights = weights.copy()
    for column, name in enumerate(channels.FACE):
        if name.startswith(GRID_RESTED):
            weights[..., column] -= np.median(weights[..., column], axis=1, keepdims=True)
        weights[..., column] *= GRID_GAIN.get(name, 1.0)
    jaw, close = channels.FACE.index("jawOpen"), channels.FACE.index("mouthClose")
    opening = APERTURE_TO_JAW * np.maximum(lip_distance - CLOSED, 0.0)
    weights[..., close] = weights[..., jaw] - opening
    return np.clip(weights, 0.0, 1.0)


def _lip_distance(motion: Mapping[str, Any]) -> FloatArray:
    """Distance of the inner lips over that of the outer eye corners, (N, T)."""
    ids, marks = list(motion["landmark_ids"]), motion["lip_landmarks"].astype(np.float32)

    def distance(a: int, b: int) -> FloatArray:
        return np.linalg.norm(marks[:, :, ids.index(a)] - marks[:, :, ids.index(b)], axis=-1)

    return distance(13, 14) / np.maximum(distance(33, 263), 1e-3)


LABIALS = ("M", "B", "P")
"""The phones whose lips meet."""
SEAL = {0: 1.0, 1: 0.75, 2: 0.25}
"""How much of the gap is closed so many rows from the closure of an m, b or p: they stay shut for 60 to 100 ms."""
NEARLY_SHUT = 0.12
"""Units of jawOpen; where the tracked lips stay further apart than this, the alignment is wrong: nothing is closed."""


def sealed(clip: Clip) -> Clip:
    """The clip with its lips shut in every m, b and p, which a tracker of 25 frames/s sees only nearly shut."""
    jaw, close = channels.FACE.index("jawOpen"), channels.FACE.index("mouthClose")
    values = clip.values.copy()
    gap = np.maximum(values[:, jaw] - values[:, close], 0.0)
    for phone in clip.phones:
        first = max(0, round(phone.start * MODEL_RATE.value) - 1)
        within = gap[first : round(phone.end * MODEL_RATE.value) + 2]
        if phone.label in LABIALS and len(within) and within.min() < NEARLY_SHUT:
            shut = first + int(within.argmin())
            for row in range(max(0, shut - 2), min(len(gap), shut + 3)):
                gap[row] *= 1 - SEAL[abs(row - shut)]
    values[:, close] = values[:, jaw] - gap
    return dataclasses.replace(clip, values=np.clip(values, 0.0, 1.0))


# --- FACEGOOD: one Mandarin speaker, animated by artists ------------------------------------------------------------

# Our channel <- their controls and weights. Names are as close as two rigs come (data/README.md of the corpus).
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
"""The rig parts the lips with its jaw control alone, so that ours is known to be 0."""

SEGMENT_SECONDS = 20.0


def facegood(folder: Path) -> list[Clip]:
    """FACEGOOD's five recordings, cut into segments of about 20 s at their quietest places."""
    controls = np.load(folder / "controls.npz")
    names = [str(name) for name in controls["names"]]
    known = np.array([name in FACEGOOD_CONTROLS or name in FACEGOOD_ZERO for name in channels.FACE])
    clips = []
    for path in sorted(folder.glob("*.flac")):
        samples = np.asarray(soundfile.read(path, dtype="float32")[0], np.float32)
        theirs = controls[path.stem].astype(np.float32)
        values = np.zeros((len(theirs), len(channels.FACE)), np.float32)
        for channel, sources in FACEGOOD_CONTROLS.items():
            values[:, channels.FACE.index(channel)] = sum(w * theirs[:, names.index(c)] for c, w in sources.items())
        values = at_rows(np.clip(values, 0, 1), np.arange(len(values)) / float(controls["fps"]), len(samples))
        cuts = _quiet_cuts(samples)
        for part, (first, last) in enumerate(pairwise(cuts)):
            rows = slice(round(first / RATE * 30), round(first / RATE * 30) + MODEL_RATE.rows((last - first) / RATE))
            name = f"{path.stem}_{part:02d}"
            clips.append(Clip(name, samples[first:last], values[rows], known, "facegood_1114"))
    return clips


def _quiet_cuts(samples: FloatArray) -> list[int]:
    """Sample numbers that cut a recording about every 20 s, at the quietest tenth of a second near there."""
    tenth = RATE // 10
    energy = np.square(samples[: len(samples) // tenth * tenth]).reshape(-1, tenth).mean(1)
    cuts, here = [0], round(SEGMENT_SECONDS * 10)
    while here + 100 < len(energy):
        near = range(here - 30, here + 30)
        here = min(near, key=lambda i: energy[i])
        cuts.append(here * tenth)
        here += round(SEGMENT_SECONDS * 10)
    return [*cuts, len(energy) * tenth]


def at_rows(values: FloatArray, times: FloatArray, samples: int) -> FloatArray:
    """`values` (N, C) known at `times` (s) -> the rows of a sound of so many samples; held beyond both ends."""
    at = np.arange(MODEL_RATE.rows(samples / RATE)) / MODEL_RATE.value
    return PchipInterpolator(times, values)(np.clip(at, times[0], times[-1])).astype(np.float32)


READERS: dict[str, tuple[str, Callable[[Path], list[Clip]]]] = {
    "grid": ("grid_s1", grid),
    "facegood": ("facegood", facegood),
}
"""Corpus name -> its folder beside the others, and its reader."""


def held_out(clip: Clip) -> bool:
    """Whether a clip is kept for judging: a tenth, chosen by name, so that the split never moves."""
    return sum(clip.name.encode()) * 2654435761 % 2**32 < 0.1 * 2**32

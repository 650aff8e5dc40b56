"""GRID: one English speaker, tracked from video with MediaPipe's landmarker."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from ... import channels
from ...types import Float32Array
from .clip import Clip, Phone, resample_to_rows
from .reading import Skipped, check_clips, load_npz, require_files

SAMPLES = 48_000
"""Samples per clip, 3 s."""

# Channels whose value at rest is not 0 for this speaker and tracker; the difference from rest counts.
REST_CORRECTED_CHANNELS = ("eyeSquint", "mouthRollLower")
SQUINT_OF_BLINK = 0.5
"""Tracked eyeSquint per unit of tracked eyeBlink (least squares on GRID, r .92): not a squint, subtracted."""
BROW_DOWN, BROW_UP = 2.3, 2.9
"""Weights per unit of tracked browDown below and above its rest. The tracker's raising shapes hardly move (.01 at most)
while its browDown decreases; per unit of that the brow's landmarks move .092 of the outer eyes' distance, and on the
bundled head browDown moves them .040, browInnerUp and browOuterUp together .032.
"""
# Channels that the tracker does not measure, and the eyes: he reads from a screen and blinks 46 times a minute, which
# is not speech.
GRID_UNKNOWN = ("jawForward", "cheekPuff", "tongueOut", "cheekSquint", "noseSneer", "eyeBlink", "eyeLook", "eyeWide")

# The landmarker returns only a fraction of ARKit's weight for these shapes; the factor scales the highest hundredth of
# the frames to about what FACEGOOD's animators used for the same shape in speech.
GRID_GAIN = {
    "mouthFunnel": 10.0, "mouthLowerDownLeft": 6.0, "mouthLowerDownRight": 6.0,
    "mouthStretchLeft": 4.0, "mouthStretchRight": 4.0, "mouthShrugLower": 3.0, "mouthShrugUpper": 3.0,
    "mouthDimpleLeft": 3.0, "mouthDimpleRight": 3.0, "mouthUpperUpLeft": 30.0, "mouthUpperUpRight": 25.0,
    "mouthRollLower": 6.0,
}  # fmt: skip

APERTURE_TO_JAW = 1.57
"""jawOpen - mouthClose per unit of inner-lip distance / outer-eye distance (least squares on GRID, r .99)."""
CLOSED_LIP_DISTANCE = 0.005
"""Inner-lip distance / outer-eye distance at which this speaker's lips touch (median before he speaks)."""

PUCKER_NARROWING, JAW_NARROWING = 0.207, 0.087
"""Narrowing of the bundled head's mouth, relative to its width at rest, with mouthPucker 1 and with jawOpen 1. The
landmarker's mouthPucker is .03 where the mouth is 5% narrower and .85 at 16%; the bundled head's .25 and .78.
"""
REST_FRAMES = 5
"""Frames at a clip's start, before he speaks."""


def read_grid(folder: Path) -> list[Clip]:
    """Return the usable clips of `grid_s1`, in the corpus's order."""
    return list(check_clips(grid_clips(folder), folder).clips)


def grid_clips(folder: Path) -> Iterator[Clip | Skipped]:
    """Yield the clips that are tracked on every frame, and why the others are skipped."""
    require_files(folder, "audio.flac", "motion.npz", "phones.json")
    sound = np.asarray(soundfile.read(folder / "audio.flac", dtype="float32")[0], np.float32)
    motion = load_npz(folder / "motion.npz")
    phones = json.loads((folder / "phones.json").read_text())
    names = [str(name) for name in motion["names"]]
    ok = motion["ok"]
    columns = np.array([names.index(name) for name in channels.FACE if name in names])
    known = np.array([name in names and not name.startswith(GRID_UNKNOWN) for name in channels.FACE])

    weights = np.zeros((*motion["blendshapes"].shape[:2], len(channels.FACE)), np.float32)
    weights[..., [name in names for name in channels.FACE]] = motion["blendshapes"][..., columns]
    weights = _arkit_weights(weights, lip_distance(motion))
    jaw, pucker = channels.FACE.index("jawOpen"), channels.FACE.index("mouthPucker")
    weights[..., pucker] = _pucker_from_width(mouth_width(motion), weights[..., jaw])
    weights[..., ~known] = 0.0

    times = (np.arange(weights.shape[1]) + 0.5) / float(motion["fps"])
    for index, key in enumerate(motion["keys"]):
        name, samples = str(key), sound[index * SAMPLES : (index + 1) * SAMPLES]
        if not ok[index].all():
            yield Skipped(name, f"the tracker lost the face in {np.sum(ok[index] == 0)} frames")
            continue
        said = tuple(Phone(*phone) for phone in phones.get(name, {}).get("phones", ()))
        values = resample_to_rows(weights[index], times, len(samples))
        yield Clip(name, samples, values, known, "grid_s1", said, speaker="grid_s1", source="grid_s1")


def _arkit_weights(weights: Float32Array, lip_distance: Float32Array) -> Float32Array:
    """Convert tracked weights (N, T, 52) to ARKit weights that are 0 at rest.

    Brows move in both directions, and mouthClose follows the lips' distance.
    """
    weights = _correct_brows(_correct_squints(weights))
    for column, name in enumerate(channels.FACE):
        if name.startswith(REST_CORRECTED_CHANNELS):
            weights[..., column] -= np.median(weights[..., column], axis=1, keepdims=True)
        weights[..., column] *= GRID_GAIN.get(name, 1.0)
    jaw, close = channels.FACE.index("jawOpen"), channels.FACE.index("mouthClose")
    opening = APERTURE_TO_JAW * np.maximum(lip_distance - CLOSED_LIP_DISTANCE, 0.0)
    weights[..., close] = weights[..., jaw] - opening
    return np.clip(weights, 0.0, 1.0)


def _pucker_from_width(width: Float32Array, jaw: Float32Array) -> Float32Array:
    """Return mouthPucker (N, T) for a mouth of this width (N, T), without the narrowing by the jaw."""
    narrower = 1 - width / np.median(width[:, :REST_FRAMES])
    return np.clip((narrower - JAW_NARROWING * jaw) / PUCKER_NARROWING, 0.0, 1.0)


def _correct_squints(weights: Float32Array) -> Float32Array:
    """Return the squints without the part caused by blinks."""
    weights = weights.copy()
    for side in ("Left", "Right"):
        squint, blink = channels.FACE.index("eyeSquint" + side), channels.FACE.index("eyeBlink" + side)
        weights[..., squint] -= SQUINT_OF_BLINK * weights[..., blink]
    return weights


def _correct_brows(weights: Float32Array) -> Float32Array:
    """Return brows at rest at each clip's median, lowered and raised by the tracked browDown."""
    weights, lifts = weights.copy(), []
    for side in ("Left", "Right"):
        down, outer = channels.FACE.index("browDown" + side), channels.FACE.index("browOuterUp" + side)
        lowered = weights[..., down] - np.median(weights[..., down], axis=1, keepdims=True)
        lift = BROW_UP * np.maximum(-lowered, 0.0)
        weights[..., down], weights[..., outer] = BROW_DOWN * np.maximum(lowered, 0.0), lift
        lifts.append(lift)
    weights[..., channels.FACE.index("browInnerUp")] = np.mean(lifts, 0)
    return weights


def lip_distance(motion: Mapping[str, Any]) -> Float32Array:
    """Return the distance of the inner lips over that of the outer eye corners, (N, T)."""
    return _distance(motion, 13, 14) / np.maximum(_distance(motion, 33, 263), 1e-3)


def mouth_width(motion: Mapping[str, Any]) -> Float32Array:
    """Return the distance of the mouth's corners over that of the outer eye corners, (N, T)."""
    return _distance(motion, 61, 291) / np.maximum(_distance(motion, 33, 263), 1e-3)


def _distance(motion: Mapping[str, Any], a: int, b: int) -> Float32Array:
    """Return the distance of two landmarks (N, T)."""
    ids, marks = list(motion["landmark_ids"]), motion["lip_landmarks"].astype(np.float32)
    return np.linalg.norm(marks[:, :, ids.index(a)] - marks[:, :, ids.index(b)], axis=-1)

"""Natural head motion (`head_tracks/natural.npz`) as sequences: rotation vectors and loudness, varied to say more."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.interpolate import PchipInterpolator

from ..features import DIMENSION, LOUDNESS
from ..types import MODEL_RATE, FloatArray
from .dataset import Sequence

Floats = npt.NDArray[np.floating]

HELD_OUT = ("clip_08", "clip_15")
STYLE = "natural"
VARIANTS = 24


def tracks(folder: Path) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Clip name -> rotation vectors (T, 3) in our axes and loudness (T,), NaN where there was no sound; 30 rows/s."""
    with np.load(folder / "natural.npz") as arrays:
        names = sorted({key.split("/")[0] for key in arrays.files})
        return {
            name: _track({k.split("/")[1]: arrays[k] for k in arrays.files if k.startswith(name)}) for name in names
        }


def _track(clip: dict[str, FloatArray]) -> tuple[FloatArray, FloatArray]:
    rotation = clip["rotvec"].astype(np.float64)
    # The tracker's axes are right, up, towards the camera; ours right, away from the camera, up.
    rotation = np.stack([rotation[:, 0], -rotation[:, 2], rotation[:, 1]], axis=1)
    loudness = np.full(len(rotation), np.nan)
    if "loudness_db" in clip:
        decibels = clip["loudness_db"]
        loudness = np.maximum((decibels - np.quantile(decibels, 0.9)) / 20, -3.0)
    return _stretch(rotation, loudness, float(clip["fps"]), 1.0)


def _stretch(rotation: Floats, loudness: Floats, fps: float, speed: float) -> tuple[FloatArray, FloatArray]:
    times = np.arange(len(rotation)) / fps / speed
    at = np.arange(int(times[-1] * MODEL_RATE.value) + 1) / MODEL_RATE.value
    moved = PchipInterpolator(times, rotation)(at)
    return moved.astype(np.float32), np.interp(at, times, loudness).astype(np.float32)


def sequences(folder: Path, seed: int = 0) -> list[Sequence]:
    """Every track that is not held out, VARIANTS times: mirrored, larger or smaller, faster or slower."""
    rng = np.random.default_rng(seed)
    made = []
    for name, (rotation, loudness) in tracks(folder).items():
        if name in HELD_OUT:
            continue
        for variant in range(VARIANTS):
            moved, heard = _stretch(rotation, loudness, MODEL_RATE.value, rng.uniform(0.9, 1.1) if variant else 1.0)
            mirror = np.array([1, -1, -1]) if variant % 2 else np.ones(3)
            moved = moved * mirror * (rng.uniform(0.75, 1.25) if variant else 1.0)
            features = np.zeros((len(moved), DIMENSION), np.float16)
            features[:, LOUDNESS] = heard
            made.append(Sequence(features, moved.astype(np.float16), np.ones(3, bool), STYLE))
    return made

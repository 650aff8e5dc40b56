"""Natural head motion (`head_tracks/natural.npz`): rotation vectors and loudness, 30 rows per second."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.interpolate import PchipInterpolator

from ...types import MODEL_RATE, Float32Array

AnyFloatArray = npt.NDArray[np.floating]

HELD_OUT = ("clip_08", "clip_15")
HEAD_STYLE = "natural"


def load_tracks(folder: Path) -> dict[str, tuple[Float32Array, Float32Array]]:
    """Return rotation vectors (T, 3) in DiFACE's axes and loudness (T,), NaN without sound, by clip name; 30 rows/s."""
    with np.load(folder / "natural.npz") as arrays:
        names = sorted({key.split("/")[0] for key in arrays.files})
        return {
            name: _convert_track({k.split("/")[1]: arrays[k] for k in arrays.files if k.startswith(name)})
            for name in names
        }


def _convert_track(clip: dict[str, Float32Array]) -> tuple[Float32Array, Float32Array]:
    rotation = clip["rotvec"].astype(np.float64)
    # The tracker's axes are right, up, towards the camera; DiFACE's right, away from the camera, up.
    rotation = np.stack([rotation[:, 0], -rotation[:, 2], rotation[:, 1]], axis=1)
    loudness = np.full(len(rotation), np.nan)
    if "loudness_db" in clip:
        decibels = clip["loudness_db"]
        loudness = np.maximum((decibels - np.quantile(decibels, 0.9)) / 20, -3.0)
    return _resample_track(rotation, loudness, float(clip["fps"]))


def _resample_track(rotation: AnyFloatArray, loudness: AnyFloatArray, fps: float) -> tuple[Float32Array, Float32Array]:
    times = np.arange(len(rotation)) / fps
    at = np.arange(int(times[-1] * MODEL_RATE.value) + 1) / MODEL_RATE.value
    moved = PchipInterpolator(times, rotation)(at)
    return moved.astype(np.float32), np.interp(at, times, loudness).astype(np.float32)

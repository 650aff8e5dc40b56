"""A folder of head motion with its sound: `wav/NAME.wav` and `head/NAME.npy`, rotation vectors (T, 3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import DifaceError
from ...types import Float32Array
from ..corpora import recordings
from ..corpora.clip import resample_to_rows
from ..corpora.reading import Skipped, require_files
from ..corpora.vocaset_folder import trim_to_motion

MAX_ROTATION = 2.5
"""Radians beyond which no neck turns: degrees, or another quantity."""


@dataclass(frozen=True)
class HeadTrack:
    """One recording: rotation vectors (T, 3) of FLAME's neck in radians, 30 rows a second; samples (N,) at 16 kHz."""

    name: str
    rotation: Float32Array
    samples: Float32Array


def head_folder(folder: Path, fps: float = 30.0) -> Iterator[HeadTrack | Skipped]:
    """A track for every `head/NAME.npy`, recorded at `fps` frames a second, that has its `wav/NAME.wav`.

    Raises DifaceError where a part of the folder is missing.
    """
    require_files(folder, "wav", "head")
    tracks = sorted((folder / "head").glob("*.npy"))
    for path in tracks:
        try:
            yield _track(path, folder / "wav" / f"{path.stem}.wav", fps)
        except (DifaceError, OSError, ValueError, EOFError) as reason:
            yield Skipped(str(path), getattr(reason, "message", str(reason)))
    moving = {path.stem for path in tracks}
    for path in sorted((folder / "wav").glob("*.wav")):
        if path.stem not in moving:
            yield Skipped(str(path), "no head motion of the same name")


def _track(path: Path, sound: Path, fps: float) -> HeadTrack:
    if not sound.is_file():
        raise ValueError("no sound of the same name in wav/")
    rotation = np.load(path, allow_pickle=False)
    if rotation.ndim != 2 or rotation.shape[1] != 3 or len(rotation) < 2:
        raise ValueError(f"rotation vectors of shape {rotation.shape}, expected (frames, 3)")
    if not np.isfinite(rotation).all() or np.abs(rotation).max() > MAX_ROTATION:
        raise ValueError("rotations that are no numbers, or not in radians")
    samples = trim_to_motion(recordings.load_samples(sound), len(rotation) / fps, fps)
    return HeadTrack(path.stem, resample_to_rows(rotation, np.arange(len(rotation)) / fps, len(samples)), samples)

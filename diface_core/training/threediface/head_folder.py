"""Folders of head motion with audio: `wav/NAME.wav` and `head/NAME.npy`, rotation vectors (T, 3)."""

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
"""Radians: larger rotations of a neck are in degrees, or another quantity."""


@dataclass(frozen=True)
class HeadTrack:
    """One recording.

    Attributes:
        name: Name of its files.
        rotation: Rotation vectors (T, 3) of FLAME's neck in radians, 30 rows per second.
        samples: Audio (N,) at 16 kHz.
    """

    name: str
    rotation: Float32Array
    samples: Float32Array


def head_folder(folder: Path, fps: float = 30.0) -> Iterator[HeadTrack | Skipped]:
    """Yield a track for every `head/NAME.npy`, recorded at `fps` frames per second, with its `wav/NAME.wav`.

    Raises:
        DifaceError: If a part of the folder is missing.
    """
    require_files(folder, "wav", "head")
    tracks = sorted((folder / "head").glob("*.npy"))
    for path in tracks:
        try:
            yield _track(path, folder / "wav" / f"{path.stem}.wav", fps)
        except (DifaceError, OSError, ValueError, EOFError) as reason:
            yield Skipped(str(path), getattr(reason, "message", str(reason)))
    names = {path.stem for path in tracks}
    for path in sorted((folder / "wav").glob("*.wav")):
        if path.stem not in names:
            yield Skipped(str(path), "no head motion of the same name")


def _track(path: Path, audio: Path, fps: float) -> HeadTrack:
    if not audio.is_file():
        raise ValueError("no audio of the same name in wav/")
    rotation = np.load(path, allow_pickle=False)
    if rotation.ndim != 2 or rotation.shape[1] != 3 or len(rotation) < 2:
        raise ValueError(f"rotation vectors of shape {rotation.shape}, expected (frames, 3)")
    if not np.isfinite(rotation).all() or np.abs(rotation).max() > MAX_ROTATION:
        raise ValueError("rotations that are not finite, or not in radians")
    samples = trim_to_motion(recordings.load_samples(audio), len(rotation) / fps, fps)
    return HeadTrack(path.stem, resample_to_rows(rotation, np.arange(len(rotation)) / fps, len(samples)), samples)

"""A folder laid out as VOCASET is for face animation: `wav/`, `vertices_npy/` and `templates.pkl`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...errors import DifaceError
from ...features import RATE
from ...types import FloatArray
from . import flame_channels, recordings
from .clip import Clip, at_rows
from .reading import Skipped, require
from .safe_pickle import load_arrays

FPS = 60.0
"""Frames a second of the vertices (Cudeiro et al., CVPR 2019)."""
APART = 0.5
"""Seconds by which sound and motion may differ in length; what only one of them has is left out."""
LARGEST = 1.0
"""Metres from the origin beyond which no vertex of a head in metres stands."""


def vocaset_folder(folder: Path, style: str = "") -> Iterator[Clip | Skipped]:
    """A clip for every sequence `SPEAKER_sentenceNN.npy`: FLAME vertices (T, 15069) or (T, 5023, 3) in metres.

    Speaker: the name in templates.pkl with which the file begins. Style: `style`, or the speaker's name.
    Source: the folder's name. Raises DifaceError where a part of the folder is missing or templates.pkl holds more
    than arrays.
    """
    require(folder, "wav", "vertices_npy", "templates.pkl")
    templates = load_arrays(folder / "templates.pkl")
    sequences = sorted((folder / "vertices_npy").glob("*.npy"))
    for path in sequences:
        try:
            yield _clip(path, folder, templates, style)
        except (DifaceError, OSError, ValueError, EOFError) as reason:
            yield Skipped(str(path), getattr(reason, "message", str(reason)))
    moving = {path.stem for path in sequences}
    for path in sorted((folder / "wav").glob("*.wav")):
        if path.stem not in moving:
            yield Skipped(str(path), "no vertices of the same name")


def _clip(path: Path, folder: Path, templates: dict[str, FloatArray], style: str) -> Clip:
    speaker = max((name for name in templates if path.stem.startswith(name)), key=len, default=None)
    if speaker is None:
        raise ValueError("no template of this speaker")
    template = templates[speaker]
    if template.shape != (flame_channels.VERTICES, 3):
        raise ValueError(f"the template of {speaker} has shape {template.shape}, expected (5023, 3)")
    sound = folder / "wav" / f"{path.stem}.wav"
    if not sound.is_file():
        raise ValueError("no sound of the same name in wav/")
    vertices = np.load(path, mmap_mode="r", allow_pickle=False)
    if vertices.size == 0 or vertices[0].size != template.size:
        raise ValueError(f"vertices of shape {vertices.shape}, expected (frames, 15069)")
    vertices = np.asarray(vertices, np.float32).reshape(len(vertices), -1, 3)
    if not np.isfinite(vertices).all() or np.abs(vertices).max() > LARGEST:
        raise ValueError("vertices that are no numbers, or not in metres")

    samples = recordings.load(sound)
    seconds = min(len(samples) / RATE, len(vertices) / FPS)
    if abs(len(samples) / RATE - len(vertices) / FPS) > APART:
        raise ValueError(f"{len(vertices) / FPS:.2f} s of motion at 60 fps, but {len(samples) / RATE:.2f} s of sound")
    samples = samples[: round(seconds * RATE)]
    values = at_rows(flame_channels.weights(vertices, template), np.arange(len(vertices)) / FPS, len(samples))
    return Clip(
        path.stem, samples, values, flame_channels.known(), style or speaker, speaker=speaker, source=folder.name
    )

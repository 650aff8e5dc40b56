"""How round GRID's lips are, from the corners of the mouth: the landmarker's own mouthPucker sleeps until half way.

Where the mouth is 5% narrower than at rest the landmarker says .03, at 16% .85; the bundled head needs .25 and .78.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from .. import channels
from ..types import FloatArray
from .corpora import Clip
from .corpora.clip import at_rows

NARROWING, BY_JAW = 0.207, 0.087
"""How much narrower the bundled head's mouth is, of its width at rest, with mouthPucker 1 and with jawOpen 1."""
RESTING = 5
"""Frames at a clip's start, before he speaks."""


def puckered(clips: list[Clip], folder: Path) -> list[Clip]:
    """GRID's clips with mouthPucker from the distance of the mouth's corners (61, 291) over that of the eyes'."""
    motion = np.load(folder / "motion.npz")
    keys = [str(key) for key in motion["keys"]]
    ids, marks = list(motion["landmark_ids"]), motion["lip_landmarks"].astype(np.float32)
    corners, eyes = (
        np.linalg.norm(marks[:, :, ids.index(a)] - marks[:, :, ids.index(b)], axis=-1)
        for a, b in ((61, 291), (33, 263))
    )
    width = corners / np.maximum(eyes, 1e-3)
    narrower = 1 - width / np.median(width[:, :RESTING])
    times = (np.arange(width.shape[1]) + 0.5) / float(motion["fps"])
    return [
        _puckered(clip, at_rows(narrower[keys.index(clip.name)][:, None], times, len(clip.samples))) for clip in clips
    ]


def _puckered(clip: Clip, narrower: FloatArray) -> Clip:
    values = clip.values.copy()
    jaw = values[:, channels.FACE.index("jawOpen")]
    values[:, channels.FACE.index("mouthPucker")] = np.clip((narrower[:, 0] - BY_JAW * jaw) / NARROWING, 0.0, 1.0)
    return dataclasses.replace(clip, values=values)

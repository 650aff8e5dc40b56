"""The model's lips: the same speech performed by the bundled head."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import numpy.typing as npt

from diface_addon.scene.characters import bundled_head as product
from tests.addon.scene import scenes

from ..bundled_parts import bundled_head
from ..surfaces import surface
from . import performing
from .model import Model
from .recording import rigid_fit

HEAD_METRES = 0.233
"""Height of the bundled head."""


def bundled_performance(speech: Path, frames: npt.NDArray[np.int64]) -> Model:
    """Return what the bundled head does at `frames`, in a new file."""
    scene = scenes.new_file()
    performing.prepare(int(frames[-1]))
    head = product.add_head(bpy.context)
    marks = bundled_head().landmarks
    skull = np.setdiff1d(marks["hair"], marks["face"])
    rest = surface(head)
    performing.perform(head, speech)
    opening, turns = [], []
    for frame in frames.tolist():
        scene.frame_set(frame)
        now = surface(head)
        turn, shift = rigid_fit(rest[skull], now[skull])
        upper, lower = ((now[marks[name][4:9]] - shift) @ turn for name in ("upper_inner_lip", "lower_inner_lip"))
        opening.append((upper[:, 2] - lower[:, 2]).mean() / HEAD_METRES * 200.0)
        turns.append(turn)
    return Model(frames, np.array(opening), np.stack(turns))

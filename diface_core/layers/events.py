"""What lives beside the speech: blinks, gaze and breath, each from a seed and the sound's phrases. numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import channels
from ..types import AnyFloatArray, Layers, Motion
from .blinks import Blinks
from .breath import Breath
from .gaze import Gaze, eye_look_weights
from .phrases import find_phrases


@dataclass(frozen=True)
class LayerEvents:
    """All that happens in a sound, drawn once; any stretch of rows, at any frame rate, then shows its part of it."""

    blinks: Blinks | None
    gaze: Gaze | None
    breath: Breath | None

    @classmethod
    def sample(cls, loudness: AnyFloatArray, layers: Layers) -> LayerEvents:
        """Draw what `layers` ask for, to the loudness (T,) of the whole sound at MODEL_RATE (0 is speech level, 1 is
        20 dB more). No layer's own events depend on another's seed; with gaze, some blinks go with its shifts."""
        spoken, rows = find_phrases(loudness), len(loudness)
        gaze = None if layers.gaze is None else Gaze.sample(spoken, rows, layers.gaze)
        shifts = np.zeros((0, 2)) if gaze is None else gaze.shifts
        return cls(
            None if layers.blinks is None else Blinks.sample(spoken, rows, layers.blinks, shifts),
            gaze,
            None if layers.breath is None else Breath.sample(spoken, rows, layers.breath),
        )

    def apply(self, motion: Motion, first: int = 0) -> Motion:
        """The Motion with the layers on its face; its row 0 is row `first` of the whole. Without a face, as it is.

        Lids are shut as far as the face or the blink wants, whichever is more; the eyes are the gaze's alone, and turn
        against the Motion's head; `breathIn` comes after the face. A layer that is left out leaves its channels.
        """
        if channels.FACE[0] not in motion.channels:
            return motion
        at = (first + np.arange(len(motion))) / motion.rate.value
        columns = {name: motion.column(name) for name in motion.channels}
        if self.blinks:
            shut = self.blinks.closure(at)
            columns |= {name: np.maximum(columns[name], shut) for name in channels.LAYERS["blinks"]}
        if self.gaze:
            columns |= eye_look_weights(self.gaze.angles(at) - _head_angles(motion))
        if self.breath:
            columns |= {name: self.breath.volume(at) for name in channels.LAYERS["breath"]}
        names = tuple(name for name in channels.SHAPES + channels.HEAD if name in columns)
        return Motion(np.stack([columns[name] for name in names], 1).astype(np.float32), names, motion.rate)


def _head_angles(motion: Motion) -> AnyFloatArray:
    """Yaw and pitch (T, 2) of the head in degrees, left and up positive; zero where the Motion has no head."""
    if channels.HEAD[0] not in motion.channels:
        return np.zeros((len(motion), 2), np.float32)
    # Rotation vectors of a few degrees are angles about the axes; +rx nods down.
    return np.degrees(np.stack([motion.column("head_rz"), -motion.column("head_rx")], 1))

"""The events of the layers besides the speech, sampled from a seed and the phrases of the audio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import channels
from ..types import IDLE, LISTEN, SPEAK, AnyFloatArray, Layers, Motion
from .blinks import Blinks
from .breath import Breath
from .gaze import Gaze, eye_look_weights
from .phrases import find_phrases
from .tongue import room_between, tongue_channels

LISTENER_DELAY = 0.3
"""Seconds by which a listener's blinks follow the ends of the speaker's phrases: a quarter to half a second after the
speaker's own (Nakano & Kitazawa 2010)."""
NO_PHRASES: AnyFloatArray = np.zeros((0, 2))


@dataclass(frozen=True)
class LayerEvents:
    """The layers' events of some audio. Any part of a Motion, at any frame rate, shows its share of them."""

    blinks: Blinks | None
    gaze: Gaze | None
    breath: Breath | None
    tongue: float | None = None

    @classmethod
    def sample(cls, loudness: AnyFloatArray, layers: Layers, role: str = SPEAK) -> LayerEvents:
        """Sample the events of `layers`.

        The events of a layer do not depend on the seed of another, except that with gaze some blinks accompany its
        shifts.

        Args:
            loudness: Loudness (T,) of the whole audio at MODEL_RATE; 0 is speech level, 1 is 20 dB more.
            layers: Seeds of the layers, and the strength of the tongue.
            role: A speaker looks away and breathes by its phrases. A listener looks at the speaker, blinks after the
                phrases and breathes evenly. An idle character looks around.
        """
        rows = len(loudness)
        phrases = NO_PHRASES if role == IDLE else find_phrases(loudness)
        own = phrases if role == SPEAK else NO_PHRASES
        gaze = None
        if layers.gaze is not None:
            is_idle = role == IDLE
            gaze = Gaze.sample_around(rows, layers.gaze) if is_idle else Gaze.sample(own, rows, layers.gaze)
        shifts = np.zeros((0, 2)) if gaze is None else gaze.shifts
        heard = phrases + LISTENER_DELAY if role == LISTEN else phrases
        return cls(
            None if layers.blinks is None else Blinks.sample(heard, rows, layers.blinks, shifts),
            gaze,
            None if layers.breath is None else Breath.sample(own, rows, layers.breath),
            layers.tongue,
        )

    def apply(self, motion: Motion, first: int = 0) -> Motion:
        """Return the Motion with the layers on its face, or unchanged without a face.

        The Motion's row 0 is row `first` of the whole. Lids are as closed as the face or the blink requires, whichever
        is more. The gaze replaces the eyes' channels and compensates the head's rotation. `breathIn` comes after the
        face, and then the tongue's channels, as channels.ARTICULATION asks, if the Motion has it; the tongue also puts
        out its tip, and limits how far the face does, so that it passes no teeth. A layer that is off leaves its
        channels.
        """
        if channels.FACE[0] not in motion.channels:
            return motion
        times = (first + np.arange(len(motion))) / motion.rate.value
        columns = {name: motion.column(name) for name in motion.channels}
        if self.blinks:
            closure = self.blinks.closure(times)
            columns |= {name: np.maximum(columns[name], closure) for name in channels.LAYERS["blinks"]}
        if self.gaze:
            columns |= eye_look_weights(self.gaze.angles(times) - _head_angles(motion))
        if self.breath:
            columns |= {name: self.breath.volume(times) for name in channels.LAYERS["breath"]}
        if self.tongue is not None:
            columns |= _tongue_columns(motion, self.tongue)
        names = tuple(name for name in channels.SHAPES + channels.HEAD if name in columns)
        return Motion(np.stack([columns[name] for name in names], 1).astype(np.float32), names, motion.rate)


def _tongue_columns(motion: Motion, strength: float) -> dict[str, AnyFloatArray]:
    """Return the tongue's channels of a Motion; they rest if it has no articulation."""
    out = motion.column("tongueOut")
    if channels.ARTICULATION[0] not in motion.channels:
        return {name: np.zeros_like(out) for name in channels.TONGUE}
    articulation = np.clip(motion.select(channels.ARTICULATION).values, 0, 1)
    face = motion.select(channels.FACE).values
    tip, body, between = tongue_channels(articulation, face, strength).T
    own = np.minimum(out, room_between(face))  # The face's own tongueOut, of visemes, knows no teeth.
    return {**dict(zip(channels.TONGUE, (tip, body), strict=True)), "tongueOut": np.maximum(own, between)}


def _head_angles(motion: Motion) -> AnyFloatArray:
    """Yaw and pitch (T, 2) of the head in degrees, left and up positive; zero for a Motion without a head."""
    if channels.HEAD[0] not in motion.channels:
        return np.zeros((len(motion), 2), np.float32)
    # Rotation vectors of a few degrees are angles about the axes; +rx nods down.
    return np.degrees(np.stack([motion.column("head_rz"), -motion.column("head_rx")], 1))

"""Everything that directs a finished motion: its articulation, then its mood, then its gaze."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

import numpy as np

from ..types import Float32Array, Float64Array, FrameRate, Pins
from .articulation import articulate
from .articulation_controls import ArticulationControls
from .gaze.target import GazeTarget
from .mood import express
from .mood_controls import MoodControls


@dataclass(frozen=True)
class Direction:
    """The articulation, the moods and the gaze target of a motion."""

    articulation: ArticulationControls
    mood: MoodControls = field(default_factory=MoodControls.constant)
    gaze: GazeTarget | None = None

    @property
    def is_neutral(self) -> bool:
        """Whether nothing changes."""
        has_gaze = self.gaze is not None and not self.gaze.is_neutral
        return self.articulation.is_neutral and self.mood.is_neutral and not has_gaze

    def apply(
        self, values: Float32Array, names: tuple[str, ...], rate: FrameRate, pins: Pins, aperture: Float64Array
    ) -> Float32Array:
        """Return the motion (T, C) as directed; the arguments are those of `articulate` and `express`."""
        articulated = articulate(values, names, rate, self.articulation, pins, aperture)
        expressed = express(articulated, names, rate, self.mood, pins, aperture)
        return expressed if self.gaze is None else self.gaze.apply(expressed, names, rate, pins)

    @property
    def signature(self) -> str:
        """A text that changes with what is directed; "" if nothing is."""
        if self.is_neutral:
            return ""
        held = [self.articulation.values, self.mood.values, np.array([self.mood.seed])]
        held += [] if self.gaze is None or self.gaze.is_neutral else [*self.gaze.arrays()]
        checksum = 0
        for array in held:
            checksum = zlib.crc32(np.ascontiguousarray(array).tobytes(), checksum)
        return f"{','.join(self.articulation.names)} {checksum:08x}"

"""How often, how long and how strongly a character looks at its target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ... import types

CONTROLS = ("weight", "often", "duration", "head")
"""weight: 0 as generated, 1 at the target. often: share of the time that is spent on the target. duration: mean seconds
of a look. head: 0 the eyes alone, 0.5 as people's heads follow, 1 the head faces the target."""
DEFAULTS = {"weight": 1.0, "often": 0.8, "duration": 3.1, "head": 0.5}
"""With a look of 3.1 s a look away lasts 0.8 s (chosen, after the speakers of Lee, Badler & Badler 2002)."""
MIN_DURATION = 0.3


@dataclass(frozen=True)
class GazeControls:
    """Controls of the gaze at a target.

    Attributes:
        values: (T, 4) in the order of CONTROLS, one row for each row of the motion; or (1, 4).
        seed: Seed of when the character looks, and at which point of a face.
    """

    values: types.Float64Array
    seed: int = 0

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(CONTROLS) or not len(self.values):
            raise ValueError(f"values must be (T, {len(CONTROLS)}), with T at least 1. Got {self.values.shape}.")
        if not np.isfinite(self.values).all():
            raise ValueError("values must be finite.")

    @classmethod
    def constant(cls, seed: int = 0, **values: float) -> GazeControls:
        """Return controls that are the same on every row; those that are left out have their defaults."""
        return cls(np.array([[(DEFAULTS | values)[name] for name in CONTROLS]], np.float64), seed)

    @property
    def is_neutral(self) -> bool:
        """Whether nobody looks at the target on any row."""
        return not (self.values[:, :2] > 0.0).all(axis=1).any()

    def column(self, name: str, rows: int) -> types.Float64Array:
        """Return one control (rows,), within its limits."""
        column = np.broadcast_to(self.values[:, CONTROLS.index(name)], (rows,))
        return np.maximum(column, MIN_DURATION) if name == "duration" else np.clip(column, 0.0, 1.0)

    def at(self, name: str, times: types.Float64Array, rate: types.FrameRate) -> types.Float64Array:
        """Return one control at `times` (s) from the first row."""
        rows = len(self.values)
        return np.interp(times * rate.value, np.arange(rows), self.column(name, rows))

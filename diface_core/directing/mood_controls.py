"""The intensities of the moods over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import Float64Array
from .moods import MOODS

NAMES = tuple(MOODS)


@dataclass(frozen=True)
class MoodControls:
    """Intensities of all moods.

    Attributes:
        values: (T, M) in the order of NAMES, 0 to 1, one row for each row of the motion; or (1, M).
        seed: Seed of the variation.
    """

    values: Float64Array
    seed: int = 0

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(NAMES) or not len(self.values):
            raise ValueError(f"values must be (T, {len(NAMES)}), with T at least 1. Got {self.values.shape}.")
        if not np.isfinite(self.values).all():
            raise ValueError("values must be finite.")

    @classmethod
    def constant(cls, seed: int = 0, **values: float) -> MoodControls:
        """Return intensities that are the same on every row."""
        return cls(np.array([[values.get(name, 0.0) for name in NAMES]], np.float64), seed)

    @property
    def is_neutral(self) -> bool:
        """Whether no mood is shown on any row."""
        return not self.values.any()

    def intensities(self, rows: int) -> Float64Array:
        """Return the intensities (rows, M), each at least 0; where their sum is more than 1, they share 1."""
        values = np.clip(np.broadcast_to(self.values, (rows, len(NAMES))), 0.0, 1.0)
        return values / np.maximum(values.sum(axis=1, keepdims=True), 1.0)

"""The frames of a splice, and the weight of either take at each frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...keys.key_table import KeyTable


@dataclass(frozen=True)
class Span:
    """Frames `first` to `last` (inclusive), with a ramp of `ramp_in` frames at the start and `ramp_out` at the end."""

    first: int
    last: int
    ramp_in: int
    ramp_out: int

    @property
    def plateau(self) -> tuple[int, int]:
        """First and last frame that are only the other take's."""
        return self.first + self.ramp_in, self.last - self.ramp_out

    def weight(self, frames: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the weight (T,) of the other take at `frames` (T,) of the span, 0 to 1.

        Velocity and acceleration are 0 at both ends of a ramp (smootherstep).
        """
        rising = (frames - self.first + 1) / (self.ramp_in + 1)
        falling = (self.last + 1 - frames) / (self.ramp_out + 1)
        part: npt.NDArray[np.float64] = np.clip(np.minimum(rising, falling), 0, 1)
        return part**3 * (part * (6 * part - 15) + 10)

    def ramp_times(self, *tables: KeyTable) -> npt.NDArray[np.float32]:
        """Return the times of the keys of `tables` on the ramps."""
        times = self._times(tables)
        return times[(times < self.plateau[0]) | (times > self.plateau[1])]

    def plateau_times(self, *tables: KeyTable) -> npt.NDArray[np.float32]:
        """Return the times of the keys of `tables` between the ramps."""
        times = self._times(tables)
        return times[(times >= self.plateau[0]) & (times <= self.plateau[1])]

    def joined(self, mine: KeyTable, ramps: KeyTable, theirs: KeyTable) -> KeyTable:
        """Return `mine` outside the span, `ramps` unchanged, and `theirs` between them."""
        return KeyTable.joined([mine.outside(self.first, self.last), theirs.between(*self.plateau), ramps])

    def _times(self, tables: tuple[KeyTable, ...]) -> npt.NDArray[np.float32]:
        return np.unique(np.concatenate([table.between(self.first, self.last).frames for table in tables]))

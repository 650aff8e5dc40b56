"""Properties that share channels, and the channels that their values amount to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from .face_target import FaceTarget
from .linear_inverse import FloatArray, independent_rows, nearest_channels


@dataclass(frozen=True)
class LinearSystem:
    """Properties that are connected by their channels, such as `jawOpen` of head and teeth.

    Attributes:
        targets: A properties, the main mesh's first. `FaceTarget.value` gives the value of each.
    """

    targets: tuple[FaceTarget, ...]

    @cached_property
    def channels(self) -> tuple[str, ...]:
        """The C channels that move the properties."""
        return tuple(dict.fromkeys(channel for target in self.targets for channel in target.channels))

    @cached_property
    def matrix(self) -> FloatArray:
        """The gain (A, C) of each channel in each property."""
        matrix = np.zeros((len(self.targets), len(self.channels)))
        for row, target in enumerate(self.targets):
            for channel, gain in target.gains:
                matrix[row, self.channels.index(channel)] += gain
        return matrix

    @cached_property
    def offsets(self) -> FloatArray:
        """The value (A,) of each property while its channels are 0."""
        return np.array([target.offset for target in self.targets])

    def columns(self, values: npt.NDArray) -> dict[str, npt.NDArray[np.float64]]:
        """Return the columns (T,) of the channels for values (T, A) of the properties. The inverse of their values.

        Of properties that say the same about a channel, the first counts.
        """
        return dict(zip(self.channels, self._solved(values, range(len(self.targets))).T, strict=True))

    def pinned_columns(self, values: npt.NDArray, pinned: Iterable[int]) -> dict[str, float]:
        """Return the channels at one time, with some properties pinned.

        The pinned properties have their values exactly; the channels are those nearest to what the other properties
        amount to.

        Args:
            values: (A,) the values of all properties, those of the pinned ones included.
            pinned: The numbers of the pinned properties.
        """
        rows = sorted(pinned)
        near = self._solved(values[None], [row for row in range(len(self.targets)) if row not in rows])
        known = self._independent(tuple(rows))
        found = nearest_channels(self.matrix[known], (values - self.offsets)[None, known], near)[0]
        return dict(zip(self.channels, found.tolist(), strict=True))

    def _independent(self, rows: tuple[int, ...]) -> list[int]:
        """Return those of some properties that determine as many channels as all of them do."""
        if rows not in self._independent_rows:
            chosen = independent_rows(self.matrix[list(rows)]) if rows else []
            self._independent_rows[rows] = [rows[row] for row in chosen]
        return self._independent_rows[rows]

    @cached_property
    def _independent_rows(self) -> dict[tuple[int, ...], list[int]]:
        """Properties -> those that `_independent` returned for them."""
        return {}

    def _solved(self, values: npt.NDArray, rows: Sequence[int]) -> FloatArray:
        """Return the channels (T, C) of values (T, A) by some of the properties."""
        chosen = self._independent(tuple(rows))
        sums = np.asarray(values, np.float64) - self.offsets
        return nearest_channels(self.matrix[chosen], sums[:, chosen], np.zeros((len(values), len(self.channels))))


def connected(targets: Iterable[FaceTarget]) -> tuple[LinearSystem, ...]:
    """Return the systems that properties form, each with its properties in the given order.

    Those of the characters that were used last are kept, with what was computed for them.
    """
    return _connected(tuple(targets))


@lru_cache(maxsize=32)
def _connected(targets: tuple[FaceTarget, ...]) -> tuple[LinearSystem, ...]:
    group_of: dict[str, list[int]] = {}
    """Channel -> the numbers of the properties that are connected to it."""
    groups: dict[int, list[int]] = {}
    for number, target in enumerate(targets):
        joined = [number]
        for touching in {id(group_of[name]): group_of[name] for name in target.channels if name in group_of}.values():
            joined += touching
            del groups[id(touching)]
        groups[id(joined)] = joined
        group_of |= {name: joined for other in joined for name in targets[other].channels}
    return tuple(LinearSystem(tuple(targets[number] for number in sorted(group))) for group in groups.values())

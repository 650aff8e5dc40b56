"""A property that face channels move, such as the value of a shape key, and how they move it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...core import channels
from ..property_address import PropertyAddress


@dataclass(frozen=True)
class FaceTarget:
    """A property of the rig that one channel moves, or several.

    Attributes:
        address: The property.
        gains: (channel, gain) pairs: the property's value is the offset and the sum of gain x channel. A control of two
            directions (-1 to 1) has two channels with gains of opposite signs.
        name: Name of the shape key; for other properties what the user reads.
        offset: The property's value while its channels are 0.
    """

    address: PropertyAddress
    gains: tuple[tuple[str, float], ...]
    name: str = ""
    offset: float = 0.0

    @property
    def channel(self) -> str:
        """The first channel."""
        return self.gains[0][0]

    @property
    def channels(self) -> tuple[str, ...]:
        """All channels."""
        return tuple(channel for channel, _gain in self.gains)

    @property
    def is_channel(self) -> bool:
        """Whether the property is a channel of the face itself: one, with gain 1."""
        return self.gains == ((self.channel, 1.0),) and not self.offset and self.channel in channels.FACE

    def value(self, columns: Mapping[str, Any]) -> Any:
        """Return the property's value for values of channels, numbers or arrays; None without any of its channels."""
        terms = [gain * columns[channel] for channel, gain in self.gains if channel in columns]
        return sum(terms[1:], terms[0]) + self.offset if terms else None


def motion_matrix(columns: Mapping[str, npt.NDArray]) -> npt.NDArray[np.float64]:
    """Return columns (T,) of channels as a motion (T, 52) in the order of channels.FACE; missing ones are 0."""
    motion = np.zeros((len(next(iter(columns.values()))), len(channels.FACE)))
    for number, name in enumerate(channels.FACE):
        if name in columns:
            motion[:, number] = columns[name]
    return motion

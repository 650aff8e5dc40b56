"""A pin: one key of one curve that the artist wants kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..characters import shape_key_names
from ..keys.key_table import SAME_TIME
from ..keys.property_address import PropertyAddress


@dataclass(frozen=True)
class Pin:
    """A key of the data-block of `kind` ('KEY', 'OBJECT'), of its property `path` [`index`], at a frame of the scene,
    which may be between frames. value: exactly what the key says, a float32."""

    kind: str
    path: str
    index: int
    frame: float
    value: float

    @property
    def address(self) -> PropertyAddress:
        """Which curve it is on."""
        return self.kind, self.path, self.index


def face_channel(pin: Pin) -> str | None:
    """The face channel that it is of; None for the head."""
    return shape_key_names.channel_for_path(pin.path) if pin.kind == "KEY" else None


def group_by_curve(pins: Iterable[Pin]) -> dict[PropertyAddress, npt.NDArray[np.float64]]:
    """Address -> its pins' (frame, value), (K, 2) in the order of time; of two at the same time the later one given."""
    found: dict[PropertyAddress, list[tuple[float, float]]] = {}
    for pin in pins:
        found.setdefault(pin.address, []).append((pin.frame, pin.value))
    return {address: _latest_at_each_time(np.array(some)) for address, some in found.items()}


def _latest_at_each_time(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    points = points[np.argsort(points[:, 0], kind="stable")]
    return points[np.append(np.diff(points[:, 0]) > SAME_TIME, True)]

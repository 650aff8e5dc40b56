"""Pins on properties that share channels, such as `jawOpen` of head and teeth, in these channels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import bpy
import numpy as np

from ...rig.mapping.face_target import FaceTarget
from ...rig.mapping.linear_system import LinearSystem
from ...rig.property_address import PropertyAddress
from ..animation import active_curves, evaluate_curves
from .pin import Pin

TIMES_PER_FRAME = 1000
"""Resolution in which two times are the same."""


@dataclass(frozen=True)
class SystemPins:
    """The pins on one system at one time.

    Attributes:
        system: The system.
        pins: Its pinned properties.
        columns: The value of each of its channels, by the pins and the other properties.
    """

    system: LinearSystem
    pins: dict[PropertyAddress, Pin]
    columns: dict[str, float]

    @property
    def frame(self) -> float:
        """The frame of the pins."""
        return next(iter(self.pins.values())).frame

    @property
    def pinned_channels(self) -> dict[str, float]:
        """The channels that move a pinned property, with their values."""
        moved = {name for target in self.system.targets if target.address in self.pins for name in target.channels}
        return {name: value for name, value in self.columns.items() if name in moved}

    @property
    def followers(self) -> list[FaceTarget]:
        """The other properties that pinned channels move."""
        channels = self.pinned_channels
        others = [target for target in self.system.targets if target.address not in self.pins]
        return [target for target in others if channels.keys() & set(target.channels)]


def time_of(pin: Pin) -> int:
    """Return a number that pins at the same time have in common."""
    return round(pin.frame * TIMES_PER_FRAME)


def pins_of_systems(obj: bpy.types.Object, pins: Iterable[Pin]) -> Iterator[SystemPins]:
    """Yield the pins on each system of a character at each time; of two on one property, the later in `pins`."""
    by_address: dict[PropertyAddress, list[Pin]] = {}
    for pin in pins:
        by_address.setdefault(pin.address, []).append(pin)
    active = active_curves.find_active_curves(obj)
    for system in active_curves.systems(obj):
        at_time: dict[int, dict[PropertyAddress, Pin]] = {}
        for pin in [pin for target in system.targets for pin in by_address.get(target.address, ())]:
            at_time.setdefault(time_of(pin), {})[pin.address] = pin
        if not at_time:
            continue
        frames = np.array([next(iter(found.values())).frame for found in at_time.values()], np.float64)
        addresses = [target.address for target in system.targets]
        values = evaluate_curves.sample_properties(obj, addresses, frames, active).astype(np.float64)
        for row, found in zip(values, at_time.values(), strict=True):
            pinned = [number for number, target in enumerate(system.targets) if target.address in found]
            row[pinned] = [found[system.targets[number].address].value for number in pinned]
            yield SystemPins(system, found, system.pinned_columns(row, pinned))

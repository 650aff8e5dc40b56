"""Pins of a channel that several properties have, such as `jawOpen` of head and teeth."""

from __future__ import annotations

from collections.abc import Iterable

import bpy
import numpy as np

from ...rig.property_address import PropertyAddress
from ..animation import active_curves
from .pin import Pin
from .system_pins import pins_of_systems, time_of


def on_all_properties(obj: bpy.types.Object, pins: Iterable[Pin], frames: tuple[float, float]) -> list[Pin]:
    """Return pins, with equal ones on the other properties of their channels that have none at that time.

    Args:
        obj: The main mesh of the character.
        pins: Of any frame.
        frames: First and last frame that an edit changes; pins at other frames stay on one property.
    """
    pins = list(pins)
    taken = {(pin.address, time_of(pin)) for pin in pins}
    added = []
    within = [pin for pin in pins if frames[0] <= pin.frame <= frames[1]]
    for pinned in pins_of_systems(obj, within):
        for other in pinned.followers:
            pin = Pin(*other.address, pinned.frame, float(np.float32(other.value(pinned.columns))), other.channel)
            if (pin.address, time_of(pin)) not in taken:
                taken.add((pin.address, time_of(pin)))
                added.append(pin)
    for group in active_curves.groups(obj):
        added += _moved_together(group, within, taken)
    return pins + added


def _moved_together(group: active_curves.Group, pins: list[Pin], taken: set[tuple[PropertyAddress, int]]) -> list[Pin]:
    """Return pins on the other properties of a group that have the value of a pinned one."""
    added = []
    addresses: list[PropertyAddress] = list(group.addresses)
    for pin in [pin for pin in pins if pin.address in addresses]:
        for other in np.flatnonzero(group.moved_together(addresses.index(pin.address))):
            if (addresses[other], time_of(pin)) not in taken:
                taken.add((addresses[other], time_of(pin)))
                kind, path, index = addresses[other]
                added.append(Pin(kind, path, index, pin.frame, pin.value, group.names[other]))
    return added

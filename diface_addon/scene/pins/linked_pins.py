"""Pins of a channel that several properties have, such as `jawOpen` of head and teeth."""

from __future__ import annotations

from collections.abc import Iterable

import bpy
import numpy as np

from ...rig.mapping.face_target import FaceTarget
from ...rig.property_address import PropertyAddress
from ..animation import active_curves
from .pin import Pin

TIMES_PER_FRAME = 1000
"""Resolution in which two times are the same."""


def on_all_properties(obj: bpy.types.Object, pins: Iterable[Pin], frames: tuple[float, float]) -> list[Pin]:
    """Return pins, with equal ones on the other properties of their channels that have none at that time.

    Args:
        obj: The main mesh of the character.
        pins: Of any frame.
        frames: First and last frame that an edit changes; pins at other frames stay on one property.
    """
    pins = list(pins)
    targets = {target.address: target for target in active_curves.face_targets(obj)}
    moved_by = _targets_by_channel(targets.values())
    taken = {(pin.address, _time(pin)) for pin in pins}
    added = []
    within = [pin for pin in pins if frames[0] <= pin.frame <= frames[1]]
    for pin in within:
        values = targets[pin.address].channel_values(pin.value) if pin.address in targets else {}
        for other in [other for channel in values for other in moved_by.get(channel, ())]:
            value = other.value(values)
            if (other.address, _time(pin)) not in taken and value is not None:
                taken.add((other.address, _time(pin)))
                added.append(Pin(*other.address, pin.frame, float(np.float32(value)), other.channel))
    for group in active_curves.groups(obj):
        added += _moved_together(group, within, taken)
    return pins + added


def _moved_together(group: active_curves.Group, pins: list[Pin], taken: set[tuple[PropertyAddress, int]]) -> list[Pin]:
    """Return pins on the other properties of a group that have the value of a pinned one."""
    added = []
    addresses: list[PropertyAddress] = list(group.addresses)
    for pin in [pin for pin in pins if pin.address in addresses]:
        for other in np.flatnonzero(group.moved_together(addresses.index(pin.address))):
            if (addresses[other], _time(pin)) not in taken:
                taken.add((addresses[other], _time(pin)))
                kind, path, index = addresses[other]
                added.append(Pin(kind, path, index, pin.frame, pin.value, group.names[other]))
    return added


def _time(pin: Pin) -> int:
    return round(pin.frame * TIMES_PER_FRAME)


def _targets_by_channel(targets: Iterable[FaceTarget]) -> dict[str, list[FaceTarget]]:
    """Return the properties of each channel that has several."""
    found: dict[str, list[FaceTarget]] = {}
    for target in targets:
        for channel in target.channels:
            found.setdefault(channel, []).append(target)
    return {channel: of_channel for channel, of_channel in found.items() if len(of_channel) > 1}

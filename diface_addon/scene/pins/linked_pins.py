"""Pins of a channel that several properties have, such as `jawOpen` of head and teeth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import bpy

from ..animation import active_curves
from .pin import Pin

TIMES_PER_FRAME = 1000
"""Resolution in which two times are the same."""


def on_all_properties(obj: bpy.types.Object, pins: Iterable[Pin]) -> list[Pin]:
    """Return pins, with equal ones on the other properties of their channels that have none at that time."""
    pins = list(pins)
    siblings = _siblings(obj)
    if not siblings:
        return pins
    taken = {(pin.address, round(pin.frame * TIMES_PER_FRAME)) for pin in pins}
    added = []
    for pin in pins:
        for address in siblings.get(pin.address, ()):
            at = address, round(pin.frame * TIMES_PER_FRAME)
            if at not in taken:
                taken.add(at)
                kind, path, index = address
                added.append(replace(pin, kind=kind, path=path, index=index))
    return pins + added


def _siblings(obj: bpy.types.Object) -> dict[tuple[str, str, int], list[tuple[str, str, int]]]:
    """Return the other properties of the channel of each property; empty if every channel has one property."""
    found = {}
    for addresses in active_curves.every_address(obj).values():
        if len(addresses) > 1:
            found |= {address: [other for other in addresses if other != address] for address in addresses}
    return found

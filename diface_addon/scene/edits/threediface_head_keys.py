"""The head's keys in a new 3DiFACE take: rows that were not regenerated are exactly as before, and pins are keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import bpy
import numpy as np

from ... import compat
from ...rig.head_target import head_target
from ...rig.property_address import PropertyAddress
from ..animation import active_curves
from ..keys.key_table import KeyTable
from ..keys.write_keys import enum_value
from ..pins.pin import Pin, group_by_curve
from ..provenance import baseline, stored_request

KeyTables = dict[PropertyAddress, KeyTable]


def read_head_keys(
    obj: bpy.types.Object, dense_keys: Callable[[bpy.types.Action, PropertyAddress], KeyTable | None]
) -> KeyTables:
    """Return the keys of the active rotation of `obj`.

    Args:
        obj: The character.
        dense_keys: Returns the keys that a reduced curve has when it is dense again; None if it is not reduced.
    """
    rotation = set(head_target(obj).addresses)
    found = active_curves.find_active_curves(obj).items()
    return {
        address: dense_keys(curve.action, address) or KeyTable.read(curve.fcurve)
        for address, curve in found
        if address in rotation
    }


def restore_head_keys(
    actions: Iterable[bpy.types.Action], before: KeyTables, regenerate_mask: np.ndarray, pins: Iterable[Pin]
) -> None:
    """Restore the keys `before` of a new take on the rows that were not regenerated, and set its pins.

    Both count as generated afterwards, so that they are not edits of the new take.

    Args:
        actions: The new take.
        before: The keys of the old one.
        regenerate_mask: (T,) bool.
        pins: The pins of the head.
    """
    action = next((some for some in actions if compat.find_channelbag(some, "OBJECT")), None)
    if action is None:
        return
    curves, pinned, written = compat.find_channelbag(action, "OBJECT").fcurves, group_by_curve(pins), {}
    for address, old in before.items():
        curve = curves.find(address[1], index=address[2])
        if curve is None:
            continue
        keys = KeyTable.read(curve)
        near, same = old.nearest(keys.frames)
        stay = same & ~regenerate_mask
        keys.co[stay, 1] = old.co[near[stay], 1]
        keys.write(curve)
        for frame, value in pinned.get(address, np.empty((0, 2))):
            curve.keyframe_points.insert(frame, value).type = "EXTREME"
        keys = KeyTable.read(curve)
        keys.interpolation[:] = enum_value("interpolation", "LINEAR")
        keys.write(curve)
        written[address] = KeyTable.read(curve).co
    kept = {address: points for address, points in pinned.items() if address in written}
    baseline.store(action, stored_request.read_request(action), baseline.read_samples(action), written, kept)

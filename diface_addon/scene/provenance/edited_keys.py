"""Which keys of a take differ from those that were generated."""

from __future__ import annotations

import bpy
import numpy as np

from ... import compat
from ...rig.property_address import PropertyAddress
from ..keys.key_table import KeyPoints, KeyTable, nearest
from . import baseline


def user_keys(action: bpy.types.Action) -> dict[PropertyAddress, KeyTable]:
    """Return the keys of a take's Action that are not as they were generated, by the curves that have some.

    Curves that were not generated are the user's as a whole.
    """
    generated, found = baseline.read_baseline_keys(action), {}
    for address, fcurve in compat.action_fcurves(action):
        keys = KeyTable.read(fcurve)
        changed = keys[changed_mask(keys, generated[address])] if address in generated else keys
        if len(changed) or address not in generated:
            found[address] = changed
    return found


def changed_mask(keys: KeyTable | KeyPoints, points: np.ndarray, tolerance: float = 1e-5) -> np.ndarray:
    """Return which of `keys` (K,) are not among the generated `points` (N, 2), with the same time and value."""
    if not len(points):
        return np.ones(len(keys), bool)
    if np.array_equal(points[:, 0], keys.frames):
        return np.abs(keys.values - points[:, 1]) > tolerance
    near, same = nearest(points[:, 0], keys.frames)
    return ~same | (np.abs(keys.values - points[near, 1]) > tolerance)

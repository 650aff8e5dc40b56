"""Which keys of a take differ from those that were generated."""

from __future__ import annotations

import numpy as np

from ..keys.key_table import KeyPoints, KeyTable, nearest


def changed_mask(keys: KeyTable | KeyPoints, points: np.ndarray, tolerance: float = 1e-5) -> np.ndarray:
    """Return which of `keys` (K,) are not among the generated `points` (N, 2), with the same time and value."""
    if not len(points):
        return np.ones(len(keys), bool)
    if np.array_equal(points[:, 0], keys.frames):
        return np.abs(keys.values - points[:, 1]) > tolerance
    near, same = nearest(points[:, 0], keys.frames)
    return ~same | (np.abs(keys.values - points[near, 1]) > tolerance)

"""Easing curves from 0 to 1."""

from __future__ import annotations

import numpy as np

from ..types import AnyFloatArray


def cosine_ease(fraction: AnyFloatArray) -> AnyFloatArray:
    """Return half a cosine from 0 to 1, at rest at both ends. Fractions are clamped to 0 and 1."""
    return (1 - np.cos(np.pi * np.clip(fraction, 0, 1))) / 2


def minimum_jerk(fraction: AnyFloatArray) -> AnyFloatArray:
    """Return the path of a limb or an eye from 0 to 1 (Hogan 1984), whose peak speed is 1.875 times the mean.

    Fractions are clamped to 0 and 1.
    """
    u = np.clip(fraction, 0, 1)
    return u**3 * (10 - 15 * u + 6 * u**2)

"""What the mouth of a motion does for the speech: where it is closed, rounded or at rest, and keeping it so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import channels
from ..types import Float64Array, FrameRate

CLOSED_MM, PARTED_MM = 0.7, 3.0
"""Apertures up to which the lips open no further than the motion had them, and from which they are free; between them
are the lips of f and v at the teeth."""
ROUND = 0.5
"""mouthFunnel + mouthPucker of a mouth that is certainly round."""
ACTIVE_MM, ACTIVE_JAW, ACTIVE_ROUND = 1.2, 0.1, 0.3
"""Aperture, jawOpen and rounding from which a mouth speaks."""
REST_SECONDS = 0.4
"""Seconds around every opening in which a mouth is not at rest: longer than the closure of any consonant."""
FADE_SECONDS = 0.2
JAW, CLOSE = "jawOpen", "mouthClose"


@dataclass(frozen=True)
class MouthState:
    """What the mouth does on each row, all (T,): `closed`, `rounded` and `resting` from 0 to 1."""

    closed: Float64Array
    rounded: Float64Array
    resting: Float64Array

    @classmethod
    def of(cls, values: Float64Array, names: tuple[str, ...], rate: FrameRate, aperture: Float64Array) -> MouthState:
        """Return the state of the mouth of a motion (T, C) with channels `names`; aperture as of `articulate`."""

        def column(name: str) -> Float64Array:
            return values[:, names.index(name)] if name in names else np.zeros(len(values))

        gap = values @ opening(names, aperture)
        rounding = column("mouthFunnel") + column("mouthPucker")
        active = (gap > ACTIVE_MM) | (column(JAW) > ACTIVE_JAW) | (rounding > ACTIVE_ROUND)
        return cls(closed_share(gap), np.clip(rounding / ROUND, 0.0, 1.0), _resting(active, rate))


def opening(names: tuple[str, ...], aperture: Float64Array) -> Float64Array:
    """Return how far each of C channels at weight 1 parts the lips, mm (C,)."""
    return np.array([aperture[channels.FACE.index(name)] if name in channels.FACE else 0.0 for name in names])


def closed_share(gap: Float64Array, parted: float = PARTED_MM) -> Float64Array:
    """Return from 0 to 1 how much lips with an aperture (T,) in mm must keep it; none from `parted` on."""
    return np.clip((parted - gap) / (parted - CLOSED_MM), 0.0, 1.0)


def keep_closed_lips(
    changed: Float64Array,
    before: Float64Array,
    names: tuple[str, ...],
    weights: Float64Array,
    aperture: Float64Array,
    resting: Float64Array | float = 0.0,
    parted: float = PARTED_MM,
) -> Float64Array:
    """Return values with lips that are no further apart where the motion closes them, and intersect no more.

    mouthClose makes up for the difference, and what it cannot is taken from jawOpen.

    Args:
        changed: (T, C) the changed motion.
        before: (T, C) the motion whose closed lips are kept.
        names: The channels.
        weights: (T, C) 0 where a value must not change, 1 where it may.
        aperture: (52,) as of `articulate`.
        resting: (T,) 1 where the mouth rests and may part.
        parted: Aperture in mm from which the lips are free.
    """
    if JAW not in names or CLOSE not in names:
        return changed
    jaw, close = names.index(JAW), names.index(CLOSE)
    parting = opening(names, aperture)
    gap, now = before @ parting, changed @ parting
    share = closed_share(gap, parted) * (1.0 - resting)
    excess = share * np.maximum(now - np.maximum(gap, 0.0), 0.0) - np.maximum(np.minimum(gap, 0.0) - now, 0.0)
    result = changed.copy()
    wanted = changed[:, close] + weights[:, close] * excess / -parting[close]
    result[:, close] = np.clip(wanted, np.minimum(0.0, changed[:, close]), np.maximum(1.0, changed[:, close]))
    left = np.maximum(excess - (result[:, close] - changed[:, close]) * -parting[close], 0.0)
    result[:, jaw] = np.maximum(changed[:, jaw] - weights[:, jaw] * left / parting[jaw], 0.0)
    return result


def _resting(active: np.ndarray, rate: FrameRate) -> Float64Array:
    """Return 1 where no row within REST_SECONDS is active, 0 near active rows, and a fade between."""
    at = np.flatnonzero(active)
    if not len(at):
        return np.ones(len(active))
    rows = np.arange(len(active))
    after = np.searchsorted(at, rows)
    nearest = np.minimum(
        np.abs(rows - at[np.clip(after - 1, 0, len(at) - 1)]), np.abs(at[np.clip(after, 0, len(at) - 1)] - rows)
    )
    return np.clip((nearest / rate.value - REST_SECONDS) / FADE_SECONDS, 0.0, 1.0)

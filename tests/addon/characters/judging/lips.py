"""The lips of any mesh, found from the shape key that opens its mouth."""

from __future__ import annotations

from dataclasses import dataclass, replace

import bpy
import numpy as np
import numpy.typing as npt

from ..bundled_parts import FloatArray, placed
from ..kinds import Built
from ..surfaces import surface

MIDLINE = 0.035
"""Largest distance of a pair from the middle of the mouth, in sizes of the head."""
MOST_APART = 0.03
"""Largest distance of a pair at rest, in sizes of the head."""
IN_FRONT = 0.02
"""Depth of the lips, in sizes of the head: front teeth are behind it."""
SIMILAR = 0.01
"""How much farther apart than the closest pair others may be, in sizes of the head."""
PAIRS = 3
LIPS_BELOW_TOP = 0.8
"""Height of the head above its lips, in sizes of the head, as on the bundled head."""


@dataclass(frozen=True)
class Lips:
    """Pairs of vertices that meet when the mouth shuts.

    Attributes:
        upper: (N,) vertices of the main mesh on the upper lip.
        lower: (N,) those that they meet.
        head_size: Height of the head in metres of the character's space.
        resting: `aperture` of the neutral face in mm; 0 for lips that touch.
    """

    upper: npt.NDArray[np.int64]
    lower: npt.NDArray[np.int64]
    head_size: float
    resting: float = 0.0

    def gaps(self, points: FloatArray) -> FloatArray:
        """Return the vertical distances (..., N) in mm of a head of 20 cm, from vertices (..., V, 3)."""
        apart = points[..., self.upper, 2] - points[..., self.lower, 2]
        return apart / self.head_size * 200.0

    def aperture(self, points: FloatArray) -> FloatArray:
        """Return the mean of `gaps` (...) in mm."""
        return self.gaps(points).mean(axis=-1)


def find_lips(built: Built) -> Lips:
    """Find the lips of a character at rest: vertices that meet but do not move together when the mouth opens.

    Raises:
        ValueError: The shape key `opens_mouth` opens nothing.
    """
    if built.lips is not None:
        rest, (upper, lower) = _seen(built), built.lips
        size = (rest[built.skull, 2].max() - rest[upper, 2].mean()) / LIPS_BELOW_TOP
        found = Lips(upper, lower, float(size))
        return replace(found, resting=max(0.0, float(found.aperture(rest))))
    rest, opened = _neutral_and_open(built)
    drop = rest[:, 2] - opened[:, 2]
    if drop.max() <= 0:
        raise ValueError(f"{built.opens_mouth} does not lower any vertex of {built.label}.")
    moving = np.flatnonzero(drop > 0.4 * drop.max())
    mouth = rest[moving, 2].max()
    size = (rest[built.skull, 2].max() - mouth) / LIPS_BELOW_TOP
    near = np.flatnonzero((drop < 0.25 * drop.max()) & (np.abs(rest[:, 2] - mouth) < 0.15 * size))
    middle = np.median(rest[moving, 0])
    near = near[np.abs(rest[near, 0] - middle) < MIDLINE * size]
    moving = moving[np.abs(rest[moving, 0] - middle) < MIDLINE * size]
    # Lips meet; teeth, which meet too, are behind them.
    apart = np.linalg.norm(rest[near][:, None] - rest[moving][None], axis=2)
    apart += 4.0 * np.abs(rest[near][:, None, 0] - rest[moving][None, :, 0])
    partner = apart.argmin(axis=1)
    chosen = apart.min(axis=1) < MOST_APART * size
    if not chosen.any():
        raise ValueError(f"{built.opens_mouth} parts no vertices of {built.label} that were close.")
    upper, lower, closeness = near[chosen], moving[partner[chosen]], apart.min(axis=1)[chosen]
    front = rest[lower, 1] < rest[lower, 1].min() + IN_FRONT * size
    parted = (opened[upper, 2] - opened[lower, 2]) - (rest[upper, 2] - rest[lower, 2])
    chosen = front & (parted > 0.7 * parted[front].max())
    chosen &= closeness <= closeness[chosen].min() + SIMILAR * size
    order = np.argsort(closeness[chosen])[:PAIRS]
    found = Lips(upper[chosen][order], lower[chosen][order], float(size))
    return replace(found, resting=max(0.0, float(found.aperture(rest))))


def _neutral_and_open(built: Built) -> tuple[FloatArray, FloatArray]:
    """Return the vertices (V, 3) without and with the shape that opens the mouth, and without any other face shape."""
    keys = built.main.data.shape_keys.key_blocks
    before = {key.name: key.value for key in keys}
    try:
        for key in keys:
            key.value = built.neutral.get(key.name, 0.0)
        neutral = _seen(built)
        keys[built.opens_mouth].value = 1.0
        return neutral, _seen(built)
    finally:
        for name, value in before.items():
            keys[name].value = value
        bpy.context.view_layer.update()


def _seen(built: Built) -> FloatArray:
    bpy.context.view_layer.update()
    return placed(surface(built.main), built.world.inverted())

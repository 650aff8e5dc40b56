"""Lips that touch without intersecting: at rest, and with jawOpen and mouthClose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ....channels import FACE
from ..makehuman import Float64Array, Int64Array
from ..skin import CONTACT, Skin

# Fraction of the contact line's correction that the loops of the mouth take, vermilion border to the mouth's inside.
FALLOFF = (0.05, 0.15, 0.3, 0.5, 0.7, 0.9, 1.0, 0.9, 0.6, 0.25)
LIP_PRESSERS = ("mouthRollLower", "mouthRollUpper", "mouthPressLeft", "mouthPressRight", "mouthShrugLower")
LIP_OPENERS = ("mouthFunnel", "mouthShrugUpper", "mouthLowerDownLeft", "mouthLowerDownRight")
LIP_OPENERS += (
    "mouthUpperUpLeft",
    "mouthUpperUpRight",
)  # besides jawOpen and mouthClose, the only shapes that part the lips
PRESS_DEPTH = 0.0008  # m that pressed lips may overlap: this closes a mouth that is slightly open
UP_AXIS = 2
# Steps along the contact line from the upper lip's middle to the vertices that have a partner below. The lower lip has
# fewer vertices, and each of them has a partner.
UPPER_STEPS = (0, 2, 4, 6, 8, 10, 11)


def with_meeting_lips(skin: Skin) -> Skin:
    """Return the skin with its rest and its offsets corrected."""
    skin = replace(skin, vertices=with_aligned_pairs(skin))
    contact = LipContact(skin)
    rest = contact.apply_correction(skin.vertices, contact.closed_line(skin.vertices) - skin.vertices[contact.line])
    deltas = skin.deltas.copy()
    jaw, close = FACE.index("jawOpen"), FACE.index("mouthClose")
    for index, (name, delta) in enumerate(zip(FACE, skin.deltas, strict=True)):
        if name in LIP_OPENERS or name in LIP_PRESSERS:
            bounds = (0.0, np.inf) if name in LIP_OPENERS else (-PRESS_DEPTH, 0.0)
            deltas[index] = contact.apply_correction(delta, contact.bounded_correction(delta, *bounds))
        elif index not in (jaw, close):
            deltas[index] = contact.apply_correction(delta, contact.closed_line(delta) - delta[contact.line])
    shut = deltas[jaw] + deltas[close]
    deltas[close] = contact.apply_correction(deltas[close], contact.closed_line(shut) - shut[contact.line])
    return replace(skin, vertices=rest, deltas=deltas)


def lip_pairs(skin: Skin) -> tuple[Int64Array, Int64Array]:
    """Return vertices (13,) of the upper and of the lower lip that meet, from right to left, without the corners."""
    line, size = skin.mouth[CONTACT], skin.mouth.shape[1]
    upper = [-step for step in reversed(UPPER_STEPS[1:])] + list(UPPER_STEPS)
    lower = [size // 2 + k for k in range(len(UPPER_STEPS) - 1, -len(UPPER_STEPS), -1)]
    return line[upper], line[lower]


def with_aligned_pairs(skin: Skin) -> Float64Array:
    """Return the skin's vertices with each upper-lip vertex that has a partner on the lower lip moved to its x."""
    upper, lower = lip_pairs(skin)
    line = skin.mouth[CONTACT]
    shifted = skin.vertices.copy()
    shifted[upper, 0] = shifted[lower, 0]
    return spread_correction(skin.mouth, skin.vertices, shifted[line] - skin.vertices[line])


class LipContact:
    """The line where the lips touch, and which point of the other lip each of its vertices touches at rest."""

    def __init__(self, skin: Skin) -> None:
        self.mouth = skin.mouth
        self.line = skin.mouth[CONTACT]
        self.upper, self.lower = skin.upper_lip(), skin.lower_lip()
        self.on_lower = interpolation_matrix(skin.vertices[self.lower, 0], skin.vertices[self.upper, 0])  # (25, 15)
        self.on_upper = interpolation_matrix(skin.vertices[self.upper, 0], skin.vertices[self.lower, 0])  # (15, 25)

    def closed_line(self, points: Float64Array) -> Float64Array:
        """Return the contact line (38, 3) at which the two lips of `points` (V, 3) coincide."""
        lower = (points[self.lower] + self.on_upper @ points[self.upper]) / 2
        sealed = points.copy()
        sealed[self.lower] = lower
        sealed[self.upper] = self.on_lower @ lower
        return sealed[self.line]

    def bounded_correction(self, delta: Float64Array, minimum: float, maximum: float) -> Float64Array:
        """Return corrections (38, 3) of the contact line that bound the opening of the lips.

        Args:
            delta: Offsets (V, 3) m of a shape.
            minimum: Smallest opening in m.
            maximum: Largest opening in m.
        """
        points = delta.copy()
        for _ in range(6):
            gap_below = points[self.upper, UP_AXIS] - self.on_lower @ points[self.lower, UP_AXIS]
            gap_above = self.on_upper @ points[self.upper, UP_AXIS] - points[self.lower, UP_AXIS]
            points[self.upper, UP_AXIS] += (np.clip(gap_below, minimum, maximum) - gap_below) / 2
            points[self.lower, UP_AXIS] -= (np.clip(gap_above, minimum, maximum) - gap_above) / 2
        return points[self.line] - delta[self.line]

    def apply_correction(self, points: Float64Array, correction: Float64Array) -> Float64Array:
        """Return `points` (V, 3) with the contact line moved by `correction` (38, 3); adjacent loops follow."""
        return spread_correction(self.mouth, points, correction)


def spread_correction(mouth: Int64Array, points: Float64Array, correction: Float64Array) -> Float64Array:
    """Return `points` (V, 3) with each of the loops `mouth` (10, 38) moved by its share of `correction` (38, 3)."""
    points = points.copy()
    for loop, share in zip(mouth, FALLOFF, strict=True):
        points[loop] += share * correction
    return points


def interpolation_matrix(positions: Float64Array, targets: Float64Array) -> Float64Array:
    """Return the matrix (len(targets), len(positions)) that interpolates values at rising `positions` at `targets`."""
    rising = np.maximum.accumulate(positions) + np.arange(len(positions)) * 1e-9
    columns: list[Float64Array] = [np.interp(targets, rising, unit) for unit in np.eye(len(positions))]
    return np.stack(columns, axis=1)

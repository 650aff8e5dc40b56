"""Lips that meet: at rest, with the jaw open and mouthClose, and never one through the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ....channels import FACE
from ..makehuman import Floats, Ints
from ..skin import CONTACT, Skin

# How much of the contact line's correction the loops of the mouth take, vermilion border to the mouth's inside.
FALLOFF = (0.05, 0.15, 0.3, 0.5, 0.7, 0.9, 1.0, 0.9, 0.6, 0.25)
PRESSING = ("mouthRollLower", "mouthRollUpper", "mouthPressLeft", "mouthPressRight", "mouthShrugLower")
OPENING = ("mouthFunnel", "mouthShrugUpper", "mouthLowerDownLeft", "mouthLowerDownRight")
OPENING += ("mouthUpperUpLeft", "mouthUpperUpRight")  # with jawOpen and mouthClose the only ones that part the lips
PRESS_DEPTH = 0.0008  # m that pressed lips may go into each other: what closes a mouth that is a little open
UP = 2
# Steps along the contact line from the upper lip's middle to the vertices that have a partner below; the lower lip has
# fewer vertices, all of them partners.
UPPER_STEPS = (0, 2, 4, 6, 8, 10, 11)


def with_meeting_lips(skin: Skin) -> Skin:
    """The skin with its rest and its offsets corrected."""
    skin = replace(skin, vertices=with_pairs(skin))
    contact = Contact(skin)
    rest = contact.moved(skin.vertices, contact.sealed(skin.vertices) - skin.vertices[contact.line])
    deltas = skin.deltas.copy()
    jaw, close = FACE.index("jawOpen"), FACE.index("mouthClose")
    for index, (name, delta) in enumerate(zip(FACE, skin.deltas, strict=True)):
        if name in OPENING or name in PRESSING:
            bounds = (0.0, np.inf) if name in OPENING else (-PRESS_DEPTH, 0.0)
            deltas[index] = contact.moved(delta, contact.bounded(delta, *bounds))
        elif index not in (jaw, close):
            deltas[index] = contact.moved(delta, contact.sealed(delta) - delta[contact.line])
    shut = deltas[jaw] + deltas[close]
    deltas[close] = contact.moved(deltas[close], contact.sealed(shut) - shut[contact.line])
    return replace(skin, vertices=rest, deltas=deltas)


def pairs(skin: Skin) -> tuple[Ints, Ints]:
    """Vertices (13,) of the upper and of the lower lip that meet, from right to left, without the corners."""
    line, size = skin.mouth[CONTACT], skin.mouth.shape[1]
    upper = [-step for step in reversed(UPPER_STEPS[1:])] + list(UPPER_STEPS)
    lower = [size // 2 + k for k in range(len(UPPER_STEPS) - 1, -len(UPPER_STEPS), -1)]
    return line[upper], line[lower]


def with_pairs(skin: Skin) -> Floats:
    """The skin's vertices with those of the upper lip that have a partner on the lower moved to its x."""
    upper, lower = pairs(skin)
    line = skin.mouth[CONTACT]
    shifted = skin.vertices.copy()
    shifted[upper, 0] = shifted[lower, 0]
    return spread(skin.mouth, skin.vertices, shifted[line] - skin.vertices[line])


class Contact:
    """The line where the lips touch, and which point of the other lip each of its vertices touches at rest."""

    def __init__(self, skin: Skin) -> None:
        self.mouth = skin.mouth
        self.line = skin.mouth[CONTACT]
        self.upper, self.lower = skin.upper_lip(), skin.lower_lip()
        self.on_lower = weights_along(skin.vertices[self.lower, 0], skin.vertices[self.upper, 0])  # (25, 15)
        self.on_upper = weights_along(skin.vertices[self.upper, 0], skin.vertices[self.lower, 0])  # (15, 25)

    def sealed(self, points: Floats) -> Floats:
        """Where the contact line (38, 3) has to be for the two lips of `points` (V, 3) to coincide."""
        lower = (points[self.lower] + self.on_upper @ points[self.upper]) / 2
        sealed = points.copy()
        sealed[self.lower] = lower
        sealed[self.upper] = self.on_lower @ lower
        return sealed[self.line]

    def bounded(self, delta: Floats, least: float, most: float) -> Floats:
        """Corrections (38, 3) of the contact line after which `delta` (V, 3) opens the lips by `least` to `most` m."""
        points = delta.copy()
        for _ in range(6):
            gap_below = points[self.upper, UP] - self.on_lower @ points[self.lower, UP]
            gap_above = self.on_upper @ points[self.upper, UP] - points[self.lower, UP]
            points[self.upper, UP] += (np.clip(gap_below, least, most) - gap_below) / 2
            points[self.lower, UP] -= (np.clip(gap_above, least, most) - gap_above) / 2
        return points[self.line] - delta[self.line]

    def moved(self, points: Floats, correction: Floats) -> Floats:
        """`points` (V, 3) with the contact line moved by `correction` (38, 3) and the loops beside it by a part."""
        return spread(self.mouth, points, correction)


def spread(mouth: Ints, points: Floats, correction: Floats) -> Floats:
    """`points` (V, 3) with each of the loops `mouth` (10, 38) moved by its share of `correction` (38, 3)."""
    points = points.copy()
    for loop, share in zip(mouth, FALLOFF, strict=True):
        points[loop] += share * correction
    return points


def weights_along(line: Floats, at: Floats) -> Floats:
    """The matrix (len(at), len(line)) that interpolates values on the rising positions `line` at the positions `at`."""
    rising = np.maximum.accumulate(line) + np.arange(len(line)) * 1e-9
    columns: list[Floats] = [np.interp(at, rising, unit) for unit in np.eye(len(line))]
    return np.stack(columns, axis=1)

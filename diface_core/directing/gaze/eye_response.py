"""Directions of an eye and the weights of its four `eyeLook` channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...channels import LOOK_DEGREES
from ...types import Float64Array

WAYS = ("Up", "Down", "In", "Out")
"""The channels of an eye are `eyeLook`, one of these, and the side."""
SIDES = ("Left", "Right")
Kind = Literal["SHAPE", "BONE", "TARGET"]


@dataclass(frozen=True)
class EyeResponse:
    """How the channels of one eye turn it.

    Attributes:
        side: "Left" or "Right", of the character.
        degrees: (4,) how far the eye turns at weight 1 of each channel, in the order of WAYS.
        kind: SHAPE: vertices move on straight lines, so that displacements add up. BONE: rotation vectors add up.
            TARGET: the eye follows a point in front of it that is shifted sideways.
    """

    side: str
    degrees: tuple[float, ...] = tuple(LOOK_DEGREES[way] for way in WAYS)
    kind: Kind = "BONE"

    @property
    def names(self) -> tuple[str, ...]:
        """The channels in the order of WAYS."""
        return tuple(f"eyeLook{way}{self.side}" for way in WAYS)

    def limits(self) -> tuple[float, float]:
        """Return how far the eye turns to any side, and up or down, in degrees."""
        up, down, inwards, outwards = self.degrees
        return min(inwards, outwards), min(up, down)

    def weights(self, directions: Float64Array) -> Float64Array:
        """Return the weights (T, 4), 0 to 1, with which the eye looks along `directions` (T, 3) in the head's axes."""
        left, up = self._sides(directions)
        outwards = left if self.side == "Left" else -left
        columns = []
        for way, amount in zip(WAYS, (up, -up, -outwards, outwards), strict=True):
            reach = self._reach(way)
            columns.append(np.clip(amount / reach, 0.0, 1.0) if reach > 0.0 else np.zeros(len(amount)))
        return np.stack(columns, axis=1)

    def directions(self, weights: Float64Array) -> Float64Array:
        """Return the unit directions (T, 3) in which the eye looks with `weights` (T, 4)."""
        reach = np.array([self._reach(way) for way in WAYS])
        up, down, inwards, outwards = (weights * reach).T
        left = (outwards - inwards) * (1.0 if self.side == "Left" else -1.0)
        rise = up - down
        if self.kind == "BONE":
            angle = np.hypot(left, rise)
            part = np.sinc(angle / np.pi)
            return np.stack([left * part, -np.cos(angle), rise * part], axis=1)
        forward = np.ones(len(weights)) - weights @ self._shortening()
        found = np.stack([left, -forward, rise], axis=1)
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    def _reach(self, way: str) -> float:
        """Return what weight 1 of a channel adds to the sum that `_sides` and `directions` use."""
        angle = np.radians(self.degrees[WAYS.index(way)])
        return float({"BONE": angle, "SHAPE": np.sin(angle), "TARGET": np.tan(angle)}[self.kind])

    def _shortening(self) -> Float64Array:
        """Return how much weight 1 of each channel (4,) takes from the way forward: chords are within the sphere."""
        return 1.0 - np.cos(np.radians(self.degrees)) if self.kind == "SHAPE" else np.zeros(len(WAYS))

    def _sides(self, directions: Float64Array) -> tuple[Float64Array, Float64Array]:
        """Return the sums (T,) to the left and up that turn the eye along `directions`."""
        left, forward, up = directions[:, 0], -directions[:, 1], directions[:, 2]
        if self.kind == "BONE":
            across = np.hypot(left, up)
            share = np.arctan2(across, forward) / np.maximum(across, 1e-12)
            return left * share, up * share
        forward = np.maximum(forward, 1e-3)
        left, up = left / forward, up / forward
        if self.kind == "SHAPE":
            # Weights w satisfy w * sine = ratio * (1 - sum of w * shortening); with the channels of this direction.
            sine, short = np.sin(np.radians(self.degrees)), self._shortening()
            outwards = left if self.side == "Left" else -left
            sideways = np.where(outwards >= 0, WAYS.index("Out"), WAYS.index("In"))
            vertical = np.where(up >= 0, WAYS.index("Up"), WAYS.index("Down"))
            lost = sum(
                np.abs(a) * short[at] / np.maximum(sine[at], 1e-9) for a, at in ((left, sideways), (up, vertical))
            )
            left, up = left / (1.0 + lost), up / (1.0 + lost)
        return left, up

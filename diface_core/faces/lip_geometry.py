"""Regions of the bundled head under face weights, in mm, and how far its lips are apart and how fast they move."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .. import channels
from ..types import MODEL_RATE, Float32Array, FrameRate
from .head import load_head

SHUT_GAP_MM = 0.5
"""Distance of the inner lips that is not visible."""


@dataclass(frozen=True)
class Region:
    """Some vertices of the bundled head in mm: `rest` (L * 3,) and `deltas` (52, L * 3), x, y, z interleaved."""

    rest: Float32Array
    deltas: Float32Array

    @classmethod
    def from_vertices(cls, vertices: np.ndarray) -> Region:
        """Return the region of these vertices (indices) of the bundled head."""
        head = load_head()
        deltas = 1000 * head.deltas[:, vertices].reshape(len(channels.FACE), -1)
        return cls(1000 * head.vertices[vertices].reshape(-1), deltas)

    def displacements(self, weights: Float32Array) -> Float32Array:
        """Return displacements (T, L, 3) from rest under weights (T, 52)."""
        return (weights @ self.deltas).reshape(len(weights), self.deltas.shape[1] // 3, 3)

    def positions(self, weights: Float32Array) -> Float32Array:
        """Return positions (T, L, 3) under weights (T, 52)."""
        return self.rest.reshape(-1, 3) + self.displacements(weights)


@lru_cache
def region(landmark: str) -> Region:
    """Return a landmark of the bundled head as a region.

    Args:
        landmark: "lips" (304 vertices, skin and red of both lips), "face" (2,649, the skin from chin to hairline),
            "upper_face" (1,694 of those, from the nose up), "upper_inner_lip" or another landmark.
    """
    return Region.from_vertices(load_head().landmarks[landmark])


def lip_gap(weights: Float32Array) -> Float32Array:
    """Return the largest distance of the inner lips (T,) in mm: 13 pairs of vertices from corner to corner."""
    apart = region("upper_inner_lip").positions(weights) - region("lower_inner_lip").positions(weights)
    return np.linalg.norm(apart, axis=2).max(axis=1)


def lip_speed(weights: Float32Array, rate: FrameRate = MODEL_RATE) -> Float32Array:
    """Return the mean speed of the lip vertices (T - 1,) in mm/s, of weights (T, 52)."""
    steps = np.diff(region("lips").displacements(weights), axis=0)
    return np.linalg.norm(steps, axis=2).mean(axis=1) * rate.value

"""What the artist keeps, as 3DiFACE's models take it: whole frames at their own rate, of coordinates in few axes.

The models know given frames (in-between and keyframe editing), not single values. What is kept between their rows is
given on the nearest, and met exactly when the finished motion is bent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..types import MODEL_RATE, Constraints, Float32Array, FrameRate, Motion, Pins, Shapes, VertexPins
from .sampling import KnownFrames

Float64Array = npt.NDArray[np.float64]

ROUNDING = 1e-7
"""Metres, about the rounding of the vertices that come in."""

BLOCK = 256
"""Pins whose vertices are held at once."""


@dataclass(frozen=True)
class VertexBasis:
    """Orthonormal directions (K, 3 V) of a face's vertices, so that coordinates are unique and say lengths."""

    directions: Float64Array

    @classmethod
    def spanning(cls, deltas: Float32Array, pins: VertexPins) -> VertexBasis:
        """Those of the shapes `deltas` (N, 3 V), and as many more as hold every vertex of the pins to rounding."""
        _left, sizes, right = np.linalg.svd(deltas.astype(np.float64), full_matrices=False)
        axes = cls(right[sizes > sizes.max(initial=0.0) * 1e-9])
        for first in range(0, len(pins.row), BLOCK):
            some = pins.vertices[first : first + BLOCK].astype(np.float64)
            some = some.reshape(len(some), -1)
            axes = axes._extended(some - axes.reconstruct(axes.project(some)))
        return axes

    def project(self, vertices: npt.NDArray[np.floating]) -> Float64Array:
        """The coordinates (T, K) of vertices (T, 3 V) within the axes' span."""
        return vertices @ self.directions.T

    def reconstruct(self, coordinates: npt.NDArray[np.floating]) -> Float64Array:
        """The way back."""
        return coordinates @ self.directions

    @property
    def shapes(self) -> Shapes:
        """The axes as shapes."""
        names = tuple(f"threediface_{number:03d}" for number in range(len(self.directions)))
        return Shapes(names, self.directions.astype(np.float32).reshape(len(names), -1, 3))

    def _extended(self, residuals: Float64Array) -> VertexBasis:
        left, sizes, right = np.linalg.svd(residuals, full_matrices=False)
        # What is left out is at most the length of the rest, for any one vertex.
        rest = np.sqrt(np.cumsum((left * sizes)[:, ::-1] ** 2, axis=1)[:, ::-1].max(axis=0, initial=0.0))
        new = right[rest > ROUNDING]
        again = new - new @ self.directions.T @ self.directions  # once more, as rounding leans them back
        return VertexBasis(np.concatenate([self.directions, np.linalg.qr(again.T)[0].T])) if len(new) else self


def constraints_from_pins(pins: VertexPins, coordinates: Float64Array, rows: int, falloff: float) -> Constraints:
    """Pins as wishes of a Motion of `rows` rows whose columns are `coordinates` (N, K): on rows, or between them."""
    count = coordinates.shape[1]
    values, keep = np.zeros((rows, count), np.float32), np.zeros((rows, count), bool)
    row = np.rint(pins.row).astype(int)
    inside = (pins.row >= 0) & (pins.row <= rows - 1)
    on = inside & (np.abs(pins.row - row) < 1e-6)
    values[row[on]], keep[row[on]] = coordinates[on], True
    loose = inside & ~on
    at, channel = np.repeat(pins.row[loose], count), np.tile(np.arange(count, dtype=np.int32), int(loose.sum()))
    return Constraints(values, keep, Pins(at, channel, coordinates[loose].ravel().astype(np.float32)), falloff)


def known_frames(at: Float64Array, values: Float32Array, rate: FrameRate, rows: int) -> KnownFrames:
    """Whole frames `values` (N, C) at rising rows `at` (N,) at `rate`, in `rows` rows at MODEL_RATE.

    A row between two that follow one another is given, at their mean by time; what stands alone is given on the row
    nearest to it, and of two for one row the nearer.
    """
    times = at * (MODEL_RATE.value / rate.value)
    times = np.where(np.abs(times - np.rint(times)) < 1e-6, np.rint(times), times)
    given, keep = np.zeros((rows, values.shape[1]), np.float32), np.zeros(rows, bool)
    far = np.abs(times - np.rint(times))
    for number in np.argsort(-far, kind="stable"):
        row = int(np.rint(times[number]))
        if 0 <= row < rows:
            given[row], keep[row] = values[number], True
    for number in np.flatnonzero(np.diff(at) < 1 + 1e-6):
        begin, end = times[number : number + 2]
        for row in range(max(0, int(np.ceil(begin))), min(rows - 1, int(np.floor(end))) + 1):
            part = np.float32((row - begin) / (end - begin))
            given[row], keep[row] = values[number] * (1 - part) + values[number + 1] * part, True
    return KnownFrames(given, keep)


def complete_frames(constraints: Constraints) -> tuple[Float64Array, Float32Array]:
    """Where all columns of `kept` have a value, on rows and between them: rising times (N,), and the values (N, C)."""
    count = constraints.known_mask.shape[1]
    at = np.union1d(np.flatnonzero(constraints.known_mask.any(axis=1)), constraints.pins.row).astype(np.float64)
    values = np.full((len(at), count), np.nan, np.float32)
    on = (at == np.rint(at)) & (at >= 0) & (at < len(constraints.known_mask))
    row = at[on].astype(int)
    values[on] = np.where(constraints.known_mask[row], constraints.values[row], np.nan)
    place = np.searchsorted(at, constraints.pins.row)
    values[place, constraints.pins.channel] = constraints.pins.value
    told = ~np.isnan(values).any(axis=1)
    return at[told], values[told]


def motion_constraints(constraints: Constraints, motion: Motion, shapes: Shapes | None) -> Constraints:
    """`kept` of a request as wishes for the columns of its finished motion: the head's values, and the vertices as
    weights of `shapes`. Raises ValueError for another number of rows."""
    if len(constraints.known_mask) != len(motion):
        raise ValueError(f"constraints must have {len(motion)} rows, as the motion. Got {len(constraints.known_mask)}.")
    count = len(motion.channels)
    values, keep, pins = np.zeros((len(motion), count), np.float32), np.zeros((len(motion), count), bool), Pins.empty()
    if shapes is not None and constraints.vertices is not None and len(constraints.vertices.row):
        flat = shapes.deltas.reshape(len(shapes.deltas), -1).astype(np.float64)
        wanted = constraints.vertices.vertices.reshape(len(constraints.vertices.row), -1).astype(np.float64)
        weights = np.linalg.lstsq(flat.T, wanted.T, rcond=None)[0].T.astype(np.float64)
        face = constraints_from_pins(constraints.vertices, weights, len(motion), constraints.falloff)
        values[:, : len(flat)], keep[:, : len(flat)], pins = face.values, face.known_mask, face.pins
    head = count - (len(shapes.names) if shapes else 0)
    if head and constraints.known_mask.shape[1]:
        values[:, -head:], keep[:, -head:] = (
            np.where(constraints.known_mask, constraints.values, 0),
            constraints.known_mask,
        )
        channel = (constraints.pins.channel + count - head).astype(np.int32)
        pins = Pins(
            np.concatenate([pins.row, constraints.pins.row]),
            np.concatenate([pins.channel, channel]),
            np.concatenate([pins.value, constraints.pins.value]),
        )
    return Constraints(values, keep, pins, constraints.falloff)

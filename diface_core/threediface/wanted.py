"""What the artist keeps, as 3DiFACE's models take it: whole frames at their own rate, of coordinates in few axes.

The models know given frames (in-between and keyframe editing), not single values. What is kept between their rows is
given on the nearest, and met exactly when the finished motion is bent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..types import MODEL_RATE, Constraints, FloatArray, FrameRate, Motion, Pins, Shapes, VertexPins
from .sampling import Kept

Floats = npt.NDArray[np.float64]

ROUNDING = 1e-7
"""Metres, about the rounding of the vertices that come in."""

BLOCK = 256
"""Pins whose vertices are held at once."""


@dataclass(frozen=True)
class Axes:
    """Orthonormal directions (K, 3 V) of a face's vertices, so that coordinates are unique and say lengths."""

    directions: Floats

    @classmethod
    def spanning(cls, deltas: FloatArray, pins: VertexPins) -> Axes:
        """Those of the shapes `deltas` (N, 3 V), and as many more as hold every vertex of the pins to rounding."""
        _left, sizes, right = np.linalg.svd(deltas.astype(np.float64), full_matrices=False)
        axes = cls(right[sizes > sizes.max(initial=0.0) * 1e-9])
        for first in range(0, len(pins.at), BLOCK):
            some = pins.vertices[first : first + BLOCK].astype(np.float64)
            some = some.reshape(len(some), -1)
            axes = axes._with(some - axes.vertices(axes.of(some)))
        return axes

    def of(self, vertices: npt.NDArray[np.floating]) -> Floats:
        """The coordinates (T, K) of vertices (T, 3 V) within the axes' span."""
        return vertices @ self.directions.T

    def vertices(self, coordinates: npt.NDArray[np.floating]) -> Floats:
        """The way back."""
        return coordinates @ self.directions

    @property
    def shapes(self) -> Shapes:
        """The axes as shapes."""
        names = tuple(f"threediface_{number:03d}" for number in range(len(self.directions)))
        return Shapes(names, self.directions.astype(np.float32).reshape(len(names), -1, 3))

    def _with(self, missing: Floats) -> Axes:
        left, sizes, right = np.linalg.svd(missing, full_matrices=False)
        # What is left out is at most the length of the rest, for any one vertex.
        rest = np.sqrt(np.cumsum((left * sizes)[:, ::-1] ** 2, axis=1)[:, ::-1].max(axis=0, initial=0.0))
        new = right[rest > ROUNDING]
        again = new - new @ self.directions.T @ self.directions  # once more, as rounding leans them back
        return Axes(np.concatenate([self.directions, np.linalg.qr(again.T)[0].T])) if len(new) else self


def of_pins(pins: VertexPins, coordinates: Floats, rows: int, pull: float) -> Constraints:
    """Pins as wishes of a Motion of `rows` rows whose columns are `coordinates` (N, K): on rows, or between them."""
    count = coordinates.shape[1]
    values, keep = np.zeros((rows, count), np.float32), np.zeros((rows, count), bool)
    row = np.rint(pins.at).astype(int)
    inside = (pins.at >= 0) & (pins.at <= rows - 1)
    on = inside & (np.abs(pins.at - row) < 1e-6)
    values[row[on]], keep[row[on]] = coordinates[on], True
    loose = inside & ~on
    at, channel = np.repeat(pins.at[loose], count), np.tile(np.arange(count, dtype=np.int32), int(loose.sum()))
    return Constraints(values, keep, Pins(at, channel, coordinates[loose].ravel().astype(np.float32)), pull)


def frames(at: Floats, values: FloatArray, rate: FrameRate, rows: int) -> Kept:
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
    return Kept(given, keep)


def whole(kept: Constraints) -> tuple[Floats, FloatArray]:
    """Where all columns of `kept` have a value, on rows and between them: rising times (N,), and the values (N, C)."""
    count = kept.keep.shape[1]
    at = np.union1d(np.flatnonzero(kept.keep.any(axis=1)), kept.pins.at).astype(np.float64)
    values = np.full((len(at), count), np.nan, np.float32)
    on = (at == np.rint(at)) & (at >= 0) & (at < len(kept.keep))
    row = at[on].astype(int)
    values[on] = np.where(kept.keep[row], kept.values[row], np.nan)
    place = np.searchsorted(at, kept.pins.at)
    values[place, kept.pins.channel] = kept.pins.value
    told = ~np.isnan(values).any(axis=1)
    return at[told], values[told]


def columns(kept: Constraints, motion: Motion, shapes: Shapes | None) -> Constraints:
    """`kept` of a request as wishes for the columns of its finished motion: the head's values, and the vertices as
    weights of `shapes`. Raises ValueError for another number of rows."""
    if len(kept.keep) != len(motion):
        raise ValueError(f"constraints must have {len(motion)} rows, as the motion. Got {len(kept.keep)}.")
    count = len(motion.channels)
    values, keep, pins = np.zeros((len(motion), count), np.float32), np.zeros((len(motion), count), bool), Pins.none()
    if shapes is not None and kept.vertices is not None and len(kept.vertices.at):
        flat = shapes.deltas.reshape(len(shapes.deltas), -1).astype(np.float64)
        wanted = kept.vertices.vertices.reshape(len(kept.vertices.at), -1).astype(np.float64)
        weights = np.linalg.lstsq(flat.T, wanted.T, rcond=None)[0].T.astype(np.float64)
        face = of_pins(kept.vertices, weights, len(motion), kept.pull)
        values[:, : len(flat)], keep[:, : len(flat)], pins = face.values, face.keep, face.pins
    head = count - (len(shapes.names) if shapes else 0)
    if head and kept.keep.shape[1]:
        values[:, -head:], keep[:, -head:] = np.where(kept.keep, kept.values, 0), kept.keep
        channel = (kept.pins.channel + count - head).astype(np.int32)
        pins = Pins(
            np.concatenate([pins.at, kept.pins.at]),
            np.concatenate([pins.channel, channel]),
            np.concatenate([pins.value, kept.pins.value]),
        )
    return Constraints(values, keep, pins, kept.pull)

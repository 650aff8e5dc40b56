"""Constraints as 3DiFACE's models take them: whole known frames at the model's rate, in few coordinates.

The models support known frames (in-between and keyframe editing), not single values. A pin between two rows becomes a
known frame on the nearest row; motion warping of the finished motion then meets it exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..types import MODEL_RATE, Constraints, Float32Array, FrameRate, Motion, Pins, Shapes, VertexPins
from .known_frames import KnownFrames

Float64Array = npt.NDArray[np.float64]

ROUNDING = 1e-7
"""Metres: about the rounding of the pinned vertices."""

BLOCK = 256
"""Pins whose vertices are processed at once, to bound the memory."""


@dataclass(frozen=True)
class VertexBasis:
    """Orthonormal directions (K, 3 V) of a face's vertices: coordinates are unique, and their norms are lengths."""

    directions: Float64Array

    @classmethod
    def spanning(cls, deltas: Float32Array, pins: VertexPins) -> VertexBasis:
        """Return the span of the shapes `deltas` (N, 3 V) and of all pinned faces, up to rounding."""
        _left, sizes, right = np.linalg.svd(deltas.astype(np.float64), full_matrices=False)
        basis = cls(right[sizes > sizes.max(initial=0.0) * 1e-9])
        for first in range(0, len(pins.row), BLOCK):
            block = pins.vertices[first : first + BLOCK].astype(np.float64)
            block = block.reshape(len(block), -1)
            basis = basis._extended(block - basis.reconstruct(basis.project(block)))
        return basis

    def project(self, vertices: npt.NDArray[np.floating]) -> Float64Array:
        """Return the coordinates (T, K) of vertices (T, 3 V), projected onto the span."""
        return vertices @ self.directions.T

    def reconstruct(self, coordinates: npt.NDArray[np.floating]) -> Float64Array:
        """Return the vertices (T, 3 V) of coordinates (T, K)."""
        return coordinates @ self.directions

    @property
    def shapes(self) -> Shapes:
        """The directions as shapes."""
        names = tuple(f"threediface_{number:03d}" for number in range(len(self.directions)))
        return Shapes(names, self.directions.astype(np.float32).reshape(len(names), -1, 3))

    def _extended(self, residuals: Float64Array) -> VertexBasis:
        """Return the basis with the directions of `residuals` (N, 3 V) that exceed ROUNDING."""
        left, sizes, right = np.linalg.svd(residuals, full_matrices=False)
        # The norm of the omitted directions bounds the error of any single vertex.
        rest = np.sqrt(np.cumsum((left * sizes)[:, ::-1] ** 2, axis=1)[:, ::-1].max(axis=0, initial=0.0))
        new = right[rest > ROUNDING]
        new = new - new @ self.directions.T @ self.directions  # orthogonalise again, because of rounding
        return VertexBasis(np.concatenate([self.directions, np.linalg.qr(new.T)[0].T])) if len(new) else self


def constraints_from_pins(pins: VertexPins, coordinates: Float64Array, rows: int, falloff: float) -> Constraints:
    """Return vertex pins as constraints of a Motion of `rows` rows whose columns are `coordinates` (N, K)."""
    count = coordinates.shape[1]
    values, mask = np.zeros((rows, count), np.float32), np.zeros((rows, count), bool)
    row = np.rint(pins.row).astype(int)
    inside = (pins.row >= 0) & (pins.row <= rows - 1)
    on_row = inside & (np.abs(pins.row - row) < 1e-6)
    values[row[on_row]], mask[row[on_row]] = coordinates[on_row], True
    between = inside & ~on_row
    pin_row = np.repeat(pins.row[between], count)
    channel = np.tile(np.arange(count, dtype=np.int32), int(between.sum()))
    pin_value = coordinates[between].ravel().astype(np.float32)
    return Constraints(values, mask, Pins(pin_row, channel, pin_value), falloff)


def known_frames(pin_rows: Float64Array, values: Float32Array, rate: FrameRate, rows: int) -> KnownFrames:
    """Resample pinned frames to the model's rows.

    Rows between two consecutive pinned frames are known, interpolated linearly. A single pinned frame is known on the
    row nearest to it; if two share a row, the nearer one is used.

    Args:
        pin_rows: Ascending rows (N,) at `rate`.
        values: The frames (N, C).
        rate: Frame rate of the pins.
        rows: Rows of the result at MODEL_RATE.
    """
    times = pin_rows * (MODEL_RATE.value / rate.value)
    times = np.where(np.abs(times - np.rint(times)) < 1e-6, np.rint(times), times)
    frames, mask = np.zeros((rows, values.shape[1]), np.float32), np.zeros(rows, bool)
    distance = np.abs(times - np.rint(times))
    for number in np.argsort(-distance, kind="stable"):
        row = int(np.rint(times[number]))
        if 0 <= row < rows:
            frames[row], mask[row] = values[number], True
    for number in np.flatnonzero(np.diff(pin_rows) < 1 + 1e-6):
        begin, end = times[number : number + 2]
        for row in range(max(0, int(np.ceil(begin))), min(rows - 1, int(np.floor(end))) + 1):
            part = np.float32((row - begin) / (end - begin))
            frames[row], mask[row] = values[number] * (1 - part) + values[number + 1] * part, True
    return KnownFrames(frames, mask)


def complete_frames(constraints: Constraints) -> tuple[Float64Array, Float32Array]:
    """Return the frames of which every column is known: ascending rows (N,), whole or not, and the values (N, C)."""
    count = constraints.known_mask.shape[1]
    times = np.union1d(np.flatnonzero(constraints.known_mask.any(axis=1)), constraints.pins.row).astype(np.float64)
    values = np.full((len(times), count), np.nan, np.float32)
    on_row = (times == np.rint(times)) & (times >= 0) & (times < len(constraints.known_mask))
    row = times[on_row].astype(int)
    values[on_row] = np.where(constraints.known_mask[row], constraints.values[row], np.nan)
    index = np.searchsorted(times, constraints.pins.row)
    values[index, constraints.pins.channel] = constraints.pins.value
    complete = ~np.isnan(values).any(axis=1)
    return times[complete], values[complete]


def motion_constraints(constraints: Constraints, motion: Motion, shapes: Shapes | None) -> Constraints:
    """Return the constraints of a request for the columns of its finished motion.

    Args:
        constraints: Constraints of the head's values, and pinned vertices.
        motion: The finished motion.
        shapes: Shapes by whose weights the pinned vertices are expressed.

    Raises:
        ValueError: If constraints and motion differ in their number of rows.
    """
    if len(constraints.known_mask) != len(motion):
        raise ValueError(f"constraints must have {len(motion)} rows, as the motion. Got {len(constraints.known_mask)}.")
    count = len(motion.channels)
    values, mask, pins = np.zeros((len(motion), count), np.float32), np.zeros((len(motion), count), bool), Pins.empty()
    if shapes is not None and constraints.vertices is not None and len(constraints.vertices.row):
        flat = shapes.deltas.reshape(len(shapes.deltas), -1).astype(np.float64)
        pinned = constraints.vertices.vertices.reshape(len(constraints.vertices.row), -1).astype(np.float64)
        weights = np.linalg.lstsq(flat.T, pinned.T, rcond=None)[0].T.astype(np.float64)
        face = constraints_from_pins(constraints.vertices, weights, len(motion), constraints.falloff)
        values[:, : len(flat)], mask[:, : len(flat)], pins = face.values, face.known_mask, face.pins
    head = count - (len(shapes.names) if shapes else 0)
    if head and constraints.known_mask.shape[1]:
        values[:, -head:] = np.where(constraints.known_mask, constraints.values, 0)
        mask[:, -head:] = constraints.known_mask
        channel = (constraints.pins.channel + count - head).astype(np.int32)
        pins = Pins(
            np.concatenate([pins.row, constraints.pins.row]),
            np.concatenate([pins.channel, channel]),
            np.concatenate([pins.value, constraints.pins.value]),
        )
    return Constraints(values, mask, pins, constraints.falloff)

"""Motion warping (Witkin & Popovic 1995): smooth offsets that lead a motion exactly through constraints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..types import BoolArray, Constraints, Float32Array, Float64Array, Int32Array, Pins
from .easing import minimum_jerk

_NO_ROWS: Float64Array = np.zeros(0)

MAX_SLOPE_RATIO = 2.0
"""Limit of a slope relative to the secant: up to it, a quintic without acceleration at its ends is monotone."""


def warp_context_rows(falloff: float) -> int:
    """Return the number of rows on either side that a row of the warped motion depends on."""
    return int(np.ceil(4 * falloff)) + 2


def warp_motion(values: Float32Array, constraints: Constraints) -> Float32Array:
    """Return `values` (T, C) with an offset so that they take every known value and pass through every pin.

    The offset at a pin between rows is the distance from the straight line between them. It fades to 0 within `falloff`
    rows, or continues to the next known value if that is nearer than twice that. Between control points it follows
    quintic curves without acceleration at their ends: one that starts and stops at rest is the path of minimum jerk
    (Flash & Hogan 1985). Slopes are the monotone ones (Fritsch & Carlson 1980), so that the warp never overshoots; at
    the boundary of a known segment they are those of the segment, so that the speed does not jump.
    """
    pins, used = _pins_outside_known(constraints), _rows_to_warp(constraints.known_mask)
    pins = Pins(pins.row - used.start, pins.channel, pins.value)
    inside = replace(constraints, values=constraints.values[used], known_mask=constraints.known_mask[used], pins=pins)
    warped = constraints.values.astype(np.float32)
    warped[used] = _warp_rows(values[used], inside)
    return warped


def _rows_to_warp(known_mask: BoolArray) -> slice:
    """Return the rows between which something is not known, with the known ones beside them that set slopes."""
    free = np.flatnonzero(~known_mask.all(axis=1))
    return slice(max(0, int(free[0]) - 3), int(free[-1]) + 4) if len(free) else slice(0, 0)


def _warp_rows(values: Float32Array, constraints: Constraints) -> Float32Array:
    """Return `warp_motion` of all of `values`; the pins are those outside the known region."""
    warped = values.astype(np.float64)
    rows = np.arange(len(values), dtype=np.float64)
    for columns, points in _grouped_control_points(values, constraints):
        path = points.with_falloff(constraints.falloff)
        if len(path.rows):
            warped[:, columns] += path.evaluate(rows)
    warped = warped.astype(np.float32)
    warped[constraints.known_mask] = constraints.values[constraints.known_mask]
    return _set_pins_on_rows(warped, constraints.pins)


def boundary_mask(known_mask: BoolArray, begin: int = 0, end: int | None = None) -> BoolArray:
    """Return which known values of rows `begin` to `end` have an unknown one before or after them."""
    end = len(known_mask) if end is None else min(end, len(known_mask))
    if begin >= end:
        return known_mask[:0]
    first = max(0, begin - 1)
    padded = np.pad(known_mask[first : end + 1], ((1, 1), (0, 0)), mode="edge")
    interior = padded[:-2] & padded[2:]
    return (known_mask[first : end + 1] & ~interior)[begin - first :][: end - begin]


def interpolate_channels(values: Float32Array, rows: Float64Array, channel: Int32Array) -> Float64Array:
    """Return values (N,) of single channels at fractional rows, linearly interpolated; constant beyond the ends."""
    rows = np.clip(rows, 0, len(values) - 1)
    below = np.floor(rows).astype(int)
    above = np.minimum(below + 1, len(values) - 1)
    part = rows - below
    return values[below, channel] * (1 - part) + values[above, channel] * part


@dataclass(frozen=True)
class _ControlPoints:
    """Control points of the offset in a group of channels: rows (K,), offsets (K, G), slopes (K, G), NaN if not set."""

    rows: Float64Array
    offset: Float64Array
    slope: Float64Array

    def with_falloff(self, falloff: float) -> _ControlPoints:
        """Add points of offset 0 `falloff` rows before and after each point that has room for them; set all slopes."""
        before = np.diff(self.rows, prepend=-np.inf) > 2 * falloff
        after = np.diff(self.rows, append=np.inf) > 2 * falloff
        rows = np.concatenate([self.rows, self.rows[before] - falloff, self.rows[after] + falloff])
        rests = np.zeros((len(rows) - len(self.rows), self.offset.shape[1]))
        order = np.argsort(rows, kind="stable")
        rows = rows[order]
        offset, slope = np.concatenate([self.offset, rests])[order], np.concatenate([self.slope, rests])[order]
        return _ControlPoints(rows, offset, np.where(np.isnan(slope), _monotone_slopes(rows, offset), slope))

    def evaluate(self, rows: Float64Array) -> Float64Array:
        """Return the offset (T, G) at `rows` (T,); 0 beyond the ends."""
        last = np.clip(np.searchsorted(self.rows, rows, side="right") - 1, 0, len(self.rows) - 2)
        length = (self.rows[last + 1] - self.rows[last])[:, None]
        u = (rows - self.rows[last])[:, None] / length
        rise = minimum_jerk(u)
        begin, end = u - u**3 * (6 - 8 * u + 3 * u**2), u**3 * (-4 + 7 * u - 3 * u**2)
        path = self.offset[last] * (1 - rise) + self.offset[last + 1] * rise
        path += length * (self.slope[last] * begin + self.slope[last + 1] * end)
        return np.where((u >= 0) & (u <= 1), path, 0.0)


def _monotone_slopes(rows: Float64Array, values: Float64Array) -> Float64Array:
    """Slopes (K, G) of Fritsch and Carlson: 0 at the ends and at extremes, else the harmonic mean of both secants.

    Limited to MAX_SLOPE_RATIO times the flatter one, above which a quintic without acceleration at its ends overshoots.
    """
    slopes = np.zeros_like(values)
    if len(rows) > 2:
        length = np.diff(rows)[:, None]
        secant = np.diff(values, axis=0) / length
        before, after = 2 * length[1:] + length[:-1], length[1:] + 2 * length[:-1]
        same_sign = secant[:-1] * secant[1:] > 0
        safe = np.where(same_sign, secant[:-1], 1.0), np.where(same_sign, secant[1:], 1.0)
        mean = (before + after) / (before / safe[0] + after / safe[1])
        limit = MAX_SLOPE_RATIO * np.minimum(np.abs(secant[:-1]), np.abs(secant[1:]))
        slopes[1:-1] = np.where(same_sign, np.clip(mean, -limit, limit), 0.0)
    return slopes


def _grouped_control_points(
    values: Float32Array, constraints: Constraints
) -> Iterator[tuple[npt.NDArray[np.intp], _ControlPoints]]:
    """Groups of channels whose known boundaries and pins are at the same rows, and their control points."""
    boundaries, pins = boundary_mask(constraints.known_mask), constraints.pins
    pin_rows = {channel: pins.row[pins.channel == channel] for channel in np.unique(pins.channel).tolist()}
    groups: dict[tuple[bytes, bytes], list[int]] = {}
    for channel, column in enumerate(np.ascontiguousarray(boundaries.T)):
        if column.any() or channel in pin_rows:
            groups.setdefault((column.tobytes(), pin_rows.get(channel, _NO_ROWS).tobytes()), []).append(channel)
    for channels in groups.values():
        boundary_rows = np.flatnonzero(boundaries[:, channels[0]]).astype(np.float64)
        rows = np.union1d(boundary_rows, pin_rows.get(channels[0], _NO_ROWS))
        columns = np.array(channels)
        yield columns, _control_points(values, constraints, boundaries, rows, columns)


def _pins_outside_known(constraints: Constraints) -> Pins:
    """The pins that are neither on known values nor within known segments."""
    pins, last = constraints.pins, len(constraints.known_mask) - 1
    row = np.clip(pins.row, 0, last)
    below, above = np.floor(row).astype(int), np.ceil(row).astype(int)
    return pins[~(constraints.known_mask[below, pins.channel] & constraints.known_mask[above, pins.channel])]


def _control_points(
    values: Float32Array,
    constraints: Constraints,
    boundaries: BoolArray,
    rows: Float64Array,
    columns: npt.NDArray[np.intp],
) -> _ControlPoints:
    offset, slope = np.zeros((len(rows), len(columns))), np.full((len(rows), len(columns)), np.nan)
    known_mask, pins = constraints.known_mask[:, columns[0]], constraints.pins

    def difference(at: npt.NDArray[np.intp]) -> Float64Array:
        return constraints.values[at][:, columns].astype(np.float64) - values[at][:, columns]

    row = np.flatnonzero(boundaries[:, columns[0]])
    index = np.searchsorted(rows, row)
    offset[index] = difference(row)
    for side in (-1, 1):
        neighbour = np.clip(row + side, 0, len(known_mask) - 1)
        in_segment = known_mask[neighbour] & (neighbour != row)
        slope[index[in_segment]] = side * (difference(neighbour[in_segment]) - difference(row[in_segment]))

    pin_offset = pins.value - interpolate_channels(values, pins.row, pins.channel)
    for number in np.flatnonzero(np.isin(columns, pins.channel)):
        of_channel = pins.channel == columns[number]
        offset[np.searchsorted(rows, pins.row[of_channel]), number] = pin_offset[of_channel]
    return _ControlPoints(rows, offset, slope)


def _set_pins_on_rows(values: Float32Array, pins: Pins) -> Float32Array:
    """`values` with the pins that are on rows set exactly."""
    row = np.rint(pins.row).astype(int)
    on_row = (row == pins.row) & (row >= 0) & (row < len(values))
    values[row[on_row], pins.channel[on_row]] = pins.value[on_row]
    return values

"""Motion bent through what the artist keeps: what is missing there is led in and out by minimum-jerk curves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..types import BoolArray, Constraints, Float32Array, Pins

Float64Array = npt.NDArray[np.float64]

_NO_TIMES: Float64Array = np.zeros(0)

MAX_SLOPE_RATIO = 2.0
"""Times the straight slope: at that on both ends a quintic without acceleration at its ends is still monotone."""


def warp_context_rows(falloff: float) -> int:
    """Rows to either side that a row of the bent motion depends on."""
    return int(np.ceil(4 * falloff)) + 2


def warp_motion(values: Float32Array, constraints: Constraints) -> Float32Array:
    """`values` (T, C) moved so that they take every kept value and pass through every pin of `wanted`.

    What is missing there (where a pin lies between rows: of the straight line between them) is added around it as well,
    and falls to nothing within `wanted.pull` rows, or runs over to the next kept value where that is nearer than twice
    that. In between it follows quintic curves without acceleration at their ends: where one starts and stops at rest it
    is the path of least jerk (Flash & Hogan 1985). Slopes are the monotone ones (Fritsch & Carlson 1980), so that no
    bend overshoots; at the border of a kept stretch they are the stretch's own, so that speed does not jump there.
    """
    bent = values.astype(np.float64)
    rows = np.arange(len(values), dtype=np.float64)
    for columns, knots in _grouped_control_points(values, constraints):
        path = knots.with_falloff(constraints.falloff)
        if len(path.rows):
            bent[:, columns] += path.evaluate(rows)
    bent = bent.astype(np.float32)
    bent[constraints.known_mask] = constraints.values[constraints.known_mask]
    return _set_pins_on_rows(bent, _pins_outside_known(constraints))


def interpolate_channels(values: Float32Array, rows: Float64Array, channel: npt.NDArray[np.int32]) -> Float64Array:
    """The values (N,) of single channels at the rows `at`, on straight lines between rows; beyond the ends still."""
    rows = np.clip(rows, 0, len(values) - 1)
    below = np.floor(rows).astype(int)
    above = np.minimum(below + 1, len(values) - 1)
    part = rows - below
    return values[below, channel] * (1 - part) + values[above, channel] * part


@dataclass(frozen=True)
class _ControlPoints:
    """What is `missing` (K, G) at rising times `at` (K,) in a group of channels, and its `slope`; NaN: to be found."""

    rows: Float64Array
    offset: Float64Array
    slope: Float64Array

    def with_falloff(self, falloff: float) -> _ControlPoints:
        """The same with nothing missing `pull` rows before and after, wherever the next knot leaves room for that."""
        before = np.diff(self.rows, prepend=-np.inf) > 2 * falloff
        after = np.diff(self.rows, append=np.inf) > 2 * falloff
        at = np.concatenate([self.rows, self.rows[before] - falloff, self.rows[after] + falloff])
        rests = np.zeros((len(at) - len(self.rows), self.offset.shape[1]))
        order = np.argsort(at, kind="stable")
        missing, slope = np.concatenate([self.offset, rests])[order], np.concatenate([self.slope, rests])[order]
        return _ControlPoints(
            at[order], missing, np.where(np.isnan(slope), _monotone_slopes(at[order], missing), slope)
        )

    def evaluate(self, rows: Float64Array) -> Float64Array:
        """The path (T, G) at `rows` (T,); 0 beyond its ends."""
        last = np.clip(np.searchsorted(self.rows, rows, side="right") - 1, 0, len(self.rows) - 2)
        long = (self.rows[last + 1] - self.rows[last])[:, None]
        u = (rows - self.rows[last])[:, None] / long
        rise = u**3 * (10 - 15 * u + 6 * u**2)
        begin, end = u - u**3 * (6 - 8 * u + 3 * u**2), u**3 * (-4 + 7 * u - 3 * u**2)
        path = self.offset[last] * (1 - rise) + self.offset[last + 1] * rise
        path += long * (self.slope[last] * begin + self.slope[last + 1] * end)
        return np.where((u >= 0) & (u <= 1), path, 0.0)


def _monotone_slopes(rows: Float64Array, values: Float64Array) -> Float64Array:
    """Slopes (K, G) of Fritsch and Carlson: 0 at the ends and at extremes, else the harmonic mean of both sides; never
    more than twice the flatter one, from which on a quintic without acceleration at its ends would overshoot."""
    slopes = np.zeros_like(values)
    if len(rows) > 2:
        long = np.diff(rows)[:, None]
        steep = np.diff(values, axis=0) / long
        before, after = 2 * long[1:] + long[:-1], long[1:] + 2 * long[:-1]
        same = steep[:-1] * steep[1:] > 0
        safe = np.where(same, steep[:-1], 1.0), np.where(same, steep[1:], 1.0)
        mean = (before + after) / (before / safe[0] + after / safe[1])
        most = MAX_SLOPE_RATIO * np.minimum(np.abs(steep[:-1]), np.abs(steep[1:]))
        slopes[1:-1] = np.where(same, np.clip(mean, -most, most), 0.0)
    return slopes


def _grouped_control_points(
    values: Float32Array, constraints: Constraints
) -> Iterator[tuple[npt.NDArray[np.intp], _ControlPoints]]:
    """Channels that are kept and pinned at the same times, and what is missing at these."""
    borders = _boundary_mask(constraints.known_mask)
    loose = _pins_outside_known(constraints)
    pinned = {channel: loose.row[loose.channel == channel] for channel in np.unique(loose.channel).tolist()}
    alike: dict[tuple[bytes, bytes], list[int]] = {}
    for channel, column in enumerate(np.ascontiguousarray(borders.T)):
        if column.any() or channel in pinned:
            alike.setdefault((column.tobytes(), pinned.get(channel, _NO_TIMES).tobytes()), []).append(channel)
    for channels in alike.values():
        rows = np.flatnonzero(borders[:, channels[0]]).astype(np.float64)
        at = np.union1d(rows, pinned.get(channels[0], _NO_TIMES))
        columns = np.array(channels)
        yield columns, _control_points(values, constraints, borders, loose, at, columns)


def _boundary_mask(known_mask: BoolArray) -> BoolArray:
    """Kept values that have one before or after them that is not kept."""
    free_before = np.concatenate([np.zeros((1, known_mask.shape[1]), bool), ~known_mask[:-1]])
    free_after = np.concatenate([~known_mask[1:], np.zeros((1, known_mask.shape[1]), bool)])
    return known_mask & (free_before | free_after)


def _pins_outside_known(constraints: Constraints) -> Pins:
    """The pins that are not on kept values and not within kept stretches."""
    pins, last = constraints.pins, len(constraints.known_mask) - 1
    at = np.clip(pins.row, 0, last)
    below, above = np.floor(at).astype(int), np.ceil(at).astype(int)
    return pins[~(constraints.known_mask[below, pins.channel] & constraints.known_mask[above, pins.channel])]


def _control_points(
    values: Float32Array,
    constraints: Constraints,
    boundaries: BoolArray,
    pins: Pins,
    rows: Float64Array,
    columns: npt.NDArray[np.intp],
) -> _ControlPoints:
    missing, slope = np.zeros((len(rows), len(columns))), np.full((len(rows), len(columns)), np.nan)
    gap = constraints.values[:, columns].astype(np.float64) - values[:, columns]
    keep = constraints.known_mask[:, columns]

    row = np.flatnonzero(boundaries[:, columns[0]])
    place = np.searchsorted(rows, row)
    missing[place] = gap[row]
    for side in (-1, 1):
        inside = np.clip(row + side, 0, len(keep) - 1)
        stretch = keep[inside, 0] & (inside != row)
        slope[place[stretch]] = side * (gap[inside[stretch]] - gap[row[stretch]])

    away = pins.value - interpolate_channels(values, pins.row, pins.channel)
    for number in np.flatnonzero(np.isin(columns, pins.channel)):
        mine = pins.channel == columns[number]
        missing[np.searchsorted(rows, pins.row[mine]), number] = away[mine]
    return _ControlPoints(rows, missing, slope)


def _set_pins_on_rows(values: Float32Array, pins: Pins) -> Float32Array:
    """`values` with those pins that are on rows in their places, exactly."""
    row = np.rint(pins.row).astype(int)
    on = (row == pins.row) & (row >= 0) & (row < len(values))
    values[row[on], pins.channel[on]] = pins.value[on]
    return values

"""Motion bent through what the artist keeps: what is missing there is led in and out by minimum-jerk curves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..types import BoolArray, Constraints, FloatArray, Pins

Floats = npt.NDArray[np.float64]

_NONE: Floats = np.zeros(0)

STEEPEST = 2.0
"""Times the straight slope: at that on both ends a quintic without acceleration at its ends is still monotone."""


def reach(pull: float) -> int:
    """Rows to either side that a row of the bent motion depends on."""
    return int(np.ceil(4 * pull)) + 2


def bend(values: FloatArray, wanted: Constraints) -> FloatArray:
    """`values` (T, C) moved so that they take every kept value and pass through every pin of `wanted`.

    What is missing there (where a pin lies between rows: of the straight line between them) is added around it as well,
    and falls to nothing within `wanted.pull` rows, or runs over to the next kept value where that is nearer than twice
    that. In between it follows quintic curves without acceleration at their ends: where one starts and stops at rest it
    is the path of least jerk (Flash & Hogan 1985). Slopes are the monotone ones (Fritsch & Carlson 1980), so that no
    bend overshoots; at the border of a kept stretch they are the stretch's own, so that speed does not jump there.
    """
    bent = values.astype(np.float64)
    rows = np.arange(len(values), dtype=np.float64)
    for columns, knots in _groups(values, wanted):
        path = knots.with_rest(wanted.pull)
        if len(path.at):
            bent[:, columns] += path.on(rows)
    bent = bent.astype(np.float32)
    bent[wanted.keep] = wanted.values[wanted.keep]
    return _on_rows(bent, _loose(wanted))


def at_rows(values: FloatArray, at: Floats, channel: npt.NDArray[np.int32]) -> Floats:
    """The values (N,) of single channels at the rows `at`, on straight lines between rows; beyond the ends still."""
    at = np.clip(at, 0, len(values) - 1)
    below = np.floor(at).astype(int)
    above = np.minimum(below + 1, len(values) - 1)
    part = at - below
    return values[below, channel] * (1 - part) + values[above, channel] * part


@dataclass(frozen=True)
class _Knots:
    """What is `missing` (K, G) at rising times `at` (K,) in a group of channels, and its `slope`; NaN: to be found."""

    at: Floats
    missing: Floats
    slope: Floats

    def with_rest(self, pull: float) -> _Knots:
        """The same with nothing missing `pull` rows before and after, wherever the next knot leaves room for that."""
        before = np.diff(self.at, prepend=-np.inf) > 2 * pull
        after = np.diff(self.at, append=np.inf) > 2 * pull
        at = np.concatenate([self.at, self.at[before] - pull, self.at[after] + pull])
        rests = np.zeros((len(at) - len(self.at), self.missing.shape[1]))
        order = np.argsort(at, kind="stable")
        missing, slope = np.concatenate([self.missing, rests])[order], np.concatenate([self.slope, rests])[order]
        return _Knots(at[order], missing, np.where(np.isnan(slope), _monotone(at[order], missing), slope))

    def on(self, rows: Floats) -> Floats:
        """The path (T, G) at `rows` (T,); 0 beyond its ends."""
        last = np.clip(np.searchsorted(self.at, rows, side="right") - 1, 0, len(self.at) - 2)
        long = (self.at[last + 1] - self.at[last])[:, None]
        u = (rows - self.at[last])[:, None] / long
        rise = u**3 * (10 - 15 * u + 6 * u**2)
        begin, end = u - u**3 * (6 - 8 * u + 3 * u**2), u**3 * (-4 + 7 * u - 3 * u**2)
        path = self.missing[last] * (1 - rise) + self.missing[last + 1] * rise
        path += long * (self.slope[last] * begin + self.slope[last + 1] * end)
        return np.where((u >= 0) & (u <= 1), path, 0.0)


def _monotone(at: Floats, values: Floats) -> Floats:
    """Slopes (K, G) of Fritsch and Carlson: 0 at the ends and at extremes, else the harmonic mean of both sides; never
    more than twice the flatter one, from which on a quintic without acceleration at its ends would overshoot."""
    slopes = np.zeros_like(values)
    if len(at) > 2:
        long = np.diff(at)[:, None]
        steep = np.diff(values, axis=0) / long
        before, after = 2 * long[1:] + long[:-1], long[1:] + 2 * long[:-1]
        same = steep[:-1] * steep[1:] > 0
        safe = np.where(same, steep[:-1], 1.0), np.where(same, steep[1:], 1.0)
        mean = (before + after) / (before / safe[0] + after / safe[1])
        most = STEEPEST * np.minimum(np.abs(steep[:-1]), np.abs(steep[1:]))
        slopes[1:-1] = np.where(same, np.clip(mean, -most, most), 0.0)
    return slopes


def _groups(values: FloatArray, wanted: Constraints) -> Iterator[tuple[npt.NDArray[np.intp], _Knots]]:
    """Channels that are kept and pinned at the same times, and what is missing at these."""
    borders = _borders(wanted.keep)
    loose = _loose(wanted)
    pinned = {channel: loose.at[loose.channel == channel] for channel in np.unique(loose.channel).tolist()}
    alike: dict[tuple[bytes, bytes], list[int]] = {}
    for channel, column in enumerate(np.ascontiguousarray(borders.T)):
        if column.any() or channel in pinned:
            alike.setdefault((column.tobytes(), pinned.get(channel, _NONE).tobytes()), []).append(channel)
    for channels in alike.values():
        rows = np.flatnonzero(borders[:, channels[0]]).astype(np.float64)
        at = np.union1d(rows, pinned.get(channels[0], _NONE))
        columns = np.array(channels)
        yield columns, _knots(values, wanted, borders, loose, at, columns)


def _borders(keep: BoolArray) -> BoolArray:
    """Kept values that have one before or after them that is not kept."""
    free_before = np.concatenate([np.zeros((1, keep.shape[1]), bool), ~keep[:-1]])
    free_after = np.concatenate([~keep[1:], np.zeros((1, keep.shape[1]), bool)])
    return keep & (free_before | free_after)


def _loose(wanted: Constraints) -> Pins:
    """The pins that are not on kept values and not within kept stretches."""
    pins, last = wanted.pins, len(wanted.keep) - 1
    at = np.clip(pins.at, 0, last)
    below, above = np.floor(at).astype(int), np.ceil(at).astype(int)
    return pins[~(wanted.keep[below, pins.channel] & wanted.keep[above, pins.channel])]


def _knots(
    values: FloatArray, wanted: Constraints, borders: BoolArray, loose: Pins, at: Floats, columns: npt.NDArray[np.intp]
) -> _Knots:
    missing, slope = np.zeros((len(at), len(columns))), np.full((len(at), len(columns)), np.nan)
    gap = wanted.values[:, columns].astype(np.float64) - values[:, columns]
    keep = wanted.keep[:, columns]

    row = np.flatnonzero(borders[:, columns[0]])
    place = np.searchsorted(at, row)
    missing[place] = gap[row]
    for side in (-1, 1):
        inside = np.clip(row + side, 0, len(keep) - 1)
        stretch = keep[inside, 0] & (inside != row)
        slope[place[stretch]] = side * (gap[inside[stretch]] - gap[row[stretch]])

    away = loose.value - at_rows(values, loose.at, loose.channel)
    for number in np.flatnonzero(np.isin(columns, loose.channel)):
        mine = loose.channel == columns[number]
        missing[np.searchsorted(at, loose.at[mine]), number] = away[mine]
    return _Knots(at, missing, slope)


def _on_rows(values: FloatArray, pins: Pins) -> FloatArray:
    """`values` with those pins that are on rows in their places, exactly."""
    row = np.rint(pins.at).astype(int)
    on = (row == pins.at) & (row >= 0) & (row < len(values))
    values[row[on], pins.channel[on]] = pins.value[on]
    return values

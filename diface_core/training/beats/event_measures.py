"""Tracks around events: averages, and how often a movement comes with an event, against chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import signal

from ...types import MODEL_RATE, AnyFloatArray

RATE = MODEL_RATE.value
HALF = 18
"""Rows on either side of an event of its average: 0.6 s."""
DRAWS = 200
"""Random pairings of events and tracks that give chance."""
BIN = 0.2
"""Seconds of the bins in which movements around events are counted."""
SLOW = 0.5
"""Hz: slower motion of the head is posture, and is removed before it is averaged."""


@dataclass(frozen=True)
class Average:
    """A track around events.

    Attributes:
        count: Number of events.
        mean: (2 HALF + 1,) mean over the events, less that of chance.
        score: (2 HALF + 1,) the same in deviations of chance.
    """

    count: int
    mean: AnyFloatArray
    score: AnyFloatArray

    def extreme(self, first: float, last: float, highest: bool) -> tuple[float, float]:
        """Return value and second of the highest or lowest mean within seconds around the event."""
        rows = np.arange(round(first * RATE), round(last * RATE) + 1)
        row = int(rows[np.argmax(self.mean[rows + HALF] * (1 if highest else -1))])
        return float(self.mean[row + HALF]), row / RATE


def without_posture(track: AnyFloatArray) -> AnyFloatArray:
    """Return a rotation (T, 3) or track (T,) without motion slower than SLOW."""
    return signal.sosfiltfilt(signal.butter(2, SLOW, "high", fs=RATE, output="sos"), track, axis=0)


def average(events: list[AnyFloatArray], tracks: list[AnyFloatArray], rng: np.random.Generator) -> Average | None:
    """Return the average of tracks (T,) around the events (E,) in seconds of each; None without events.

    Chance: the events of one clip with the track of another if all have one length (their common template is then in
    both), else with the same track shifted circularly by a second or more.
    """
    found = _mean_around(events, tracks)
    if found is None:
        return None
    chance = [mean[1] for mean in (_mean_around(events, _unpaired(tracks, rng)) for _ in range(DRAWS)) if mean]
    centre, deviation = np.mean(chance, axis=0), np.std(chance, axis=0)
    return Average(found[0], found[1] - centre, (found[1] - centre) / np.maximum(deviation, 1e-9))


def hit_rate(
    events: list[AnyFloatArray],
    moves: list[AnyFloatArray],
    seconds: list[float],
    window: tuple[float, float],
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Return the share of events with a movement within `window` seconds around them, and the share by chance.

    Args:
        events: (E,) seconds, by clip.
        moves: (M,) seconds of movements, by clip.
        seconds: Length of each clip.
        window: First and last second relative to the event.
        rng: Draws the pairings of chance: other clips of the same length, or shifts.
    """
    one_length = len(set(seconds)) == 1 and len(seconds) > 20
    found = _share(events, moves, window)
    chance = []
    for _ in range(DRAWS):
        if one_length:
            shift = int(rng.integers(1, len(moves)))
            chance.append(_share(events, moves[shift:] + moves[:shift], window))
        else:
            shifted = [(m + rng.uniform(1, max(s - 1, 1.1))) % s for m, s in zip(moves, seconds, strict=True)]
            chance.append(_share(events, shifted, window))
    return found, float(np.mean(chance))


def strokes(pitch: AnyFloatArray) -> AnyFloatArray:
    """Return when the head nods, in seconds: prominent peaks of the speed (T,) of its pitch downwards."""
    speed = np.gradient(without_posture(pitch)) * RATE
    rows, _ = signal.find_peaks(speed, prominence=speed.std(), distance=6)
    return rows / RATE


def rises(brows: AnyFloatArray, least: float = 0.03) -> AnyFloatArray:
    """Return when the brows are highest, in seconds: peaks of their weight (T,) that rise by `least`."""
    return signal.find_peaks(brows, prominence=least, distance=6)[0] / RATE


def blinks(lids: AnyFloatArray) -> AnyFloatArray:
    """Return when the lids are shut, in seconds."""
    return signal.find_peaks(lids, height=0.35, distance=6)[0] / RATE


def event_rates(
    events: list[AnyFloatArray], moves: list[AnyFloatArray], seconds: list[float], window: tuple[float, float]
) -> tuple[float, float, float]:
    """Return movements per second within `window` around events and elsewhere, and the second of the most frequent.

    Args:
        events: (E,) seconds, by clip.
        moves: (M,) seconds of movements, by clip.
        seconds: Length of each clip.
        window: First and last second relative to the event.
    """
    bins = np.arange(window[0] - 0.5, window[1] + 0.6, BIN)
    counts, lengths = np.zeros((2, len(bins))), np.zeros(2)
    totals = np.zeros(2)
    for at, mine, length in zip(events, moves, seconds, strict=True):
        times = np.arange(0, length, 1 / RATE)
        for values, row in ((times, 0), (mine, 1)):
            near = _within(values, at, window)
            lengths += 0 if row else np.array([near.sum(), (~near).sum()]) / RATE
            totals += np.array([near.sum(), (~near).sum()]) if row else 0
            for event in at:
                counts[row] += [np.sum(abs(values - event - middle) < BIN / 2) for middle in bins]
    rates = counts[1] / np.maximum(counts[0] / RATE, 1e-9) * (counts[0] > 0.2 * counts[0].max())
    return float(totals[0] / lengths[0]), float(totals[1] / lengths[1]), float(bins[rates.argmax()])


def _within(values: AnyFloatArray, events: AnyFloatArray, window: tuple[float, float]) -> npt.NDArray[np.bool_]:
    """Return which of `values` (N,) lie within `window` around one of the events (E,)."""
    since = values[:, None] - events[None]
    return ((since >= window[0]) & (since <= window[1])).any(axis=1)


def _mean_around(events: list[AnyFloatArray], tracks: list[AnyFloatArray]) -> tuple[int, AnyFloatArray] | None:
    parts = []
    for mine, track in zip(events, tracks, strict=True):
        rows = np.round(mine * RATE).astype(int)
        parts += [track[row - HALF : row + HALF + 1] for row in rows if HALF <= row < len(track) - HALF]
    return (len(parts), np.mean(parts, axis=0)) if parts else None


def _unpaired(tracks: list[AnyFloatArray], rng: np.random.Generator) -> list[AnyFloatArray]:
    if len({len(track) for track in tracks}) == 1 and len(tracks) > 20:
        shift = int(rng.integers(1, len(tracks)))
        return tracks[shift:] + tracks[:shift]
    least = round(RATE)
    return [np.roll(track, rng.integers(least, max(len(track) - least, least + 1))) for track in tracks]


def _share(events: list[AnyFloatArray], moves: list[AnyFloatArray], window: tuple[float, float]) -> float:
    hits = [
        bool(np.any((mine >= event + window[0]) & (mine <= event + window[1])))
        for at, mine in zip(events, moves, strict=True)
        for event in at
    ]
    return float(np.mean(hits)) if hits else float("nan")

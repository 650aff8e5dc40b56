"""Blinks with the rate, duration and spacing of people's, more frequent at the ends of phrases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..motion.easing import cosine_ease
from ..types import MODEL_RATE, AnyFloatArray
from .clock import Clock

REST_INTERVAL = 3.5
"""Mean seconds from blink to blink in silence: 17 per minute (Bentivoglio et al. 1997)."""
REFRACTORY = 0.6
"""Seconds from the onset of a blink in which no other begins."""
REGULARITY = 2.0
"""Shape of the gamma distribution of the intervals: 1 is a Poisson process, higher is more regular."""
PHRASE_END, AROUND_END = 4.0, (-0.1, 0.6)
"""How many times more often people blink around the end of a phrase, and the interval around it (s): speakers blink at
breakpoints of their speech (Nakano & Kitazawa 2010). With phrases of two seconds that gives 26 per minute, as in
conversation (Bentivoglio et al. 1997; 10.5 to 32.5: Doughty 2001)."""
CLOSING, SHUT, OPENING = 0.085, 0.045, 0.17
"""Mean seconds in which the lids close, stay and open: they close twice as fast (chosen, after VanderWerf et al. 2003).
Closed for a frame at 24 fps, so that one always shows it."""
SPREAD, MIN_SLOWNESS, MAX_SLOWNESS = 0.12, 0.8, 1.4
"""Standard deviation of a blink's duration relative to its mean, and its limits; the closed time is never shorter."""
SMALL_SHIFT, LARGE_SHIFT = 5.0, 33.0
"""Degrees: gaze shifts up to the first have no blink, from the second on always one (97% of them: Evinger et al. 1994;
the first is chosen)."""


@dataclass(frozen=True)
class Blinks:
    """Blinks of some audio.

    Attributes:
        onsets: (B,) increasing times in seconds at which the lids begin to close.
        slowness: (B,) durations relative to the mean.
    """

    onsets: AnyFloatArray
    slowness: AnyFloatArray

    @classmethod
    def sample(cls, phrases: AnyFloatArray, rows: int, seed: int, shifts: AnyFloatArray) -> Blinks:
        """Sample blinks for audio of `rows` rows.

        Blinks that accompany gaze shifts are added where there is room; the others do not depend on them.

        Args:
            phrases: (P, 2) begin and end in seconds.
            rows: Number of rows at MODEL_RATE.
            seed: Seed of the layer.
            shifts: (N, 2) large gaze shifts, seconds and degrees.
        """
        spontaneous = _spontaneous_onsets(phrases, rows, seed)
        onsets = np.sort(np.concatenate([spontaneous, _gaze_shift_onsets(shifts, spontaneous, seed)]))
        # Each duration is seeded by its onset, so that an additional blink changes no other.
        slowness = [np.random.default_rng([seed, 3, round(onset * 1000)]).normal(1, SPREAD) for onset in onsets]
        return cls(onsets, np.clip(slowness, MIN_SLOWNESS, MAX_SLOWNESS))

    def closure(self, times: AnyFloatArray) -> AnyFloatArray:
        """Return how far the lids are closed (T,), 0 to 1, at `times` (s). Blinks never overlap."""
        last = np.searchsorted(self.onsets, times, side="right")
        since = times - np.concatenate([[-np.inf], self.onsets])[last]
        slowness = np.concatenate([[1.0], self.slowness])[last]
        closed_seconds = SHUT * np.maximum(1, slowness)
        closing = cosine_ease(since / (CLOSING * slowness))
        opening = cosine_ease((since - CLOSING * slowness - closed_seconds) / (OPENING * slowness))
        return (closing * (1 - opening)).astype(np.float32)


def _spontaneous_onsets(phrases: AnyFloatArray, rows: int, seed: int) -> AnyFloatArray:
    """Onsets (B,) of a renewal process: refractory time, then a gamma whose clock is faster around phrase ends."""
    rng = np.random.default_rng([seed, 1])
    times = np.arange(rows) / MODEL_RATE.value
    ends = phrases[:, 1]
    near = np.zeros(rows, bool)
    if len(ends):
        last_end = np.searchsorted(ends, times - AROUND_END[0], side="right") - 1
        near = (last_end >= 0) & (times - ends[last_end] < AROUND_END[1])
    clock = Clock(np.where(near, PHRASE_END, 1.0) / (REST_INTERVAL - REFRACTORY))

    onsets, now = [], 0.0
    while True:
        now = clock.time_after(now, rng.gamma(REGULARITY, 1 / REGULARITY))
        if now >= clock.seconds:
            return np.array(onsets, np.float64)
        onsets.append(now)
        now += REFRACTORY


def _gaze_shift_onsets(shifts: AnyFloatArray, spontaneous: AnyFloatArray, seed: int) -> AnyFloatArray:
    """Onsets of the blinks that accompany gaze shifts, where no other blink is near."""
    chance = np.random.default_rng([seed, 2]).random(len(shifts))
    with_blink = chance < (shifts[:, 1] - SMALL_SHIFT) / (LARGE_SHIFT - SMALL_SHIFT)
    occupied, onsets = spontaneous.tolist(), []
    for shift in shifts[with_blink, 0]:
        near = np.searchsorted(spontaneous, shift)
        neighbours = [*occupied[max(0, near - 1) : near + 1], *onsets[-1:]]
        if all(abs(shift - other) >= REFRACTORY for other in neighbours):
            onsets.append(float(shift))
    return np.array(onsets, np.float64)

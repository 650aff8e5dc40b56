"""Blinks: as often, as long and as far apart as people's, more of them where a phrase ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..motion.easing import cosine_ease
from ..types import MODEL_RATE, AnyFloatArray
from .clock import Clock

REST_INTERVAL = 3.5
"""Mean seconds from blink to blink in silence: 17 a minute (Bentivoglio et al. 1997)."""
REFRACTORY = 0.6
"""Seconds from a blink's beginning in which no other begins."""
REGULARITY = 2.0
"""Shape of the gamma that the waits have: 1 would be pure chance, more is steadier."""
PHRASE_END, AROUND_END = 4.0, (-0.1, 0.6)
"""How many times more often people blink around the end of a phrase, and from when to when (s): speakers blink at
breakpoints of their speech (Nakano & Kitazawa 2010). With phrases of two seconds that makes 26 a minute, as in
conversation (Bentivoglio et al. 1997; 10.5 to 32.5: Doughty 2001)."""
CLOSING, SHUT, OPENING = 0.085, 0.045, 0.17
"""Mean seconds that the lids take to fall, stay and rise: they fall twice as fast (VanderWerf et al. 2003). Shut for
a frame at 24 frames a second, so that one always shows it."""
SPREAD, MIN_SLOWNESS, MAX_SLOWNESS = 0.12, 0.8, 1.4
"""Standard deviation of a blink's length around its mean, and its limits; the time shut is never shorter."""
SMALL_SHIFT, LARGE_SHIFT = 5.0, 33.0
"""Degrees: gaze shifts up to the one come without a blink, from the other on with one (Evinger et al. 1994)."""


@dataclass(frozen=True)
class Blinks:
    """`begins` (B,): when the lids begin to fall, in seconds, rising; `slowness` (B,): times the mean duration."""

    onsets: AnyFloatArray
    slowness: AnyFloatArray

    @classmethod
    def sample(cls, phrases: AnyFloatArray, rows: int, seed: int, shifts: AnyFloatArray) -> Blinks:
        """Blinks for a sound of `rows` rows with these `phrases` (P, 2), and with large gaze `shifts` (N, 2: s, deg).

        Those with gaze shifts come on top and only where there is room: without them, the others are the same.
        """
        own = _spontaneous_onsets(phrases, rows, seed)
        begins = np.sort(np.concatenate([own, _gaze_shift_onsets(shifts, own, seed)]))
        # Each blink's length is drawn from where it stands, so that one more blink changes no other's.
        slowness = [np.random.default_rng([seed, 3, round(b * 1000)]).normal(1, SPREAD) for b in begins]
        return cls(begins, np.clip(slowness, MIN_SLOWNESS, MAX_SLOWNESS))

    def closure(self, times: AnyFloatArray) -> AnyFloatArray:
        """How far the lids are shut (T,), 0 to 1, at the times `at` (s). No blink begins before another is over."""
        last = np.searchsorted(self.onsets, times, side="right")
        since = times - np.concatenate([[-np.inf], self.onsets])[last]
        slowness = np.concatenate([[1.0], self.slowness])[last]
        stays = SHUT * np.maximum(1, slowness)
        fallen = cosine_ease(since / (CLOSING * slowness))
        risen = cosine_ease((since - CLOSING * slowness - stays) / (OPENING * slowness))
        return (fallen * (1 - risen)).astype(np.float32)


def _spontaneous_onsets(phrases: AnyFloatArray, rows: int, seed: int) -> AnyFloatArray:
    """Begins (B,) of a renewal process: refractory, then a gamma of time that runs faster around phrase ends."""
    rng = np.random.default_rng([seed, 1])
    at = np.arange(rows) / MODEL_RATE.value
    ends = phrases[:, 1]
    near = np.zeros(rows, bool)
    if len(ends):
        before = np.searchsorted(ends, at - AROUND_END[0], side="right") - 1  # the last end that has come or is near
        near = (before >= 0) & (at - ends[before] < AROUND_END[1])
    clock = Clock(np.where(near, PHRASE_END, 1.0) / (REST_INTERVAL - REFRACTORY))

    begins, now = [], 0.0
    while True:
        now = clock.time_after(now, rng.gamma(REGULARITY, 1 / REGULARITY))
        if now >= clock.seconds:
            return np.array(begins, np.float64)
        begins.append(now)
        now += REFRACTORY


def _gaze_shift_onsets(shifts: AnyFloatArray, spontaneous: AnyFloatArray, seed: int) -> AnyFloatArray:
    """Begins of the blinks that go with gaze shifts, where no blink is near."""
    chance = np.random.default_rng([seed, 2]).random(len(shifts))
    willing = chance < (shifts[:, 1] - SMALL_SHIFT) / (LARGE_SHIFT - SMALL_SHIFT)
    taken, found = spontaneous.tolist(), []
    for begin in shifts[willing, 0]:
        near = np.searchsorted(spontaneous, begin)
        around = [*taken[max(0, near - 1) : near + 1], *found[-1:]]
        if all(abs(begin - other) >= REFRACTORY for other in around):
            found.append(float(begin))
    return np.array(found, np.float64)

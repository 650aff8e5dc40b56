"""Blinks: what no corpus of ours teaches, from the literature's rates and durations."""

from __future__ import annotations

import numpy as np

from .types import FloatArray, Motion

LIDS = ("eyeBlinkLeft", "eyeBlinkRight")

MEAN_INTERVAL = 3.2
"""Seconds from blink to blink: 19 a minute, between rest (17) and conversation (26; Bentivoglio et al. 1997)."""
REFRACTORY = 0.8
"""Seconds after a blink in which there is no other."""
CLOSING, SHUT, OPENING = 0.09, 0.03, 0.19
"""Seconds that the lids take to fall, stay and rise: they fall twice as fast (VanderWerf et al. 2003)."""


def blink_times(seconds: float, seed: int) -> FloatArray:
    """When the lids begin to fall, in seconds; the same seed blinks the same however long the sound is."""
    rng = np.random.default_rng([seed, 2])
    times, now = [], 0.0
    while True:
        now += REFRACTORY + rng.gamma(2.0, (MEAN_INTERVAL - REFRACTORY) / 2)
        if now >= seconds:
            return np.array(times, np.float32)
        times.append(now)


def lids(at: FloatArray, begins: FloatArray) -> FloatArray:
    """How far the lids are shut, 0 to 1, at the times `at` (s), for blinks that begin at `begins` (s, rising).

    No blink begins before the one before it is over, so that only the last one counts.
    """
    since = at - np.concatenate([[-np.inf], begins])[np.searchsorted(begins, at, side="right")]
    fallen = np.clip(since / CLOSING, 0, 1)
    risen = np.clip((since - CLOSING - SHUT) / OPENING, 0, 1)
    shut = (1 - np.cos(np.pi * fallen)) / 2 * (1 + np.cos(np.pi * risen)) / 2
    return shut.astype(np.float32)


def with_blinks(motion: Motion, seed: int) -> Motion:
    """The Motion with blinks on its lids, where they are not shut further already; one without lids as it is."""
    columns = [motion.channels.index(name) for name in LIDS if name in motion.channels]
    values = motion.values.copy()
    if columns:
        at = np.arange(len(values)) / motion.rate.value
        shut = lids(at, blink_times(len(values) / motion.rate.value, seed))
        values[:, columns] = np.maximum(values[:, columns], shut[:, None])
    return Motion(values, motion.channels, motion.rate)

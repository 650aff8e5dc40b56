"""Where someone speaks: phrases and the pauses between them, from the loudness alone."""

from __future__ import annotations

import numpy as np

from ..types import MODEL_RATE, AnyFloatArray

SPEECH_THRESHOLD = -1.2
"""Loudness (1 is 20 dB, 0 speech level) below which nothing is speech: 24 dB under the loud syllables."""
PAUSE, LONG_PAUSE, LONG_PHRASE = 0.25, 0.7, 2.0
"""Seconds. Quiet shorter than PAUSE is the closure of a stop (Goldman-Eisler 1968). A pause ends a phrase that has
lasted FULL seconds, and any phrase from LONG_PAUSE on: words said one by one are one phrase, as they are one breath."""
MIN_SPEECH = 0.12
"""Seconds that speech lasts at least; what is shorter is a click."""


def find_phrases(loudness: AnyFloatArray) -> AnyFloatArray:
    """When each phrase begins and ends, (P, 2) in seconds, rising, from the loudness (T,) at MODEL_RATE."""
    found: list[list[float]] = []
    for begin, end in find_speech(loudness).tolist():
        if found:
            pause, lasted = begin - found[-1][1], found[-1][1] - found[-1][0]
            if pause < (PAUSE if lasted >= LONG_PHRASE else LONG_PAUSE):
                found[-1][1] = end
                continue
        found.append([begin, end])
    return np.array(found, np.float64).reshape(-1, 2)


def find_speech(loudness: AnyFloatArray) -> AnyFloatArray:
    """Stretches of speech (S, 2) in seconds with pauses of PAUSE between them.

    A row is speech where it is louder than QUIETEST, and than halfway between the sound's quiet and loud rows.
    """
    if not len(loudness):
        return np.zeros((0, 2))
    floor, top = np.quantile(loudness, [0.05, 0.95])
    speaking = np.concatenate([[False], loudness > max(SPEECH_THRESHOLD, (floor + top) / 2), [False]])
    bounds = np.flatnonzero(speaking[1:] != speaking[:-1]).reshape(-1, 2) / MODEL_RATE.value

    apart = bounds[1:, 0] - bounds[:-1, 1] >= PAUSE
    edges = np.concatenate([bounds[:1, 0], bounds[:-1, 1][apart], bounds[1:, 0][apart], bounds[-1:, 1]])
    found = np.sort(edges).reshape(-1, 2)
    return found[found[:, 1] - found[:, 0] >= MIN_SPEECH]

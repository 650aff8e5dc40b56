"""Phrases and the pauses between them, from the loudness alone."""

from __future__ import annotations

import numpy as np

from ..types import MODEL_RATE, AnyFloatArray

SPEECH_THRESHOLD = -1.2
"""Loudness (1 is 20 dB, 0 speech level) below which nothing is speech: 24 dB under the loud syllables."""
PAUSE, LONG_PAUSE, LONG_PHRASE = 0.25, 0.7, 2.0
"""Seconds. Silence shorter than PAUSE is the closure of a stop (Goldman-Eisler 1968). A pause ends a phrase of at least
LONG_PHRASE, and any phrase if it lasts LONG_PAUSE: words that are said one by one are one phrase, as they are one
breath."""
MIN_SPEECH = 0.12
"""Minimum seconds of speech; shorter sounds are clicks."""


def find_phrases(loudness: AnyFloatArray) -> AnyFloatArray:
    """Return begin and end of each phrase, (P, 2) in seconds, increasing, from the loudness (T,) at MODEL_RATE."""
    phrases: list[list[float]] = []
    for begin, end in find_speech(loudness).tolist():
        if phrases:
            pause, duration = begin - phrases[-1][1], phrases[-1][1] - phrases[-1][0]
            if pause < (PAUSE if duration >= LONG_PHRASE else LONG_PAUSE):
                phrases[-1][1] = end
                continue
        phrases.append([begin, end])
    return np.array(phrases, np.float64).reshape(-1, 2)


def find_speech(loudness: AnyFloatArray) -> AnyFloatArray:
    """Return segments of speech (S, 2) in seconds with pauses of PAUSE between them.

    A row is speech if it is louder than SPEECH_THRESHOLD, and than halfway between the audio's quiet and loud rows.
    """
    if not len(loudness):
        return np.zeros((0, 2))
    floor, top = np.quantile(loudness, [0.05, 0.95])
    speaking = np.concatenate([[False], loudness > max(SPEECH_THRESHOLD, (floor + top) / 2), [False]])
    bounds = np.flatnonzero(speaking[1:] != speaking[:-1]).reshape(-1, 2) / MODEL_RATE.value

    is_pause = bounds[1:, 0] - bounds[:-1, 1] >= PAUSE
    edges = np.concatenate([bounds[:1, 0], bounds[:-1, 1][is_pause], bounds[1:, 0][is_pause], bounds[-1:, 1]])
    segments = np.sort(edges).reshape(-1, 2)
    return segments[segments[:, 1] - segments[:, 0] >= MIN_SPEECH]

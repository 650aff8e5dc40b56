"""How much of each sound besides speech there is, and its bursts, for each row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from ...runtime.sliding_windows import sliding_windows
from ...types import AnyFloatArray, Float32Array, Float64Array
from .sound_classes import CLASSES, CONTEXT, COUGH, LAUGH, OTHER, SPEECH, SoundClassifier

DOUBTFUL, CERTAIN = 0.75, 0.95
"""Probability of another sound than speech from which the face begins to show it, and at which it shows nothing else:
whatever may be speech stays speech."""
STEADY = 0.24, 0.34
"""Deviation of the loudness in a passage (1 is 20 dB) up to which nobody laughs or coughs, and from which somebody may:
the calls of a laugh rise and fall, and pause."""
DECISIVE = 2
"""Power of the probabilities by which the other sounds share the face: a little of a laugh in music does not show."""
AUDIBLE, PASSAGE, MUSICAL = -1.5, 45, (0.3, 0.6)
"""Loudness of rows that count for a passage, rows of it on either side (3 s), and the mean probability of sounds
without a voice in it from which laughs, coughs and breaths count less, and at which not at all."""
SHORTEST = 2
"""Rows on either side over which a sound must be heard: shorter ones (a sixth of a second) do not count."""
EASE = 3
"""Rows on either side in which the face goes from speech to a sound and back."""
LOCAL, RANGE = 12, 0.9
"""Rows on either side of which the loudest is a burst's top, and how far below is its bottom (18 dB)."""
QUIET, LOUD = -1.6, -0.2
"""Loudness at which a sound is shown least, and in full."""
LEAST = 0.35
"""Size of the quietest sound that is shown."""

COLUMNS = len(CLASSES) + 2
BURST, SIZE = len(CLASSES), len(CLASSES) + 1
"""Columns after the amounts of the classes."""
RISE, FALL, LOUD_BURST = 1.0, 0.6, -0.6
"""How much louder a burst is than the rows before and the rows after it (1 is 20 dB), and the loudness that it has."""
BEFORE, AFTER, AROUND_BURST = 3, 9, (2, 9)
"""Rows before a burst and after it that are compared with it, and rows before and after it that belong to it."""
NOT_SPEECH, BURSTS_COUNT = (0.35, 0.25), 7.4
"""Probability of speech up to which bursts tell coughs from laughs and other sounds, and from which they do in full;
and the factor on the odds of a cough in a burst: recorded coughs resemble the synthesised ones little."""
SILENT = -3.0
"""Loudness of silence."""
REACH = CONTEXT + PASSAGE + 2 * SHORTEST + EASE + LOCAL
"""Rows on either side that a row depends on."""


def stream_amounts(parts: Iterable[Float32Array], rows: int, classifier: SoundClassifier) -> Iterator[Float32Array]:
    """Yield the amounts (n, COLUMNS) of feature rows in parts (n, D), in order; equal to that of the whole.

    Columns: the amount of each class, which add up to 1; then the burst, 0 between bursts and 1 at their tops; then
    the size of the sound by its loudness, LEAST to 1.
    """
    for window in sliding_windows(parts, REACH, rows):
        yield sound_amounts(window.rows, classifier)[window.valid]


def sound_amounts(features: Float32Array, classifier: SoundClassifier) -> Float32Array:
    """Return the amounts (T, COLUMNS) of feature rows (T, D)."""
    probabilities = _with_coughs(classifier.probabilities(features), features[:, -1])
    columns = np.zeros((len(features), COLUMNS), np.float32)
    others = probabilities[:, SPEECH + 1 :]
    others = _without_voices_in_music(others, features[:, -1])
    certain = others.sum(axis=1)
    amount = np.clip((certain - DOUBTFUL) / (CERTAIN - DOUBTFUL), 0, 1)
    amount = _running(_running(amount, SHORTEST, np.min), SHORTEST, np.max)
    shares = others**DECISIVE / np.maximum((others**DECISIVE).sum(axis=1), 1e-9)[:, None]
    for number in range(SPEECH + 1, len(CLASSES)):
        columns[:, number] = _running(amount * shares[:, number - 1], EASE, np.mean)
    columns[:, SPEECH] = np.clip(1 - columns[:, SPEECH + 1 : len(CLASSES)].sum(axis=1), 0, 1)
    loudness = features[:, -1].astype(np.float64)
    top = _running(loudness, LOCAL, np.max)
    columns[:, BURST] = np.clip((loudness - top + RANGE) / RANGE, 0, 1)
    columns[:, SIZE] = LEAST + (1 - LEAST) * np.clip((top - QUIET) / (LOUD - QUIET), 0, 1)
    return columns


def _with_coughs(probabilities: Float32Array, loudness: Float32Array) -> Float32Array:
    """Return probabilities (T, K) with more of a cough in sudden bursts that fall at once and are hardly speech."""
    unlikely, never = NOT_SPEECH[0] - probabilities[:, SPEECH], NOT_SPEECH[0] - NOT_SPEECH[1]
    amount = _bursts(loudness.astype(np.float64)) * np.clip(unlikely / never, 0, 1)
    changed = probabilities.copy()
    changed[:, COUGH] *= BURSTS_COUNT**amount
    return changed / changed.sum(axis=1, keepdims=True)


def _bursts(loudness: Float64Array) -> Float64Array:
    """Return 1 on the rows (T,) around sudden bursts that fall at once, else 0. Outside of the sound is silence."""
    padded = np.pad(loudness, (BEFORE, AFTER), constant_values=SILENT)
    windows = np.lib.stride_tricks.sliding_window_view(padded, BEFORE + 1 + AFTER)
    rise, fall = loudness - windows[:, :BEFORE].min(axis=1), loudness - windows[:, BEFORE + 1 :].min(axis=1)
    onsets = (loudness > LOUD_BURST) & (rise > RISE) & (fall > FALL)
    before, after = AROUND_BURST
    around = np.lib.stride_tricks.sliding_window_view(np.pad(onsets, (after, before)), before + 1 + after)
    return around.any(axis=1).astype(np.float64)


def _without_voices_in_music(others: Float32Array, loudness: Float32Array) -> Float32Array:
    """Return probabilities (T, K - 1) of the other sounds: passages of music have no laugh, cough or breath."""
    music = OTHER - 1
    is_loud = (loudness > AUDIBLE).astype(np.float64)
    share = _running(is_loud * others[:, music], PASSAGE, np.mean)
    share /= np.maximum(_running(is_loud, PASSAGE, np.mean), 1e-6)
    kept = np.ones(others.shape)
    kept[:, :music] = np.clip((MUSICAL[1] - share) / (MUSICAL[1] - MUSICAL[0]), 0, 1)[:, None]
    mean = _running(loudness, PASSAGE, np.mean)
    deviation = np.sqrt(np.maximum(_running(loudness.astype(np.float64) ** 2, PASSAGE, np.mean) - mean**2, 0))
    kept[:, [LAUGH - 1, COUGH - 1]] *= np.clip((deviation - STEADY[0]) / (STEADY[1] - STEADY[0]), 0, 1)[:, None]
    changed = others * kept
    changed[:, music] += (others * (1 - kept)).sum(axis=1)
    return changed


def _running(values: AnyFloatArray, reach: int, summary: Callable[..., AnyFloatArray]) -> AnyFloatArray:
    """Return a summary (T,) of the values within `reach` rows of each row; the ends are repeated."""
    padded = np.pad(values, reach, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    return summary(windows, axis=1)

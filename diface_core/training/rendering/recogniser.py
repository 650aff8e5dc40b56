"""Which phones a recording holds: the IPA recogniser of PyPI's hama 1.7.0 (Apache-2.0, CPU, one thread).

It hears 5 to 8 times faster than real time on an idle core.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ...audio.speech_encoder import RATE
from ...errors import DifaceError
from ...types import FloatArray
from .phones import normal

HINT = (
    "The recogniser hama is not installed. Get it with: pip install --require-hashes --no-deps -r wheels/rendering.txt"
)
ROW = 320
"""Samples a row: 50 rows a second."""
LATE, LATE_STOP = 0.064, 0.088
"""Seconds from a phone's start to its answer, a stop's with its closure: medians over 6 voices with exact labels."""
STOPS = frozenset("pbtdkɡcɟqʈɖʔm")
"""Sounds known when they end. m with them: it is known when the lips part."""
SILENT = -40.0
"""dB below the loudest that count as silence."""
PAUSE, CLOSURE = 0.08, 0.16
"""Seconds of silence that make a pause, and before a stop, whose closure is silent too."""
WINDOW, MARGIN = 500, 50
"""Rows heard at a time, and those at either side that are heard twice, because the recogniser looks around."""


@lru_cache(maxsize=1)
def _model() -> Any:
    try:
        from hama.asr import ASRModel  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise DifaceError("Recorded speech cannot be given phones.", HINT) from error
    return ASRModel()


def tokens() -> tuple[str, ...]:
    """What each of the 191 columns stands for: IPA, and at the end a word's border and CTC's blank."""
    return tuple(_model().decoder_tokens)


def ipa_posteriors(samples: FloatArray) -> FloatArray:
    """(N,) float32 mono at 16 kHz -> (ceil(N / 320), 191) float32 log posteriors, 50 rows a second.

    Row i is of the sound about sample 320 i; a phone's row comes 20 to 80 ms after its start. The sound is heard in
    windows of WINDOW rows, so that any length fits. Raises DifaceError where hama is not installed.
    """
    rows = -(-len(samples) // ROW)
    # Half a second of silence at both ends: the recogniser misses a sound that starts at once.
    sound = np.pad(np.asarray(samples, np.float32), (MARGIN * ROW, MARGIN * ROW + rows * ROW - len(samples)))
    step = WINDOW - 2 * MARGIN
    heard = [
        _hear(sound[at * ROW : (at + WINDOW) * ROW])[MARGIN : MARGIN + step] for at in range(0, max(rows, 1), step)
    ]
    return np.concatenate(heard)[:rows]


def _hear(sound: FloatArray) -> FloatArray:
    model = _model()
    names = (model._waveform_input_name, model._waveform_lengths_input_name)
    feeds = dict(zip(names, (sound[None], np.array([len(sound)], np.int64)), strict=True))
    found, count = model.session.run([model._log_probs_output_name, model._out_lengths_output_name], feeds)
    return np.asarray(found[0][: int(np.ravel(count)[0])], np.float32)


def recognised(samples: FloatArray, posteriors: FloatArray | None = None) -> list[tuple[float, float, str]]:
    """(N,) float32 at 16 kHz -> its phones (start s, end s, IPA in the closed set of phones.py), gaps left at pauses.

    The recogniser is trained with CTC, which tells an order and no borders; but its answers follow the sound by the
    same time in every voice and language that was measured (LATE), so that taking it off gives the borders.
    """
    rows = ipa_posteriors(samples) if posteriors is None else posteriors
    starts = [(at / 50 - LATE_STOP if label[0] in STOPS else at / 50 - LATE, label) for at, label in answers(rows)]
    heard = level(samples)
    found: list[tuple[float, float, str]] = []
    for (start, label), (end, following) in zip(starts, [*starts[1:], (len(samples) / RATE, "")], strict=True):
        start = max(start, found[-1][1] if found else 0.0)
        quiet = CLOSURE if following[:1] in STOPS else PAUSE
        stop = _sounding(heard, start, min(max(end, start), len(samples) / RATE), quiet)
        if stop > start:
            found.append((start, stop, label))
    return found


def answers(posteriors: FloatArray) -> list[tuple[int, str]]:
    """(T50, 191) -> the row at which each phone is first the likeliest, and its IPA; no blanks, no borders of words."""
    names = _names()
    best = posteriors.argmax(axis=1).tolist()
    changes = enumerate(zip(best, [-1, *best[:-1]], strict=True))
    return [(row, names[now]) for row, (now, last) in changes if now != last and names[now]]


def level(samples: FloatArray) -> FloatArray:
    """(N,) -> level in dB of each hundredth of a second, 0 for the loudest."""
    step = RATE // 100
    parts = np.pad(samples, (0, -len(samples) % step)).reshape(-1, step)
    power = np.convolve((parts**2).mean(axis=1), np.ones(3) / 3, "same")
    return (10 * np.log10(power / power.max(initial=1e-12) + 1e-9)).astype(np.float32)


def _sounding(heard: FloatArray, start: float, end: float, quiet: float) -> float:
    """Where between start and end the sound stops for `quiet` seconds or more before the end; the end if nowhere."""
    inside = heard[round(start * 100) : round(end * 100)]
    loud = np.flatnonzero(inside > SILENT)
    stop = start + (int(loud[-1]) + 1) / 100 if len(loud) else end if quiet > end - start else start
    return end if end - stop < quiet else stop


@lru_cache(maxsize=1)
def _names() -> tuple[str, ...]:
    def name(token: str) -> str:
        try:
            return "" if token.startswith("<") else normal(token)
        except ValueError:
            return ""  # a letter of some script, or a mark of the training texts

    return tuple(name(token) for token in tokens())

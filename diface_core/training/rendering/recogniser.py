"""Phone recognition of recordings: the IPA recogniser of PyPI's hama 1.7.0 (Apache-2.0, CPU, one thread).

It runs 5 to 8 times faster than real time on an idle core.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ...audio.speech_encoder import SAMPLE_RATE
from ...errors import DifaceError
from ...types import Float32Array
from .phones import STOPS, normalise_ipa

INSTALL_HINT = (
    "The recogniser hama is not installed. Install it with: "
    "pip install --require-hashes --no-deps -r wheels/rendering.txt"
)
ROW_SAMPLES = 320
"""Samples per row: 50 rows per second."""
DELAY, STOP_DELAY = 0.064, 0.088
"""Delay in seconds from a phone's start to its recognition, of a stop including its closure: medians over 6 voices."""
RECOGNISED_AT_END = STOPS | {"m"}
"""Sounds recognised at their end. m is one of them: it is recognised when the lips part."""
SILENCE_LEVEL = -40.0
"""dB below the loudest that count as silence."""
MIN_PAUSE, MIN_CLOSURE_PAUSE = 0.08, 0.16
"""Seconds of silence that make a pause, and before a stop, whose closure is silent too."""
WINDOW_ROWS, CONTEXT_ROWS = 500, 50
"""Rows processed at a time, and overlapping rows of context on both sides."""


@lru_cache(maxsize=1)
def _model() -> Any:
    try:
        from hama.asr import ASRModel
    except ImportError as error:
        raise DifaceError("The phones of recorded speech cannot be recognised.", INSTALL_HINT) from error
    return ASRModel()


def tokens() -> tuple[str, ...]:
    """Return the meaning of each of the 191 columns: IPA, and at the end a word's border and CTC's blank."""
    return tuple(_model().decoder_tokens)


def ipa_posteriors(samples: Float32Array) -> Float32Array:
    """Return log posteriors (ceil(N / 320), 191) float32 of samples (N,) float32 mono at 16 kHz, 50 rows per second.

    Row i belongs to the sound at about sample 320 i; a phone's row comes 20 to 80 ms after its start. The sound is
    processed in windows of WINDOW_ROWS rows, so that any length fits.

    Raises:
        DifaceError: Hama is not installed.
    """
    rows = -(-len(samples) // ROW_SAMPLES)
    # Half a second of silence at both ends: the recogniser misses a sound at the very start.
    sound = np.pad(
        np.asarray(samples, np.float32),
        (CONTEXT_ROWS * ROW_SAMPLES, CONTEXT_ROWS * ROW_SAMPLES + rows * ROW_SAMPLES - len(samples)),
    )
    step = WINDOW_ROWS - 2 * CONTEXT_ROWS
    heard = [
        _run_model(sound[at * ROW_SAMPLES : (at + WINDOW_ROWS) * ROW_SAMPLES])[CONTEXT_ROWS : CONTEXT_ROWS + step]
        for at in range(0, max(rows, 1), step)
    ]
    return np.concatenate(heard)[:rows]


def _run_model(sound: Float32Array) -> Float32Array:
    model = _model()
    names = (model._waveform_input_name, model._waveform_lengths_input_name)
    feeds = dict(zip(names, (sound[None], np.array([len(sound)], np.int64)), strict=True))
    found, count = model.session.run([model._log_probs_output_name, model._out_lengths_output_name], feeds)
    return np.asarray(found[0][: int(np.ravel(count)[0])], np.float32)


def recognise(samples: Float32Array, posteriors: Float32Array | None = None) -> list[tuple[float, float, str]]:
    """Return the phones (start s, end s, IPA in the closed set of phones.py) of a sound, with gaps at pauses.

    The recogniser is trained with CTC, which gives an order without borders; but its delay is the same in every voice
    and language measured (DELAY), so that subtracting it gives the borders.

    Args:
        samples: (N,) float32 at 16 kHz.
        posteriors: Its `ipa_posteriors`, computed if None.
    """
    rows = ipa_posteriors(samples) if posteriors is None else posteriors
    starts = [
        (at / 50 - STOP_DELAY if label[0] in RECOGNISED_AT_END else at / 50 - DELAY, label)
        for at, label in decode_ctc(rows)
    ]
    heard = level_decibels(samples)
    found: list[tuple[float, float, str]] = []
    for (start, label), (end, following) in zip(starts, [*starts[1:], (len(samples) / SAMPLE_RATE, "")], strict=True):
        start = max(start, found[-1][1] if found else 0.0)
        quiet = MIN_CLOSURE_PAUSE if following[:1] in RECOGNISED_AT_END else MIN_PAUSE
        stop = _sound_end(heard, start, min(max(end, start), len(samples) / SAMPLE_RATE), quiet)
        if stop > start:
            found.append((start, stop, label))
    return found


def decode_ctc(posteriors: Float32Array) -> list[tuple[int, str]]:
    """Return the row at which each phone first has the highest posterior, and its IPA; no blanks, no word borders.

    Args:
        posteriors: (T50, 191).
    """
    names = _column_symbols()
    best = posteriors.argmax(axis=1).tolist()
    changes = enumerate(zip(best, [-1, *best[:-1]], strict=True))
    return [(row, names[now]) for row, (now, last) in changes if now != last and names[now]]


def level_decibels(samples: Float32Array) -> Float32Array:
    """Return the level in dB of each hundredth of a second of samples (N,), 0 for the loudest."""
    step = SAMPLE_RATE // 100
    parts = np.pad(samples, (0, -len(samples) % step)).reshape(-1, step)
    power = np.convolve((parts**2).mean(axis=1), np.ones(3) / 3, "same")
    return (10 * np.log10(power / power.max(initial=1e-12) + 1e-9)).astype(np.float32)


def _sound_end(levels: Float32Array, start: float, end: float, quiet: float) -> float:
    """Return where between start and end the sound stops for at least `quiet` seconds; the end if nowhere."""
    inside = levels[round(start * 100) : round(end * 100)]
    loud = np.flatnonzero(inside > SILENCE_LEVEL)
    stop = start + (int(loud[-1]) + 1) / 100 if len(loud) else end if quiet > end - start else start
    return end if end - stop < quiet else stop


@lru_cache(maxsize=1)
def _column_symbols() -> tuple[str, ...]:
    def name(token: str) -> str:
        try:
            return "" if token.startswith("<") else normalise_ipa(token)
        except ValueError:
            return ""  # a letter of another script, or a mark of the recogniser's training texts

    return tuple(name(token) for token in tokens())

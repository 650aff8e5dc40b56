"""Sequences of speech and other sounds, in one room, with a label for each row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...audio.loudness import SAMPLE_RATE
from ...nonverbal.sounds.sound_classes import BREATH, COUGH, LAUGH, OTHER, SPEECH
from ...types import MODEL_RATE, Float32Array, Int64Array
from ..corpora import not_speech
from . import synthesis

UNKNOWN = -1
"""Label of rows that do not count: pauses, and the edges between two sounds."""
EDGE = 0.08
"""Seconds on either side of an edge that do not count."""
SECONDS = 11.0
PAUSE_RMS = 0.12
"""Level below which a row within a sound is a pause of it, relative to its loud rows."""

Rng = np.random.Generator
Wave = npt.NDArray[np.floating]
Make = Callable[[Rng], Wave]


def _without_voice(rng: Rng) -> Wave:
    """Return music, noise, a hum or knocks; in a third of them two at once."""
    length = round(SAMPLE_RATE * rng.uniform(0.8, 6.0))
    kinds = rng.choice(["music", "music", "music", "noise", "hum", "knocks"], 1 + (rng.random() < 0.35))
    waves = [not_speech.SYNTHESISERS[str(kind)](length, rng) for kind in kinds]
    return np.sum([rng.uniform(0.2, 1) * wave / max(float(np.std(wave)), 1e-6) for wave in waves], axis=0)


SOUNDS: dict[int, tuple[Make, ...]] = {
    LAUGH: (synthesis.laugh,), COUGH: (synthesis.cough,), BREATH: (synthesis.breath, synthesis.sigh),
    OTHER: (_without_voice,),
}  # fmt: skip
LEVELS = {LAUGH: (-12.0, 4.0), COUGH: (-12.0, 6.0), BREATH: (-36.0, -8.0), OTHER: (-25.0, 3.0)}
"""dB of a sound relative to the speech beside it, least and most."""
MIXED, TALK, OTHERS, ALONE = "mixed", "talk", "others", "alone"
KINDS = {MIXED: 0.4, TALK: 0.2, OTHERS: 0.1, ALONE: 0.3}
"""Share of the sequences that mix speech and other sounds, have one of both, or a single sound in silence."""
SHARES = {LAUGH: 0.3, COUGH: 0.2, BREATH: 0.2, OTHER: 0.3}


@dataclass(frozen=True)
class Sequence:
    """Samples (N,) at 16 kHz, and the class of each row (T,) at MODEL_RATE, UNKNOWN where it does not count."""

    samples: Float32Array
    labels: Int64Array


def draw_sequence(speeches: list[Float32Array], seed: int) -> Sequence:
    """Draw a sequence: speech with other sounds in it, speech alone, or other sounds alone.

    Args:
        speeches: Utterances of one or several voices.
        seed: Seed.
    """
    rng = np.random.default_rng([seed, 31])
    kind = rng.choice(list(KINDS), p=list(KINDS.values()))
    if kind == ALONE:
        is_word = rng.random() < 0.5
        part = (_word(speeches, rng), SPEECH) if is_word else _other_sound(rng)
        return _in_a_room([_pause(rng), part, _pause(rng)], rng)
    parts: list[tuple[Wave, int]] = []
    while sum(len(wave) for wave, _label in parts) < SECONDS * SAMPLE_RATE:
        is_speech = kind == TALK or (kind == MIXED and rng.random() < 0.5)
        parts.append((_utterance(speeches, rng), SPEECH) if is_speech else _other_sound(rng))
        parts += [_pause(rng)] if rng.random() < 0.7 else []
    return _in_a_room(parts, rng)


def _other_sound(rng: Rng) -> tuple[Wave, int]:
    label = int(rng.choice(list(SHARES), p=list(SHARES.values())))
    makes = SOUNDS[label]
    return _level(makes[rng.integers(len(makes))](rng), rng.uniform(*LEVELS[label])), label


def _utterance(speeches: list[Float32Array], rng: Rng) -> Wave:
    """Return an utterance; half of them are faster and higher, or slower and lower, as of smaller and larger people."""
    wave = speeches[rng.integers(len(speeches))]
    if rng.random() < 0.5:
        wave = np.interp(np.arange(0, len(wave) - 1, rng.uniform(0.72, 1.4)), np.arange(len(wave)), wave)
    return _level(wave, 0.0)


def _word(speeches: list[Float32Array], rng: Rng) -> Wave:
    """Return a quarter to one second of an utterance around a loud moment, as a word or a letter said alone."""
    wave = _utterance(speeches, rng)
    frames = np.square(wave[: len(wave) // 320 * 320]).reshape(-1, 320).mean(1)
    middle = 320 * int(rng.choice(np.flatnonzero(frames >= np.quantile(frames, 0.6))))
    half = round(SAMPLE_RATE * rng.uniform(0.12, 0.5))
    word = wave[max(0, middle - half) : middle + half].copy()
    edge = min(480, len(word) // 4)
    word[:edge] *= np.linspace(0, 1, edge)
    word[len(word) - edge :] *= np.linspace(1, 0, edge)
    return word


def _pause(rng: Rng) -> tuple[Wave, int]:
    return np.zeros(round(SAMPLE_RATE * rng.uniform(0.05, 0.9))), UNKNOWN


def labelled(wave: Float32Array, label: int) -> Int64Array:
    """Return the labels of the rows of one sound: those of its pauses do not count."""
    rows = MODEL_RATE.rows(len(wave) / SAMPLE_RATE)
    centres = np.round(np.arange(rows) / MODEL_RATE.value * SAMPLE_RATE).astype(int)
    energy = np.concatenate([[0.0], np.cumsum(wave.astype(np.float64) ** 2)])
    first, last = np.clip(centres - 2400, 0, len(wave)), np.clip(centres + 2400, 0, len(wave))
    level = np.sqrt((energy[last] - energy[first]) / np.maximum(last - first, 1))
    loud = level > PAUSE_RMS * np.quantile(level, 0.9)
    return np.where(loud | (label == OTHER), label, UNKNOWN)


def _in_a_room(parts: list[tuple[Wave, int]], rng: Rng) -> Sequence:
    samples, labels = np.concatenate([wave for wave, _label in parts]), []
    edges, at = [], 0
    rows = MODEL_RATE.rows(len(samples) / SAMPLE_RATE)
    found = np.full(rows, UNKNOWN)
    for wave, label in parts:
        first = -(-at * int(MODEL_RATE.value) // SAMPLE_RATE)
        if label != UNKNOWN:
            labels = labelled(wave.astype(np.float32), label)[: max(0, rows - first)]
            found[first : first + len(labels)] = labels
        at += len(wave)
        edges.append(at / SAMPLE_RATE)
    times = np.arange(rows) / MODEL_RATE.value
    found[np.abs(times[:, None] - np.array(edges)[None, :]).min(axis=1) < EDGE] = UNKNOWN
    if rng.random() < 0.5:
        tail = rng.standard_normal(round(SAMPLE_RATE * rng.uniform(0.05, 0.9)))
        tail *= np.exp(-6 * np.arange(len(tail)) / len(tail)) * rng.uniform(0.01, 0.08)
        tail[0] = 1
        samples = np.convolve(samples, tail)[: len(samples)]
    noise = 10 ** rng.uniform(-4.5, -2) * np.std(samples) * 10 * rng.standard_normal(len(samples))
    samples = samples + noise
    samples *= 10 ** rng.uniform(-1.5, -0.1) / max(float(np.abs(samples).max()), 1e-6)
    return Sequence(samples.astype(np.float32), found)


def _level(wave: Wave, decibels: float) -> Wave:
    """Return a wave whose loud parts have the level of speech, changed by `decibels`."""
    frames = wave[: len(wave) // 320 * 320].reshape(-1, 320) if len(wave) >= 320 else wave[None]
    level = np.sqrt(np.quantile(np.mean(frames**2, axis=1), 0.9))
    return wave * (0.05 * 10 ** (decibels / 20) / max(float(level), 1e-6))

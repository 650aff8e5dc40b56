"""Spoken utterances and their files: one <voice>.flac and one <voice>.json per voice."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import gcd
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

from ...audio.speech_encoder import SAMPLE_RATE
from ...types import Float32Array
from ..corpora.clip import Phone
from .phones import SILENCE

EDGE_SECONDS = 0.3
"""Seconds of silence that remain before and after an utterance."""
MAX_PEAK = 0.9


@dataclass(frozen=True)
class AlignedSpeech:
    """Sound with its phones: samples (N,) float32 at 16 kHz, phones in IPA (see phones.py) from end to end."""

    samples: Float32Array
    phones: tuple[Phone, ...]


@dataclass(frozen=True)
class Utterance:
    """One sentence as spoken by one voice."""

    name: str
    text: str
    speech: AlignedSpeech


def make_aligned_speech(samples: Float32Array, rate: int, phones: Iterable[tuple[float, float, str]]) -> AlignedSpeech:
    """Return sound at 16 kHz, pauses at both ends at most EDGE_SECONDS long.

    Args:
        samples: (N,) at any rate.
        rate: Samples per second.
        phones: (start s, end s, IPA).
    """
    divisor = gcd(rate, SAMPLE_RATE)
    sound = np.asarray(resample_poly(samples, SAMPLE_RATE // divisor, rate // divisor), np.float32)
    whole = fill_gaps(phones, len(sound) / SAMPLE_RATE)

    first = max(0.0, whole[0].end - EDGE_SECONDS) if whole[0].label == SILENCE else 0.0
    last = min(whole[-1].end, whole[-1].start + EDGE_SECONDS) if whole[-1].label == SILENCE else whole[-1].end
    start, stop = round(first * SAMPLE_RATE), round(last * SAMPLE_RATE)
    inside = tuple(
        Phone(max(phone.start - first, 0.0), min(phone.end, last) - first, phone.label)
        for phone in whole
        if phone.end > first and phone.start < last
    )
    sound = sound[start:stop]
    loudest = float(np.abs(sound).max(initial=1e-6))
    return AlignedSpeech(sound * min(1.0, MAX_PEAK / loudest), inside)


def fill_gaps(phones: Iterable[tuple[float, float, str]], seconds: float) -> list[Phone]:
    """Return the phones without gaps: gaps become silence, adjacent silences one, empty phones are dropped."""
    filled: list[Phone] = []
    at = 0.0
    for start, end, label in [*phones, (seconds, seconds, SILENCE)]:
        if start > at + 1e-4:
            _append_phone(filled, Phone(at, min(start, seconds), SILENCE))
        start, end = max(start, at), min(end, seconds)
        if end > start:
            _append_phone(filled, Phone(start, end, label))
            at = end
    return filled


def _append_phone(phones: list[Phone], phone: Phone) -> None:
    if phones and phones[-1].label == phone.label == SILENCE:
        phones[-1] = replace(phones[-1], end=phone.end)
    else:
        phones.append(phone)


def write_voice(folder: Path, voice: str, metadata: dict[str, str], utterances: list[Utterance]) -> float:
    """Write the two files of a voice and return its length in seconds.

    Args:
        folder: The folder.
        voice: The voice's name.
        metadata: Language, engine, speaker, licence and so on.
        utterances: The utterances.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows, start = [], 0
    for each in utterances:
        phones = [[round(p.start, 4), round(p.end, 4), p.label] for p in each.speech.phones]
        count = len(each.speech.samples)
        rows.append({"name": each.name, "start": start, "samples": count, "text": each.text, "phones": phones})
        start += count
    sound = folder / f"{voice}.flac"
    soundfile.write(sound, np.concatenate([each.speech.samples for each in utterances]), SAMPLE_RATE, subtype="PCM_16")
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    head = json.dumps({"voice": voice, **metadata}, ensure_ascii=False)[:-1]
    (folder / f"{voice}.json").write_text(f'{head}, "utterances": [\n{lines}\n]}}\n', encoding="utf-8")
    return start / SAMPLE_RATE


def read_voice(folder: Path, voice: str) -> list[Utterance]:
    """Return the utterances that `write_voice` wrote."""
    rows = json.loads((folder / f"{voice}.json").read_text(encoding="utf-8"))["utterances"]
    sound = np.asarray(soundfile.read(folder / f"{voice}.flac", dtype="float32")[0], np.float32)
    return [
        Utterance(
            row["name"],
            row["text"],
            AlignedSpeech(
                sound[row["start"] : row["start"] + row["samples"]], tuple(Phone(*phone) for phone in row["phones"])
            ),
        )
        for row in rows
    ]

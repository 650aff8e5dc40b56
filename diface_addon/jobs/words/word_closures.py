"""When the lips close in a transcript: at every m, b and p of its words."""

from __future__ import annotations

import json
from collections.abc import Sequence

import bpy
import numpy as np

from ...core import types, words
from ...settings import word_settings


def to_shares(phones: Sequence[words.Phone], start: float, end: float) -> str:
    """Return begin and end of each m, b and p as shares of a word, as JSON; "" if the sounds are not known."""
    found = [phone for phone in phones if phone.closes_lips]
    length = end - start
    shares = [[round((phone.start - start) / length, 4), round((phone.end - start) / length, 4)] for phone in found]
    return json.dumps(shares) if phones else ""


def closures_of(
    context: bpy.types.Context, obj: bpy.types.Object, first_frame: float, rate: types.FrameRate
) -> types.Float64Array | None:
    """Return begin and end of each closure of the chosen speech (N, 2) in seconds after `first_frame`.

    None without words, and if some are doubtful or their sounds are not known: the sound alone tells more then.
    """
    place, speech = word_settings.find_place(context), word_settings.find_speech(context, obj)
    if place is None or speech is None or not len(speech.words):
        return None
    found: list[tuple[float, float]] = []
    for word in speech.words:
        shares = _shares(word.closures)
        if word.is_doubtful or shares is None:
            return None
        length = word.sound_end - word.sound_start
        found += [(word.sound_start + begin * length, word.sound_start + end * length) for begin, end in shares]
    frames = np.array([[place.frame(begin), place.frame(end)] for begin, end in found], np.float64).reshape(-1, 2)
    times = (frames - first_frame) / rate.value
    return times[times[:, 1] > 0.0]


def _shares(stored: str) -> list[tuple[float, float]] | None:
    """Return what `to_shares` stored; None if nothing is known."""
    try:
        return [(float(begin), float(end)) for begin, end in json.loads(stored)]
    except (ValueError, TypeError):
        return None

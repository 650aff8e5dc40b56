"""Phones from the input symbols of neural voices (IPA letters, stress, gaps, stops) with their durations."""

from __future__ import annotations

from collections.abc import Iterable

from ..phones import SILENCE, VOWELS, normalise_ipa

PAUSE_SYMBOLS = frozenset("^$.,!?;:¿¡…—")
"""Symbols of a pause."""
GLIDES = frozenset("ɪʊ")
"""Ends of a diphthong, after a vowel without separate stress."""


def phones_from_symbols(symbols: Iterable[tuple[str, int]]) -> list[tuple[int, int, str]]:
    """Convert consecutive symbols with their lengths to (start, end, IPA) in the same unit.

    Stress and the gap between words are symbols that have a length. Stress belongs to the phone after it, length
    marks and gaps to the one before; a vowel and the ɪ or ʊ right after it are one diphthong.
    """
    phones: list[tuple[int, int, str]] = []
    at, pending, inside = 0, None, False
    for symbol, length in symbols:
        start, at = at, at + length
        label = normalise_ipa(symbol)
        if symbol in PAUSE_SYMBOLS:
            phones.append((start, at, SILENCE))
            inside = False
        elif symbol in "ˈˌ":
            pending, inside = start, False
        elif not label:
            if phones:
                phones[-1] = (phones[-1][0], at, phones[-1][2])
            inside = inside and symbol != " "
        elif inside and phones[-1][2] in VOWELS and label in GLIDES:
            phones[-1] = (phones[-1][0], at, phones[-1][2] + label)
        else:
            phones.append((start if pending is None else pending, at, label))
            inside, pending = True, None
    return phones

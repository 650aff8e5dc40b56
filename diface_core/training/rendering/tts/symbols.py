"""What neural voices read (letters of IPA, stress, gaps, stops), each with how long it lasts -> phones."""

from __future__ import annotations

from collections.abc import Iterable

from ..phones import SILENCE, VOWELS, normalise_ipa

PAUSE_SYMBOLS = frozenset("^$.,!?;:¿¡…—")
"""Symbols of a pause."""
GLIDES = frozenset("ɪʊ")
"""What ends a diphthong, where a vowel without its own stress stands before it."""


def phones_from_symbols(symbols: Iterable[tuple[str, int]]) -> list[tuple[int, int, str]]:
    """Symbols in order, each with its length -> (start, end, IPA) in the same unit.

    Stress and the gap between words are symbols with a length of their own. Stress belongs to the phone after it,
    length marks and gaps to the one before; a vowel and the ɪ or ʊ right after it are one diphthong.
    """
    found: list[tuple[int, int, str]] = []
    at, pending, inside = 0, None, False
    for symbol, length in symbols:
        start, at = at, at + length
        label = normalise_ipa(symbol)
        if symbol in PAUSE_SYMBOLS:
            found.append((start, at, SILENCE))
            inside = False
        elif symbol in "ˈˌ":
            pending, inside = start, False
        elif not label:
            if found:
                found[-1] = (found[-1][0], at, found[-1][2])
            inside = inside and symbol != " "
        elif inside and found[-1][2] in VOWELS and label in GLIDES:
            found[-1] = (found[-1][0], at, found[-1][2] + label)
        else:
            found.append((start if pending is None else pending, at, label))
            inside, pending = True, None
    return found

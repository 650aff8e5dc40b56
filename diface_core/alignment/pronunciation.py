"""How each word of a transcript is pronounced: by the aligner's dictionary, or else by eSpeak NG."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..transcripts.spoken_english import spell_out
from . import espeak
from .nearest_phones import VOWELS, nearest_phones

ENGLISH = "en"
ESPEAK_ENGLISH = "en-us"
PRIMARY_STRESS = "ˈ"

Lookup = Callable[[str], str | None]
"""A word in lower case -> its phones with spaces between; None if the dictionary lacks it."""


@dataclass(frozen=True)
class Pronunciation:
    """How one word is spoken.

    Attributes:
        word: As written.
        entry: The word's entry in the dictionary, which may have further pronunciations; "" if it has none.
        phones: ARPAbet.
    """

    word: str
    entry: str
    phones: tuple[str, ...]


@dataclass(frozen=True)
class Pronunciations:
    """The words that can be aligned.

    Attributes:
        known: In order.
        unknown: Words that nothing knows how to pronounce; they are left out.
        guessed: Words that are not in the dictionary, but that eSpeak NG pronounces.
    """

    known: tuple[Pronunciation, ...]
    unknown: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()


def pronounce(words: Iterable[str], language: str, lookup: Lookup) -> Pronunciations:
    """Return the pronunciations of words.

    Args:
        words: As written, without punctuation.
        language: "en", or a code of eSpeak NG.
        lookup: The dictionary, which is used for English.

    Raises:
        DifaceError: The language is not English and eSpeak NG is missing, or it does not know the language.
    """
    known: list[Pronunciation] = []
    unknown: list[str] = []
    guessed: list[str] = []
    found: dict[str, Pronunciation | None] = {}
    for word in words:
        if word not in found:
            listed = _look_up(word, lookup) if language == ENGLISH else None
            found[word] = listed or _by_espeak(word, language)
            guessed += [word] if found[word] and not listed else []
        one = found[word]
        if one is None:
            unknown.append(word)
        else:
            known.append(one)
    return Pronunciations(tuple(known), tuple(dict.fromkeys(unknown)), tuple(guessed))


def stressed_vowel(word: str, language: str) -> tuple[int, int] | None:
    """Return which vowel of a word has the primary stress, and the number of its vowels, by eSpeak NG.

    Returns:
        (0, 2) for the first of two; None without eSpeak NG, or for a word that it does not stress.
    """
    if not espeak.is_installed():
        return None
    ipa = espeak.pronounce(word, ESPEAK_ENGLISH if language == ENGLISH else language)
    vowels = [symbol for symbol in ipa if VOWELS & set(nearest_phones(symbol))]
    stressed = next((index for index, symbol in enumerate(vowels) if PRIMARY_STRESS in symbol), None)
    return None if stressed is None else (stressed, len(vowels))


def _look_up(word: str, lookup: Lookup) -> Pronunciation | None:
    """Return the phones of all the words that a token is spoken as; None if one is not in the dictionary."""
    spoken, phones = spell_out(word), []
    for part in spoken:
        found = lookup(part) or (lookup(part.rstrip(".")) if part.endswith(".") else None)
        if not found:
            return None
        phones += found.split()
    return Pronunciation(word, spoken[0] if len(spoken) == 1 and lookup(spoken[0]) else "", tuple(phones))


def _by_espeak(word: str, language: str) -> Pronunciation | None:
    if language == ENGLISH and not espeak.is_installed():
        return None
    ipa = espeak.pronounce(word, ESPEAK_ENGLISH if language == ENGLISH else language)
    phones = tuple(phone for symbol in ipa for phone in nearest_phones(symbol))
    return Pronunciation(word, "", phones) if phones else None

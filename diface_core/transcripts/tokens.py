"""Split a transcript into its words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .spoken_english import ABBREVIATIONS

STAGE_DIRECTIONS = re.compile(r"\[[^\[\]]*\]|\([^()]*\)|\*[^*\n]*\*|♪+")
"""What is not spoken: [laughs], (softly), *sighs*, notes of music."""
SPEAKER = re.compile(r"(?m)^\s*(?:>>\s*)?([A-Z][A-Z0-9 .'-]{0,30}):(?=\s)")
"""A speaker's name in capitals with a colon at the start of a line."""
PUNCTUATION = ".,;:!?\"'()[]{}<>«»„“”‘’‚‹›—–-…/\\_|¡¿、。，！？：；「」『』・~`"
"""Marks that are left out silently."""
SYMBOLS = {"&": "and", "+": "plus", "=": "equals", "@": "at", "%": "percent"}
"""Marks that are spoken, if they stand alone."""


@dataclass(frozen=True)
class Tokens:
    """The words of a text as they are written, and what belongs to no word."""

    words: tuple[str, ...]
    left_out: tuple[str, ...] = ()


def split_words(text: str) -> Tokens:
    """Split text at spaces, dashes and slashes into words, without punctuation around them.

    Stage directions, speakers' names and marks that nobody speaks are left out and returned.
    """
    left_out = [found.group().strip() for found in STAGE_DIRECTIONS.finditer(text)]
    spoken = STAGE_DIRECTIONS.sub(" ", text)
    left_out += [f"{found.group(1)}:" for found in SPEAKER.finditer(spoken)]
    words: list[str] = []
    for piece in _pieces(SPEAKER.sub(" ", spoken).replace("’", "'")):
        word = _trim(piece)
        if word in SYMBOLS or any(letter.isalnum() for letter in word):
            words.append(word)
        elif word:
            left_out.append(word)
    return Tokens(tuple(words), tuple(dict.fromkeys(left_out)))


def _pieces(text: str) -> list[str]:
    """Split at spaces, and at dashes and slashes between letters; dates, numbers and ranges stay whole."""
    return re.split(r"\s+|[—–…]+|--+|(?<=[^\W\d])[-/](?=[^\W\d])", text)


def _trim(piece: str) -> str:
    """Return a word without punctuation around it. A point inside letters ("e.g.") or before digits stays."""
    word = piece.strip("".join(set(PUNCTUATION) - set(".'-")))
    word = re.sub(r"^[-.'](?![\d])|[-']+$", "", word).lstrip("'")
    is_abbreviation = re.fullmatch(r"(?:[^\W\d]\.){2,}", word) or word.lower().rstrip(".") in ABBREVIATIONS
    return word if is_abbreviation else word.strip(PUNCTUATION.replace("-", "")).rstrip("-")

"""The words of a shape key's name: split at separators and capitals, with synonyms unified."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


SIDES = {"l": "Left", "left": "Left", "lft": "Left", "r": "Right", "right": "Right", "rgt": "Right"}
"""A word -> the side that it names."""

NOUNS = word_set("eye lid brow cheek nose lip jaw mouth tongue chin corner upper lower top bottom inner outer midmouth")
"""Words that name a part of the face. A mesh may be named so."""

ACTIONS = word_set(
    "blink close open wide squint slit look forward thrust sideways slide drop raise depress pull smile frown "
    "sad dimple stretch press roll suck shrug funnel pucker purse puff blow balloon inflate sneer wrinkle "
    "scrunch snarl flank elevation extern together toward tighten flex breath chew narrow whistle adjust under "
    "inside overturn overlay ape pout shift kiss lowerer"
)
"""Words that say what the part does."""

SMALL = word_set("up down in out long step simple cor vert mid max min tip body")
"""Words that say what the part does only beside a part or an action."""

_SAME = {
    "eye": "eyes", "lid": "lids eyelid eyelids", "brow": "brows eyebrow eyebrows", "cheek": "cheeks", "lip": "lips",
    "corner": "corners", "blink": "blinks", "close": "closed closer closure shut", "open": "opened", "wide": "widen",
    "look": "looking gaze", "up": "upward upwards", "down": "downward downwards",
    "forward": "forwards foreward fwd", "sideways": "sideway", "raise": "raiser raised", "depress": "depressor",
    "pull": "puller", "dimple": "dimpler dimples", "stretch": "stretcher", "press": "presser pressor", "suck": "sucker",
    "funnel": "funneler funneller", "pucker": "puckerer", "puff": "puffer puffed", "wrinkle": "wrinkler",
    "upper": "top", "scrunch": "scrunched", "toward": "towards", "tighten": "tightener tight", "drop": "dropper",
    "lower": "bottom lowered", "mid": "middle center centre",
}  # fmt: skip
_CANONICAL = {word: canonical for canonical, others in _SAME.items() for word in others.split()}
_PREFIXES = word_set("ctrl ectrl facs bs expr expressions corr")
"""Words that a name of small letters alone may begin with: `ectrlmouthopen`."""
_CODES = word_set("ul ur dl dr")
"""Codes that such a name may end with: the lip and the side."""
_WORDS = NOUNS | ACTIONS | SMALL | set(_CANONICAL) | {word for word in SIDES if len(word) > 1} | {"shape", "side"}
_PIECES = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[^A-Za-z0-9]+")
_CHUNKS = re.compile(r"([\W_]*)([^\W_]+)")


@dataclass(frozen=True)
class Word:
    """A word of a name, and the separator before it ("" at a capital or digit)."""

    text: str
    separator: str

    @property
    def is_number(self) -> bool:
        return self.text.isdigit()


def normalised(name: str) -> str:
    """Return the name in Unicode's compatibility form: full-width and half-width characters become the usual ones."""
    return unicodedata.normalize("NFKC", name)


_GUESSED = {word for word in _WORDS if len(word) >= 4}
_LONGEST_SHORT = 3
"""Letters up to which a word is not corrected: one other letter makes another word of it."""


@lru_cache(maxsize=4096)
def words_of(name: str) -> tuple[Word, ...]:
    """Return the words of a name in lower case, with synonyms unified: `Eyes_ClosedL` -> eye, close, l."""
    found: list[Word] = []
    for separator, chunk in _CHUNKS.findall(normalised(name)):
        before = separator
        for piece in _PIECES.findall(chunk):
            for text in _parts(piece.lower()):
                found.append(Word(_CANONICAL.get(text, text), before))
                before = ""
    return tuple(found)


def _parts(piece: str) -> tuple[str, ...]:
    """Return the known words that a piece is composed of (`jawopen`, `Leye`), or the piece itself."""
    if piece in _WORDS or piece in SIDES or piece in _PREFIXES or not piece.isalpha():
        return (piece,)
    return _segmented(piece, 0) or (piece,)


@lru_cache(maxsize=4096)
def _segmented(piece: str, depth: int) -> tuple[str, ...]:
    """Return `piece` as few known words, or (). A single l or r may be the first or the last letter."""
    if piece in _WORDS or (depth and (piece in SIDES or piece in _CODES)):
        return (piece,)
    best: tuple[str, ...] = ()
    for end in range(1, len(piece)):
        head = piece[:end]
        if head in _WORDS or (not depth and (head in SIDES or head in _PREFIXES)):
            rest = _segmented(piece[end:], depth + 1)
            if rest and (not best or _is_better((head, *rest), best)):
                best = (head, *rest)
    return best


def _is_better(found: tuple[str, ...], best: tuple[str, ...]) -> bool:
    """Return whether words are fewer than others, or as many and of a closed eye, which has no code of lips."""
    return len(found) < len(best) or (len(found) == len(best) and "closed" in found and best[-1] in _CODES)


def corrected(name: str) -> str:
    """Return a name with each unknown word replaced by the only known one that differs by one slip of the pen."""
    return _PIECES.sub(lambda match: _corrected_word(match[0]), normalised(name))


@lru_cache(maxsize=4096)
def slip_of_noun(text: str) -> str:
    """Return a part of the face that an unknown word differs from by one letter, or "": `cheeek` is cheek."""
    if len(text) <= _LONGEST_SHORT or text in _WORDS or not text.isalpha() or _parts(text) != (text,):
        return ""
    near = (word for word in sorted(_GUESSED) if _CANONICAL.get(word, word) in NOUNS and _is_slip(text, word))
    return next((_CANONICAL.get(word, word) for word in near), "")


def _corrected_word(piece: str) -> str:
    """Return the only known word from which one letter is missing, added, replaced or swapped; else the piece."""
    text = piece.lower()
    if len(text) <= _LONGEST_SHORT or not text.isalpha() or not text.isascii() or _parts(text) != (text,):
        return piece
    if text in _WORDS:
        return piece
    meant = {_CANONICAL.get(word, word): word for word in sorted(_GUESSED) if _is_slip(text, word)}
    return next(iter(meant.values())).title() if len(meant) == 1 else piece


def _is_slip(a: str, b: str) -> bool:
    """Return whether two words differ by one letter that is missing, another one, or by two that are swapped."""
    if abs(len(a) - len(b)) > 1 or a == b:
        return False
    start = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    rest_a, rest_b = a[start:], b[start:]
    if len(a) != len(b):
        return rest_a[1:] == rest_b or rest_b[1:] == rest_a
    return rest_a[1:] == rest_b[1:] or (rest_a[1::-1] == rest_b[:2] and rest_a[2:] == rest_b[2:])

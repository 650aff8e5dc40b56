"""The names of one mesh without what most of them share and what says nothing: namespaces, endings, numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache

from . import words

_SHARE, _OF_FACE = 0.6, 0.9
"""Part of the names that must have an ending in common; more if its word could be about the face (`_out`, `_max`)."""
_MOST_ENDINGS = 4
_FEW, _MANY = 4, 10
"""Least number of names for a namespace or numbers in common, and for an ending."""
_BETWEEN = r"[\s_.:|()\[\]-]*"
"""Signs between words. Others, such as ∧ and ▲, can be a whole name."""
_ENDING = re.compile(_BETWEEN + r"([A-Z]?[a-z]+|[A-Z]+|[0-9]+|[^\W\d_A-Za-z]+)" + _BETWEEN + "$")
_NEUTRAL = "bs|blend_?shapes?|morphs?|shapes?|keys?|targets?|tgt|exp(?:r|ression)?s?"
_NAMESPACE = re.compile(rf".*(?:[.:|/]|__)(?=\S)|(?:{_NEUTRAL})\d*[_.\- ]+", re.IGNORECASE)
_NUMBER = re.compile(_BETWEEN + r"\d+" + _BETWEEN + r"(?=\D)")
_INDEX = re.compile(r"[\W_]+\d+[\W_]*$")
_SIDES = (("lf", "rt", ""), ("lh", "rh", ""), ("lt", "rt", "lb"))
"""Codes for left and right, and one with which they mean something else: left top beside left bottom."""


@lru_cache(maxsize=64)
def bare_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return each name of one mesh without what most of them share, as `Face.jawOpen_geo` and `Face.jawLeft_geo` do.

    Codes for the sides become L and R. Names of which nothing would be left stay.
    """
    found = names
    for pattern in (_INDEX, _NUMBER):
        found = _without(found, pattern, lambda texts: len(texts) >= _OF_FACE * len(names))
    for _ in range(2):
        found = _without(found, _NAMESPACE, lambda texts: len(texts) == len(names) and len(set(texts)) == 1)
    return _with_sides(_without_endings(found))


def _without(names: Sequence[str], pattern: re.Pattern[str], is_shared: Callable[[list[str]], bool]) -> tuple[str, ...]:
    """Return names without the match of a pattern, if enough of them have one."""
    matches = [pattern.search(name) if pattern is _INDEX else pattern.match(name) for name in names]
    if len(names) < _FEW or not is_shared([match[0] for match in matches if match]):
        return tuple(names)
    cut = [name[: m.start()] + name[m.end() :] if m else name for name, m in zip(names, matches, strict=True)]
    return tuple(cut) if _are_told_apart(cut) else tuple(names)


def _are_told_apart(names: Sequence[str]) -> bool:
    return "" not in names and len(set(names)) == len(names)


def _without_endings(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names without the words that most of them end with."""
    for _ in range(_MOST_ENDINGS if len(names) >= _MANY else 0):
        matches = [_ENDING.search(name) for name in names]
        counts = Counter(match[1].lower() for match in matches if match and match.start())
        word, count = counts.most_common(1)[0] if counts else ("", 0)
        of_face = word in words.NOUNS | words.ACTIONS | words.SMALL
        if not word or word in words.SIDES or count < (_OF_FACE if of_face else _SHARE) * len(names):
            break
        has = [match is not None and match.start() > 0 and match[1].lower() == word for match in matches]
        cut = [n[: m.start()] if m and shares else n for n, m, shares in zip(names, matches, has, strict=True)]
        if not _are_told_apart(cut):
            break
        names = tuple(cut)
    return names


def _with_sides(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names with L and R in place of the codes that the set uses for left and right."""
    for left, right, other in _SIDES:
        pattern = re.compile(
            rf"(?<![^\W\d_])(?i:{left}|{right})(?![^\W\d_])|(?<=[a-z])(?:{left.title()}|{right.title()})(?![a-z])"
        )
        codes = Counter(code.lower() for name in names for code in pattern.findall(name))
        if codes[left] and codes[right] and not (other and any(_has_code(name, other) for name in names)):
            names = tuple(pattern.sub(lambda match: match[0][0], name) for name in names)
    return _with_right_sides(names)


def _with_right_sides(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names in which an R at the end is apart where only the left name beside it says so: `mouthdimpler`."""
    known = set(names)
    found = []
    for name in names:
        stem, left = name[:-1], name[:-1] + ("l" if name.endswith("r") else "L")
        is_hidden = name[-1:] in ("r", "R") and left in known and _last(name) != "r"
        found.append(f"{stem}_{name[-1]}" if is_hidden and _last(left) == "l" else name)
    return tuple(found)


def _last(name: str) -> str:
    """Return the last word of a name."""
    found = words.words_of(name)
    return found[-1].text if found else ""


def _has_code(name: str, code: str) -> bool:
    return any(word.text == code for word in words.words_of(name))

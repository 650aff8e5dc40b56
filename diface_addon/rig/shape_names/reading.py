"""What one shape key's name means by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from ...core import channels
from . import phrases, words
from .phrases import Phrase
from .words import Word

_MAX_BYTES = 63
"""Blender cuts longer names."""
_CUT_AT_LEAST = 58
"""A name as long as this may have been cut before a number like ".001" was added."""
_SHORTEST_REST = 6
_NEUTRAL_SUFFIX = ("shape", "shapes", "bs", "blendshape", "morph", "morphs", "target", "key", "div")
_MIDDLE_SUFFIX = ("c", "m", "mid")
_CAMEL_PREFIX = ("ctrl", "ectrl", "exp", "expr", "bs", "facs", "blendshape", "morph")
_MODIFIERS = words.word_set(
    "not no half semi slight small big more less fix fixed corrective correction corr combo comb inv inverse "
    "neg negative opposite anti old backup bak happy angry joy fun sorrow surprise surprised anger disgust "
    "fear scared tex normal delta wide extra add"
)
"""Words before a phrase that make it another shape."""
_CODES = {
    "ul": ("upper", "l"), "ur": ("upper", "r"), "dl": ("lower", "l"), "dr": ("lower", "r"), "tl": ("upper", "l"),
    "tr": ("upper", "r"), "bl": ("lower", "l"), "br": ("lower", "r"), "lb": ("lower", "l"), "rb": ("lower", "r"),
    "lt": ("upper", "l"), "rt": ("upper", "r"),
}  # fmt: skip
"""A code at the end of a name -> the lip and the side: MetaHuman's UL, Meta's LT."""
_ACTION_UNIT = re.compile(r"(?:.*[\W_])?(?:AU[\W_]*|au[\W_]*(?=[0-9]{2}))0*([0-9]{1,2})[\W_]*(?i:(l|r|left|right)?)")
_FULL = {name.lower(): name for name in channels.SHAPES}


@dataclass(frozen=True)
class Reading:
    """A channel that a name means.

    Attributes:
        channel: The channel.
        part: What part of it: "", a side, "upper" or "lower", or both.
        gain: -1 for the second direction of a control that has two.
        pattern: Parts of a channel have the same.
        vocabulary: The words before the phrase, without numbers.
        is_exact: ARKit's name itself.
        is_arkit: ARKit's words in any spelling.
        is_numbered: There is a number behind the phrase.
        needs_context: Means this only in a set of names about a face.
        needs: A stem that the set must have besides.
        order: The lower, the more literal the words.
    """

    channel: str
    part: tuple[str, str] = ("", "")
    gain: float = 1.0
    pattern: str = ""
    vocabulary: str = ""
    is_exact: bool = False
    is_arkit: bool = False
    is_numbered: bool = False
    needs_context: bool = False
    needs: str = ""
    order: int = 0


@lru_cache(maxsize=8192)
def readings(name: str, prefix: str = "") -> tuple[Reading, ...]:
    """Return the channels that a name means: none, one, or the two directions of one control.

    Args:
        name: The shape key's name.
        prefix: A word that most names of the set start with.
    """
    if name in channels.SHAPES:
        return (Reading(name, is_exact=True, is_arkit=True),)
    if (exact := phrases.EXACT.get(words.normalised(name).strip())) is not None:
        return (Reading(exact),)
    if unit := _ACTION_UNIT.fullmatch(name.strip()):
        return _action_unit(int(unit[1]), (unit[2] or "").lower())
    found = _two_directions(name)
    if found is None:
        found = _read(list(words.words_of(name)), prefix)
    return found or _cut(name)


def _action_unit(number: int, side: str) -> tuple[Reading, ...]:
    stem = phrases.FACS.get(number, "")
    long_side = words.SIDES.get(side, "")
    if stem + long_side in channels.SHAPES:
        return (Reading(stem + long_side, pattern="au", vocabulary="au"),)
    if stem in channels.SHAPES:
        return (Reading(stem, (long_side, ""), pattern=f"au{number}", vocabulary="au"),)
    return ()


def _two_directions(name: str) -> tuple[Reading, ...] | None:
    """Return the channels of a control such as `MouthLeft-Right`; None if the name is none.

    The first direction is positive, as in DAZ's `facs_ctrl_MouthLeft-Right`, `JawLeft-Right` and `EyeLookUp-Down`, of
    which Diffeomorphic's tables state the factors. `EyeLookSide-Side` is positive to the character's right in them.
    """
    found = words.words_of(name)
    hyphens = [index for index, word in enumerate(found) if word.separator == "-" and index]
    if name.count("-") != 1 or not hyphens:
        return None
    second = hyphens[0]
    pair = (found[second - 1].text, found[second].text)
    if pair == ("side", "side") and "look" in [word.text for word in found]:
        pair = ("right", "left")
    elif pair not in _OPPOSITES:
        return None
    first, other = (
        _read([*found[: second - 1], Word(text, found[second - 1].separator), *found[second + 1 :]], "")
        for text in pair
    )
    if pair == ("in", "out") and not first:
        return ()
    both = [replace(reading, is_arkit=False) for reading in first]
    return tuple(both + [replace(reading, gain=-1.0, is_arkit=False) for reading in other])


_OPPOSITES = {
    ("left", "right"), ("up", "down"), ("in", "out"), ("out", "in"), ("forward", "recess"), ("forward", "back"),
    ("forward", "backward"), ("open", "close"),
}  # fmt: skip


def _read(found: list[Word], prefix: str) -> tuple[Reading, ...]:
    """Return what the words mean whose end is a phrase."""
    found, is_numbered = _without_suffix(found)
    for start in range(len(found)):
        meant = None if found[start].is_number else _phrase([word.text for word in found[start:]])
        if meant is not None:
            if not _may_precede(found[: start + 1], prefix, meant.is_arkit):
                return ()
            vocabulary = " ".join(word.text for word in found[:start] if not word.is_number)
            is_numbered = is_numbered or any(word.is_number for word in found[start:])
            return (replace(meant, vocabulary=vocabulary, is_numbered=is_numbered),)
    return ()


def _without_suffix(found: list[Word]) -> tuple[list[Word], bool]:
    """Return the words without neutral ones at the end, and whether a number was there."""
    is_numbered = False
    while len(found) > 1:
        last, before = found[-1], found[-2]
        if last.is_number and before.text == "div":
            found = found[:-1]
        elif last.is_number:
            found, is_numbered = found[:-1], True
        elif last.text in _NEUTRAL_SUFFIX:
            if _phrase([word.text for word in found[-3:]]):
                break
            found = found[:-1]
        else:
            break
    return found, is_numbered


def _phrase(texts: list[str]) -> Reading | None:
    """Return what exactly these words mean."""
    for candidate in _spellings([text for text in texts if not text.isdigit()]):
        sides = [(index, text) for index, text in enumerate(candidate) if text in words.SIDES]
        body = tuple(text for text in candidate if text not in words.SIDES)
        phrase = phrases.PHRASES.get(body)
        if phrase is not None and (found := _with_sides(phrase, candidate, sides)) is not None:
            return found
    return None


def _spellings(texts: list[str]) -> list[list[str]]:
    """Return the words, also with a code at the end written out, and without a word for the middle at the end."""
    if not texts:
        return []
    last, found = texts[-1], [texts]
    if last in _CODES:
        found.append([*texts[:-1], *_CODES[last]])
    if last in ("lt", "rt"):
        found.append([*texts[:-1], last[0]])
    if last in _MIDDLE_SUFFIX and len(texts) > 1:
        found.append(texts[:-1])
    return found


def _with_sides(phrase: Phrase, texts: list[str], sides: list[tuple[int, str]]) -> Reading | None:
    """Return the channel of a phrase with these sides; None if they do not fit."""
    channel, part = phrase.stem, ("", phrase.part)
    names = [words.SIDES[text] for _, text in sides]
    if phrase.kind == "gaze":
        channel = _gaze(texts, sides)
    elif phrase.kind == "middle" and len(sides) <= 1:
        part = (names[0] if names else "", phrase.part)
    elif len(sides) == 1 and (phrase.kind == "sided" or sides[0][0] > 0):
        channel = phrase.stem + names[0]
    else:
        return None
    if channel not in channels.SHAPES:
        return None
    return Reading(
        channel,
        part,
        pattern=phrase.pattern,
        is_arkit=phrase.is_arkit,
        needs_context=phrase.needs_context,
        needs=phrase.needs,
        order=phrase.order,
    )


def _gaze(texts: list[str], sides: list[tuple[int, str]]) -> str:
    """Return the channel of an eye that looks to a side: the direction follows "look", or is the second side."""
    if len(sides) != 2:
        return ""
    after_look = [index for index, _ in sides if index and texts[index - 1] == "look"]
    direction_at = after_look[0] if len(after_look) == 1 else sides[1][0]
    direction = words.SIDES[texts[direction_at]]
    eye = next(words.SIDES[text] for index, text in sides if index != direction_at)
    return f"eyeLook{'Out' if eye == direction else 'In'}{eye}"


def _may_precede(found: list[Word], prefix: str, is_arkit: bool) -> bool:
    """Return whether all words but the last may stand before a phrase that starts with the last."""
    before, separator = found[:-1], found[-1].separator
    texts = {words.slip_of_noun(word.text) or word.text for word in before if word.text != prefix}
    if texts & (words.ACTIONS | _MODIFIERS) or (texts & words.NOUNS and texts & words.SMALL):
        return False
    if before and not separator and not _is_camel_prefix(before, prefix):
        return False
    is_hard = any(sign in separator for sign in ".:|/") or "__" in separator
    return is_hard or is_arkit or not texts & words.NOUNS


def _is_camel_prefix(before: list[Word], prefix: str) -> bool:
    """Return whether the words since the last separator are a prefix that is written without one: `eCTRLMouthOpen`."""
    for word in reversed(before):
        is_known = word.text in (*_CAMEL_PREFIX, prefix) or word.is_number or len(word.text) == 1
        if not is_known or word.text in words.SIDES:
            return False
        if word.separator:
            return True
    return True


def _cut(name: str) -> tuple[Reading, ...]:
    """Return the one channel whose ARKit name a name starts that Blender has cut."""
    if not _CUT_AT_LEAST <= len(name.encode()) <= _MAX_BYTES:
        return ()
    found, is_numbered = _without_suffix(list(words.words_of(name)))
    for start in range(len(found)):
        rest = "".join(word.text for word in found[start:])
        meant = [channel for spelling, channel in _FULL.items() if spelling.startswith(rest)]
        if len(rest) >= _SHORTEST_REST and len(meant) == 1:
            is_allowed = _may_precede(found[: start + 1], "", is_arkit=True)
            return (Reading(meant[0], is_arkit=True, is_numbered=is_numbered),) if is_allowed else ()
    return ()

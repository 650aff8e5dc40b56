"""Praat's TextGrid, in its long and short text format (https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html).

Praat itself reads such a file as its numbers and its quoted strings in order; everything else is decoration. So does
this module, which makes both formats one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

from ..words import Cue, Phone, Transcript, Word

_ITEM = re.compile(r'"((?:[^"]|"")*)"|<(exists|absent)>|(?<![\w\[])(-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)(?![\w\]])')
"""A quoted string ("" is a quote in it), a flag, or a number that stands alone."""
SILENCES = ("", "sil", "sp", "spn", "silence", "<eps>", "<p:>", "<unk>")
"""Labels that name no word and no phone: those of Praat, the Montreal Forced Aligner and WebMAUS."""
MAX_ITEMS = 1_000_000


class _Interval(NamedTuple):
    start: float
    end: float
    text: str


def parse_textgrid(text: str) -> Transcript:
    """Return the words of the tier "words" (or the first one of intervals), with the phones of the tier "phones".

    A tier of whole phrases gives cues with times, without words.

    Raises:
        ValueError: The text is no TextGrid, or has no tier of intervals.
    """
    tiers = _read_tiers(_items(text))
    if not tiers:
        raise ValueError("it has no tier of intervals.")
    words_name = next((name for name in tiers if "word" in name.lower()), next(iter(tiers)))
    spoken = [interval for interval in tiers[words_name] if interval.text.strip().lower() not in SILENCES]
    cues = tuple(Cue(interval.text.strip(), interval.start, interval.end) for interval in spoken)
    if any(" " in cue.text for cue in cues):
        return Transcript(cues)
    phones = next((tier for name, tier in tiers.items() if "phon" in name.lower()), [])
    return Transcript(cues, tuple(_word(interval, phones) for interval in spoken))


def _word(interval: _Interval, phones: list[_Interval]) -> Word:
    inside = tuple(
        Phone(phone.text.strip(), phone.start, phone.end)
        for phone in phones
        if phone.text.strip().lower() not in SILENCES
        and interval.start - 1e-6 <= (phone.start + phone.end) / 2 < interval.end + 1e-6
    )
    return Word(interval.text.strip(), interval.start, interval.end, inside)


def _items(text: str) -> Iterator[str | float]:
    if not re.match(r'\s*File type\s*=\s*"ooTextFile"', text):
        raise ValueError('the first line must be: File type = "ooTextFile".')
    body = re.sub(r"^.*?TextGrid\"", "", text, count=1, flags=re.DOTALL)
    for count, found in enumerate(_ITEM.finditer(body)):
        if count > MAX_ITEMS:
            raise ValueError("it has too many intervals.")
        quoted, flag, number = found.groups()
        if flag is None:
            yield float(number) if number is not None else quoted.replace('""', '"')


def _read_tiers(items: Iterator[str | float]) -> dict[str, list[_Interval]]:
    """Return the tiers of intervals by name; tiers of points are left out."""
    tiers: dict[str, list[_Interval]] = {}
    _start, _end, count = _number(items), _number(items), _number(items)
    for _tier in range(int(count)):
        kind, name = _string(items), _string(items)
        _first, _last, size = _number(items), _number(items), _number(items)
        if kind == "IntervalTier":
            found = [_Interval(_number(items), _number(items), _string(items)) for _ in range(int(size))]
            tiers[name] = _checked(name, found)
        elif kind == "TextTier":
            for _ in range(int(size)):
                _number(items), _string(items)
        else:
            raise ValueError(f'the kind of tier "{kind}" is not known.')
    return tiers


def _checked(name: str, intervals: list[_Interval]) -> list[_Interval]:
    last = float("-inf")
    for interval in intervals:
        if not (interval.start < interval.end and interval.start >= last - 1e-6):
            raise ValueError(
                f'tier "{name}": the interval "{interval.text[:20]}" at {interval.start} s is not in order.'
            )
        last = interval.end
    return intervals


def _number(items: Iterator[str | float]) -> float:
    item = _next(items)
    if not isinstance(item, float) or not math.isfinite(item):
        raise ValueError(f'a number is missing before "{str(item)[:20]}".')
    return item


def _string(items: Iterator[str | float]) -> str:
    item = _next(items)
    if not isinstance(item, str):
        raise ValueError(f"a text is missing before {item:g}.")
    return item


def _next(items: Iterator[str | float]) -> str | float:
    item = next(items, None)
    if item is None:
        raise ValueError("it ends too early.")
    return item

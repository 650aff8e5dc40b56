"""Write words and their phones as Praat's TextGrid, with the tiers "words" and "phones"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ..atomic_write import atomic_write
from ..errors import DifaceError
from ..words import Phone, Word


def write_textgrid(path: Path, words: Sequence[Word]) -> None:
    """Write a TextGrid. Raises DifaceError if the file cannot be written."""
    try:
        with atomic_write(path) as draft:
            draft.write_text(format_textgrid(words), "utf-8")
    except OSError as reason:
        message = f"{path} cannot be written: {reason.strerror or reason}."
        raise DifaceError(message, "Check the folder and its permissions, or choose another.") from reason


def format_textgrid(words: Sequence[Word]) -> str:
    """Return the text of a TextGrid that lasts from 0 to the end of the last word."""
    end = max((word.end for word in words), default=1.0)
    phones = [phone for word in words for phone in word.phones]
    tiers = [("words", [(word.text, word.start, word.end) for word in words]), ("phones", _labelled(phones))]
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", f"xmin = 0\nxmax = {end:.6f}"]
    lines += ["tiers? <exists>", f"size = {len(tiers)}", "item []:"]
    for number, (name, intervals) in enumerate(tiers, 1):
        filled = list(_with_gaps(intervals, end))
        lines += [f"    item [{number}]:", '        class = "IntervalTier"', f'        name = "{name}"']
        lines += [f"        xmin = 0\n        xmax = {end:.6f}", f"        intervals: size = {len(filled)}"]
        for index, (text, start, stop) in enumerate(filled, 1):
            quoted = text.replace('"', '""')
            lines += [f"        intervals [{index}]:", f"            xmin = {start:.6f}"]
            lines += [f"            xmax = {stop:.6f}", f'            text = "{quoted}"']
    return "\n".join(lines) + "\n"


def _labelled(phones: Iterable[Phone]) -> list[tuple[str, float, float]]:
    return [(phone.label, phone.start, phone.end) for phone in phones]


def _with_gaps(intervals: Iterable[tuple[str, float, float]], end: float) -> Iterable[tuple[str, float, float]]:
    """Yield intervals that cover 0 to `end`, as TextGrids must: gaps have an empty text."""
    last = 0.0
    for text, start, stop in intervals:
        if start > last + 1e-6:
            yield "", last, start
        yield text, max(start, last), stop
        last = stop
    if end > last + 1e-6:
        yield "", last, end

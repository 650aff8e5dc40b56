"""Approximate times of words for which only the times of their subtitles are known."""

from __future__ import annotations

from collections.abc import Iterator

from ..words import Cue, Transcript, Word
from .tokens import split_words


def timed_words(transcript: Transcript) -> tuple[Word, ...]:
    """Return the words of a transcript with their times: those of the file, otherwise spread over each cue.

    A word's share of its cue is that of its letters. Cues that overlap the cue before them begin at its end.
    """
    if transcript.words:
        return transcript.words
    found: list[Word] = []
    for cue in transcript.cues:
        found += _spread(cue, found[-1].end if found else 0.0)
    return tuple(found)


def _spread(cue: Cue, earliest: float) -> Iterator[Word]:
    texts = split_words(cue.text).words
    if cue.start is None or cue.end is None or not texts:
        return
    start = max(cue.start, earliest)
    if start >= cue.end:
        return
    per_letter = (cue.end - start) / sum(map(len, texts))
    for text in texts:
        end = start + per_letter * len(text)
        yield Word(text, start, end)
        start = end

"""The words of a recording and their times: what a transcript, an alignment and the add-on exchange."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from .types import AudioSection

DOUBTFUL_SCORE = -9.5
"""Score of a word below which its times are doubtful: about 2% of the words of right transcripts."""

LABIALS = frozenset(("M", "B", "P"))
"""Sounds for which the lips close, in ARPAbet."""


@dataclass(frozen=True)
class Phone:
    """A sound of a word: its label, ARPAbet without stress if DiFACE aligned it, from `start` to `end` in seconds."""

    label: str
    start: float
    end: float

    def __post_init__(self) -> None:
        _check_times(self.label, self.start, self.end)

    @property
    def closes_lips(self) -> bool:
        """Whether the lips close for it."""
        return self.label.upper() in LABIALS


@dataclass(frozen=True)
class Word:
    """A spoken word.

    Attributes:
        text: The word as it is written.
        start: Seconds after the sound's start.
        end: Seconds after the sound's start, greater than `start`.
        phones: Its sounds in order; empty if they are not known.
        accent: Centre of its most prominent vowel in seconds; None if it is not known.
        score: Mean log likelihood of a frame of 10 ms, relative to the best sound at that time, in nats; 0 is the best.
            None if the word was not aligned.
    """

    text: str
    start: float
    end: float
    phones: tuple[Phone, ...] = ()
    accent: float | None = None
    score: float | None = None

    def __post_init__(self) -> None:
        _check_times(self.text, self.start, self.end)

    @property
    def is_doubtful(self) -> bool:
        """Whether its times are: it was aligned, and fits the sound poorly."""
        return self.score is not None and self.score < DOUBTFUL_SCORE


@dataclass(frozen=True)
class Cue:
    """A part of a transcript: text, and when it is spoken in seconds, if that is known."""

    text: str
    start: float | None = None
    end: float | None = None

    def __post_init__(self) -> None:
        if (self.start is None) != (self.end is None):
            raise ValueError("A cue has both times or none.")
        if self.start is not None and self.end is not None:
            _check_times(self.text, self.start, self.end)


@dataclass(frozen=True)
class Transcript:
    """What is said.

    Attributes:
        cues: The text in order.
        words: The words with their times, if the file has a time for each.
    """

    cues: tuple[Cue, ...]
    words: tuple[Word, ...] = ()

    @property
    def text(self) -> str:
        """The text of all cues, one a line."""
        return "\n".join(cue.text for cue in self.cues)


@dataclass(frozen=True)
class AlignRequest:
    """A request for the times of a transcript's words in a sound, as `Alignment`.

    Attributes:
        audio: The sound.
        cues: The text, in order, with times from the section's start if they are known.
        language: "en" for English, or a language code of eSpeak NG, such as "de".
    """

    audio: AudioSection
    cues: tuple[Cue, ...]
    language: str = "en"


@dataclass(frozen=True)
class Alignment:
    """Words with times in seconds from the section's start.

    Attributes:
        words: The words that are heard, in order; they do not overlap.
        notes: What does not fit, as sentences for the user.
    """

    words: tuple[Word, ...]
    notes: tuple[str, ...] = ()


def check_order(words: Iterable[Word]) -> None:
    """Raise ValueError if words are not in order or overlap by more than a microsecond."""
    last = -math.inf
    for word in words:
        if word.start < last - 1e-6:
            raise ValueError(
                f"Words must not overlap. {word.text!r} starts at {word.start:.3f} s, before {last:.3f} s."
            )
        last = word.end


def _check_times(what: str, start: float, end: float) -> None:
    if not (math.isfinite(start) and math.isfinite(end) and start < end):
        raise ValueError(f"Times must be finite, and the end after the start. {what!r} is from {start} to {end} s.")

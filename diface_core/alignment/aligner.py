"""Forced alignment by PocketSphinx (https://github.com/cmusphinx/pocketsphinx) with its model of American English.

A first search over the whole sound finds the words, and may leave out words at the transcript's start and end that are
not heard. A second one, over sections of at most MAX_SECTION seconds because its memory grows with the length, finds
the phones in each.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..errors import DifaceError
from ..types import Float32Array
from .pronunciation import Pronunciation

PACKAGE = "pocketsphinx"
INSTALL_HINT = (
    "Press Create Environment in DiFACE's preferences, or install the package pocketsphinx into the worker's Python."
)

SAMPLE_RATE = 16_000
FRAMES_PER_SECOND = 100
MAX_SECTION = 20.0
"""Seconds that are aligned with their phones at once, if there is a gap between words within it."""
FRAME = SAMPLE_RATE // FRAMES_PER_SECOND
"""Samples per frame."""
EDGE = 0.3
"""Seconds of sound around the words of a section."""
SKIP_PROBABILITY = 1e-20
"""Prior probability of leaving out words at the start or at the end."""
LOG_BASE = 1.0001
"""The base of the logarithms of PocketSphinx's scores."""
SCORE_SHIFT = 1 << 10
"""PocketSphinx drops the lowest ten bits of a score."""
SEARCH = {"beam": 1e-80, "pbeam": 1e-80, "wbeam": 1e-60}
"""Wider than the defaults: a word that is spoken unclearly must not end the search."""


@dataclass(frozen=True)
class AlignedPhone:
    """A phone from frame `start` to before frame `end`, of 10 ms."""

    label: str
    start: float
    end: float


@dataclass(frozen=True)
class AlignedWord:
    """A word of the transcript: its index, its phones, and the mean score of its frames in nats, 0 at best."""

    index: int
    phones: tuple[AlignedPhone, ...]
    score: float


class _Span(NamedTuple):
    """Where the first search heard a word: frames, and the mean score of a frame in nats."""

    start: int
    end: int
    score: float


def is_installed() -> bool:
    """Return whether the package is there."""
    return importlib.util.find_spec(PACKAGE) is not None


class Aligner:
    """The acoustic model and the dictionary."""

    def __init__(self) -> None:
        """Load both. Raises DifaceError if PocketSphinx is missing or cannot be loaded."""
        try:
            sphinx = importlib.import_module(PACKAGE)
        except ImportError as reason:
            raise DifaceError(
                "PocketSphinx, which aligns words with their sound, is missing.", INSTALL_HINT
            ) from reason
        # With all senones computed, scores are relative to the best one of each frame, and so comparable.
        self._decoder: Any = sphinx.Decoder(
            lm=None, samprate=SAMPLE_RATE, bestpath=False, compallsen=True, loglevel="FATAL", **SEARCH
        )
        self._entries: dict[tuple[str, ...], str] = {}

    def lookup(self, word: str) -> str | None:
        """Return the phones of a word in lower case with spaces between, or None."""
        return self._decoder.lookup_word(word) if word else None

    def align(
        self, samples: Float32Array, words: Sequence[Pronunciation], report: Callable[[float], None] = lambda _: None
    ) -> list[AlignedWord]:
        """Return the words that are heard, in order; words at the start or the end may be left out.

        Args:
            samples: (N,) at 16 kHz.
            words: What is said.
            report: Called with the fraction that is done.

        Returns:
            Empty if the words do not fit the sound at all.
        """
        entries = [self._entry(word) for word in words]
        sound = np.asarray(np.clip(samples * 32767, -32768, 32767), np.int16)
        first, spans = self._find_words(sound, entries)
        report(0.4)
        found: list[AlignedWord] = []
        for section in _sections(spans):
            begin, end = _bounds(spans, section, len(sound))
            names = entries[first + section.start : first + section.stop]
            inside = self._align_section(sound[begin * FRAME : end * FRAME], names, first + section.start, begin)
            found += inside or _evenly(words, spans, section, first)
            report(0.4 + 0.6 * section.stop / len(spans))
        return found

    def _entry(self, word: Pronunciation) -> str:
        """Return the name of a word in the dictionary; words that it lacks are added."""
        if word.entry:
            return word.entry
        if word.phones not in self._entries:
            name = f"added-{len(self._entries)}"
            self._decoder.add_word(name, " ".join(word.phones), True)
            self._entries[word.phones] = name
        return self._entries[word.phones]

    def _find_words(self, sound: np.ndarray, entries: list[str]) -> tuple[int, list[_Span]]:
        """Return the index of the first word that is heard, and the frames of each that is heard."""
        count = len(entries)
        steps: list[tuple[Any, ...]] = [(at, at + 1, 1.0, name) for at, name in enumerate(entries)]
        steps += [(0, at, SKIP_PROBABILITY) for at in range(1, count)]
        steps += [(at, count, SKIP_PROBABILITY) for at in range(1, count)]
        decoder = self._decoder
        decoder.add_fsg("words", decoder.create_fsg("words", 0, count, steps))
        decoder.activate_search("words")
        self._listen(sound)
        if decoder.hyp() is None:
            return 0, []
        found = [part for part in decoder.seg() if not _is_filler(part.word)]
        first = _offset([_plain(part.word) for part in found], entries)
        return first, [_span(part) for part in found]

    def _align_section(self, sound: np.ndarray, names: list[str], first: int, begin: int) -> list[AlignedWord]:
        """Return the words of a section; none if the second search, which sees less sound, does not find all."""
        decoder = self._decoder
        decoder.set_align_text(" ".join(names))
        self._listen(sound)
        if decoder.hyp() is None:
            return []
        decoder.set_alignment()
        self._listen(sound)
        found: list[AlignedWord] = []
        for word in decoder.get_alignment() or ():  # a word is valid until the next one is read
            if not _is_filler(word.name):
                found.append(_aligned_word(word, first + len(found), begin))
        return found if len(found) == len(names) else []

    def _listen(self, sound: np.ndarray) -> None:
        self._decoder.start_utt()
        self._decoder.process_raw(sound.tobytes(), full_utt=True)
        self._decoder.end_utt()


def _span(part: Any) -> _Span:
    length = part.end_frame + 1 - part.start_frame
    return _Span(part.start_frame, part.end_frame + 1, float(np.log(part.ascore)) * SCORE_SHIFT / length)


def _evenly(words: Sequence[Pronunciation], spans: list[_Span], section: slice, first: int) -> list[AlignedWord]:
    """Return the words of a section as the first search heard them, their phones of equal lengths."""
    found = []
    for at in range(section.start, section.stop):
        phones, span = words[first + at].phones, spans[at]
        edges = np.linspace(span.start, span.end, len(phones) + 1).tolist()
        parts = tuple(AlignedPhone(*part) for part in zip(phones, edges[:-1], edges[1:], strict=True))
        found.append(AlignedWord(first + at, parts, span.score))
    return found


def _aligned_word(word: Any, index: int, begin: int) -> AlignedWord:
    phones = tuple(
        AlignedPhone(phone.name, begin + phone.start, begin + phone.start + phone.duration) for phone in word
    )
    score = word.score / word.duration * SCORE_SHIFT * np.log(LOG_BASE)
    return AlignedWord(index, phones, float(score))


def _sections(spans: list[_Span]) -> Iterator[slice]:
    """Yield runs of words that are not longer than MAX_SECTION together, cut at their longest gaps."""
    pending = [slice(0, len(spans))] if spans else []
    while pending:
        run = pending.pop()
        if (
            run.stop - run.start < 2
            or spans[run.stop - 1].end - spans[run.start].start <= MAX_SECTION * FRAMES_PER_SECOND
        ):
            yield run
            continue
        # The longest gap, of equal ones that nearest to the middle, so that sections do not become single words.
        middle = (spans[run.start].start + spans[run.stop - 1].end) / 2
        cut = max(
            range(run.start + 1, run.stop),
            key=lambda at: (spans[at].start - spans[at - 1].end, -abs(spans[at].start - middle)),
        )
        pending += [slice(cut, run.stop), slice(run.start, cut)]


def _bounds(spans: list[_Span], section: slice, samples: int) -> tuple[int, int]:
    """Return the first frame and the frame after the last of a section, with EDGE, but without other words."""
    edge, last = round(EDGE * FRAMES_PER_SECOND), samples // FRAME
    before = spans[section.start - 1].end if section.start else 0
    after = spans[section.stop].start if section.stop < len(spans) else last
    start, end = spans[section.start].start, spans[section.stop - 1].end
    return max(before, start - edge, 0), min(after, end + edge, last)


def _offset(heard: list[str], entries: list[str]) -> int:
    """Return where `heard`, which is a run of `entries`, begins in it."""
    starts = range(len(entries) - len(heard) + 1)
    return next((at for at in starts if entries[at : at + len(heard)] == heard), 0)


def _plain(name: str) -> str:
    """Return a name without the number of its pronunciation: "the(2)" is "the"."""
    return name[: name.rindex("(")] if name.endswith(")") and "(" in name[1:] else name


def _is_filler(name: str) -> bool:
    """Return whether an entry is silence, noise or nothing."""
    return name[:1] in "<[(+"

"""The words of a transcript with their times in a sound: an AlignRequest becomes an Alignment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..audio import reading
from ..errors import DifaceError
from ..transcripts.tokens import split_words
from ..types import Float32Array, Progress, Report
from ..words import Alignment, AlignRequest, Cue, Phone, Word
from .aligner import FRAMES_PER_SECOND, SAMPLE_RATE, AlignedWord, Aligner
from .nearest_phones import VOWELS
from .pronunciation import ENGLISH, Pronunciations, pronounce, stressed_vowel

READING, ALIGNING = "Reading the audio", "Aligning the words"
"""Stages, as the user reads them."""

FIT_LIMIT = -6.9
"""Mean score below which a transcript does not belong to the sound: see docs/research/alignment.md."""
CUE_MARGIN = 0.5
"""Seconds by which subtitles may be early or late."""
BLOCK_GAP, BLOCK_SECONDS = 1.0, 60.0
"""Cues that are closer than this are aligned together, up to this length."""
MAX_SECONDS = 1200.0
"""Longest sound that is aligned with text without times: memory grows by about 1 MB a second."""
CUT_SECONDS = 0.03
NAMED = 8
"""Words that a note names."""
GUESSED_SHARE = 0.5
"""Share of words outside the dictionary above which the language is doubted."""


class _Block(NamedTuple):
    """Text that is aligned at once, from `start` to `end` in seconds."""

    text: str
    start: float
    end: float


def align(request: AlignRequest, aligner: Aligner, report: Report) -> Alignment:
    """Align a transcript.

    Raises:
        AudioError: The audio cannot be used.
        DifaceError: The transcript is empty, or does not fit the sound.
    """
    report(Progress(0.0, READING))
    clip = reading.load_clip(request.audio, SAMPLE_RATE)
    tokens = split_words("\n".join(cue.text for cue in request.cues))
    if not tokens.words:
        raise DifaceError("The transcript is empty.", "Write what is said, or load a transcript.")
    blocks = _blocks(request.cues, clip.seconds)
    words: list[Word] = []
    notes = [f"Not spoken, and left out: {_listed(tokens.left_out)}."] if tokens.left_out else []
    for at, block in enumerate(blocks):

        def report_part(done: float, at: int = at) -> None:
            report(Progress((at + done) / len(blocks), ALIGNING))

        report_part(0.0)
        part = clip.samples[round(block.start * SAMPLE_RATE) : round(block.end * SAMPLE_RATE)]
        spoken = pronounce(split_words(block.text).words, request.language, aligner.lookup)
        notes += _pronunciation_notes(spoken, request.language)
        found = aligner.align(part, spoken.known, report_part)
        notes += _missing_notes(found, spoken)
        words += [_word(one, spoken, part, block.start, request.language) for one in found]
    _check_fit(words)
    return Alignment(tuple(_without_overlap(words)), (*dict.fromkeys(notes), *_doubts(words, clip.seconds)))


def _blocks(cues: Sequence[Cue], seconds: float) -> list[_Block]:
    """Return the parts that are aligned on their own. Raises DifaceError for too long a sound, or no cue within it."""
    if any(cue.start is None for cue in cues):
        if seconds > MAX_SECONDS:
            message = f"Text without times can be aligned with {MAX_SECONDS / 60:.0f} minutes of sound at most."
            raise DifaceError(message, "Use subtitles with times (.srt or .vtt), or a shorter strip.")
        return [_Block("\n".join(cue.text for cue in cues), 0.0, seconds)]
    inside = [cue for cue in cues if _start(cue) < seconds and _end(cue) > 0 and split_words(cue.text).words]
    if not inside:
        hint = "Use the transcript of this sound. Its times count from the start of the file."
        raise DifaceError("All times of the transcript are outside the sound.", hint)
    return [
        _Block(
            "\n".join(cue.text for cue in run),
            max(0.0, _start(run[0]) - CUE_MARGIN),
            min(seconds, max(map(_end, run)) + CUE_MARGIN),
        )
        for run in _runs(inside)
    ]


def _runs(cues: Sequence[Cue]) -> Iterator[list[Cue]]:
    run: list[Cue] = []
    for cue in cues:
        if run and (_start(cue) - _end(run[-1]) > BLOCK_GAP or _end(cue) - _start(run[0]) > BLOCK_SECONDS):
            yield run
            run = []
        run.append(cue)
    yield run


def _start(cue: Cue) -> float:
    return cue.start or 0.0


def _end(cue: Cue) -> float:
    return cue.end or 0.0


def _word(found: AlignedWord, spoken: Pronunciations, samples: Float32Array, offset: float, language: str) -> Word:
    phones = tuple(
        Phone(one.label, offset + one.start / FRAMES_PER_SECOND, offset + one.end / FRAMES_PER_SECOND)
        for one in found.phones
    )
    text = spoken.known[found.index].word
    accent = offset + _accent(found, samples, stressed_vowel(text, language))
    return Word(text, phones[0].start, phones[-1].end, phones, accent, found.score)


def _accent(word: AlignedWord, samples: Float32Array, stress: tuple[int, int] | None) -> float:
    """Return the centre in seconds of the vowel with the primary stress, if it is known which of how many it is.

    Otherwise of the one with the largest sum of amplitudes: stressed vowels are longer and louder (Fry, Duration and
    intensity as physical correlates of linguistic stress, JASA 27, 1955). A word without a vowel has it in the middle.
    """
    vowels = [phone for phone in word.phones if phone.label in VOWELS]
    if stress is not None and stress[1] == len(vowels):
        vowels = [vowels[stress[0]]]
    step = SAMPLE_RATE // FRAMES_PER_SECOND
    best = max(
        vowels, key=lambda one: np.abs(samples[round(one.start * step) : round(one.end * step)]).sum(), default=None
    )
    start, end = (best.start, best.end) if best else (word.phones[0].start, word.phones[-1].end)
    return (start + end) / 2 / FRAMES_PER_SECOND


def _without_overlap(words: list[Word]) -> Iterator[Word]:
    """Yield the words in order; one that overlaps the one before it, at the border of two blocks, is left out."""
    last = 0.0
    for word in sorted(words, key=lambda word: word.start):
        if word.start >= last - 1e-6:
            yield word
            last = word.end


def _check_fit(words: list[Word]) -> None:
    seconds = sum(word.end - word.start for word in words)
    fit = sum((word.score or 0.0) * (word.end - word.start) for word in words) / seconds if words else -np.inf
    if fit < FIT_LIMIT:
        hint = "Check that it is the transcript of this strip, and its language."
        raise DifaceError("The transcript does not fit the sound.", hint)


def _pronunciation_notes(spoken: Pronunciations, language: str) -> list[str]:
    notes = []
    if spoken.unknown:
        notes.append(
            f"Not in the dictionary, and left out: {_listed(spoken.unknown)}. "
            "The package espeakng-loader knows how they are pronounced."
        )
    guessed = sum(one.word in spoken.guessed for one in spoken.known)
    if language == ENGLISH and len(spoken.known) > 3 and guessed > GUESSED_SHARE * len(spoken.known):
        notes.append("Most words are not English ones: check the language.")
    return notes


def _missing_notes(found: list[AlignedWord], spoken: Pronunciations) -> list[str]:
    heard = {one.index for one in found}
    missing = [one.word for index, one in enumerate(spoken.known) if index not in heard]
    return [f"Not heard, and left out: {_listed(missing)}."] if missing else []


def _doubts(words: list[Word], seconds: float) -> list[str]:
    doubtful = [word.text for word in words if word.is_doubtful]
    notes = [f"Fit the sound poorly, so check them: {_listed(doubtful)}."] if doubtful else []
    if words and words[-1].end > seconds - CUT_SECONDS:
        notes.append(f'The sound ends within the last word, "{words[-1].text}".')
    return notes


def _listed(words: Sequence[str]) -> str:
    rest = len(words) - NAMED
    return ", ".join(words[:NAMED]) + (f" and {rest} more" if rest > 0 else "")

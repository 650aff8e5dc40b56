"""The diagnostics of a line: what is wrong in its motion, and whether its transcript is what is said."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from .. import channels
from ..errors import DifaceError
from ..types import SPEAK, Diagnosis, DiagnosisRequest, Finding, Float64Array, GenerateRequest, Motion, Report
from ..words import Alignment, AlignRequest, Cue, Word


class Checker(Protocol):
    """What checks a line: `engines.Engines`."""

    def diagnose(self, request: DiagnosisRequest, report: Report, /) -> Diagnosis:
        """Compare a face's motion with its sound."""
        ...

    def align(self, request: AlignRequest, report: Report, /) -> Alignment:
        """Return when the words of a transcript are heard."""
        ...


def check_line(
    checker: Checker, request: GenerateRequest, motion: Motion, transcript: str, language: str
) -> dict[str, Any]:
    """Return the facts of a line's diagnostics; none of a face that does not speak.

    Args:
        checker: Does the work.
        request: The request of the line.
        motion: Its motion.
        transcript: What is said; "" if it is not known.
        language: Its language.

    Returns:
        `findings` in the order of time; `problems`, a sentence of them; and `transcript_notes`, if there are some.
    """
    if request.role != SPEAK or "face" not in request.parts:
        return {}
    closures, notes = _closures(checker, request, transcript, language)
    face = motion.select(channels.FACE)
    asked = DiagnosisRequest(dataclasses.replace(request, constraints=None), face, closures)
    found = checker.diagnose(asked, _ignore).findings
    counts = Counter(finding.kind.replace("_", " ") for finding in found)
    facts: dict[str, Any] = {
        "problems": ", ".join(f"{kind}: {count}" for kind, count in counts.items()) or "none",
        "findings": [_finding(finding, motion) for finding in found],
    }
    return {**facts, "transcript_notes": " ".join(notes)} if notes else facts


def _closures(
    checker: Checker, request: GenerateRequest, transcript: str, language: str
) -> tuple[Float64Array | None, Sequence[str]]:
    """Return the closures of a transcript, None if it cannot be aligned, and what the user should know about it."""
    if not transcript:
        return None, ()
    try:
        alignment = checker.align(AlignRequest(request.audio, (Cue(transcript),), language), _ignore)
    except DifaceError as error:
        return None, (str(error),)
    return closures_of_words(alignment.words), alignment.notes


def closures_of_words(words: Sequence[Word]) -> Float64Array | None:
    """Return begin and end of each m, b and p (N, 2) in seconds.

    None if a word is doubtful or its sounds are not known: the sound alone tells more then.
    """
    if not all(word.phones and not word.is_doubtful for word in words):
        return None
    phones = [phone for word in words for phone in word.phones if phone.closes_lips]
    return np.array([[phone.start, phone.end] for phone in phones], np.float64).reshape(-1, 2)


def _finding(finding: Finding, motion: Motion) -> dict[str, Any]:
    begin, end = (round(row / motion.rate.value, 3) for row in (finding.first, finding.last))
    return {"kind": finding.kind, "begin": begin, "end": end, "amount": round(float(finding.amount), 4)}


def _ignore(_progress: object) -> None:
    """Nobody watches the progress of a line."""

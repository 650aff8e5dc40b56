"""Messages of an alignment: the transcript there, the words and their times back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..words import Alignment, AlignRequest, Cue, Phone, Word
from .audio_section import audio_data, parse_audio
from .framing import Message, malformed


def align_request_message(request: AlignRequest, request_id: int) -> Message:
    """Return an `align` message; the reply is `aligned`, `error` or `cancelled`."""
    cues = [[cue.text, cue.start, cue.end] for cue in request.cues]
    return Message(
        "align", request_id, {"audio": audio_data(request.audio), "cues": cues, "language": request.language}
    )


def parse_align_request(message: Message) -> AlignRequest:
    """Return the AlignRequest of a message from `align_request_message`. Raises WorkerError if it is malformed."""
    try:
        data = message.data
        cues = tuple(Cue(str(text), start, end) for text, start, end in data["cues"])
        return AlignRequest(parse_audio(data["audio"]), cues, str(data["language"]))
    except (KeyError, TypeError, ValueError) as error:
        raise malformed(f"a malformed transcript ({error!r})") from error


def alignment_message(alignment: Alignment, request_id: int) -> Message:
    """Return the words of a request."""
    words = [
        {
            "text": word.text,
            "start": word.start,
            "end": word.end,
            "accent": word.accent,
            "score": word.score,
            "phones": [[phone.label, phone.start, phone.end] for phone in word.phones],
        }
        for word in alignment.words
    ]
    return Message("aligned", request_id, {"words": words, "notes": list(alignment.notes)})


def parse_alignment(message: Message) -> Alignment:
    """Return the Alignment of a message from `alignment_message`. Raises WorkerError if it is malformed."""
    try:
        return Alignment(tuple(map(_parse_word, message.data["words"])), tuple(message.data["notes"]))
    except (KeyError, TypeError, ValueError) as error:
        raise malformed(f"malformed words ({error!r})") from error


def _parse_word(data: Mapping[str, Any]) -> Word:
    phones = tuple(Phone(str(label), start, end) for label, start, end in data["phones"])
    return Word(str(data["text"]), data["start"], data["end"], phones, data["accent"], data["score"])

"""Read a transcript from a file: plain text, SubRip (.srt), WebVTT (.vtt) or Praat's TextGrid."""

from __future__ import annotations

from pathlib import Path

from ..errors import DifaceError
from ..words import Cue, Transcript
from . import subtitles, textgrid

MAX_BYTES = 5_000_000
"""A larger file is no transcript: an hour of speech has about 60,000 letters."""

SUFFIXES = (".txt", ".srt", ".vtt", ".TextGrid")

FORMAT_HINT = f"Choose a file whose name ends in {', '.join(SUFFIXES)}."


def read_transcript(path: Path) -> Transcript:
    """Read a file. Its kind follows from its name.

    Raises:
        DifaceError: The file cannot be read, is damaged, or has no text.
    """
    parsers = {".txt": parse_plain, ".srt": subtitles.parse_srt, ".vtt": subtitles.parse_vtt}
    parsers[".textgrid"] = textgrid.parse_textgrid
    parse = parsers.get(path.suffix.lower())
    if parse is None:
        raise DifaceError(f"{path.name} is not a transcript that DiFACE reads.", FORMAT_HINT)
    try:
        transcript = parse(decode(_read_bytes(path)))
    except ValueError as reason:
        message = f"{path.name} cannot be read: {reason}"
        raise DifaceError(message, "Export the transcript again, or save its text as .txt.") from reason
    if not any(cue.text.strip() for cue in transcript.cues):
        raise DifaceError(f"{path.name} has no text.", "Choose a transcript with the words that are spoken.")
    return transcript


def parse_plain(text: str) -> Transcript:
    """Return plain text as a Transcript of one cue, without times."""
    return Transcript((Cue(text.strip()),))


def decode(data: bytes) -> str:
    """Return the text of a file in UTF-8, or in UTF-16 with its mark, or else in Windows' Western encoding.

    Raises:
        ValueError: The file is no text.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", errors="replace")
    if "\0" in text:
        raise ValueError("it is not a text file.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _read_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as reason:
        message = f"The transcript cannot be opened: {path} ({reason.strerror})."
        raise DifaceError(message, "Restore it, or choose another file.") from reason
    if len(data) > MAX_BYTES:
        message = f"{path.name} is larger than {MAX_BYTES // 1_000_000} MB, too large for a transcript."
        raise DifaceError(message, "Choose another file.")
    return data

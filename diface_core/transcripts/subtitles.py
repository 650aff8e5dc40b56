"""Subtitles with times: SubRip (.srt) and WebVTT (.vtt, https://www.w3.org/TR/webvtt1/)."""

from __future__ import annotations

import html
import re

from ..words import Cue, Transcript

_TIMES = re.compile(r"\s*(\S+)\s+-->\s+(\S+)")
_TIME = re.compile(r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,6}))?")
_MARKUP = re.compile(r"<[^<>]*>|\{\\[^{}]*\}")
"""Tags such as <i> and <v Anna>, and the position marks of SubRip such as {\\an8}."""
_NOT_CUES = ("WEBVTT", "NOTE", "STYLE", "REGION")
"""First words of WebVTT blocks without text that is spoken."""


def parse_srt(text: str) -> Transcript:
    """Return the cues of a SubRip file. Raises ValueError with the line that is wrong."""
    return _parse(text)


def parse_vtt(text: str) -> Transcript:
    """Return the cues of a WebVTT file. Raises ValueError with the line that is wrong."""
    if not text.startswith("WEBVTT"):
        raise ValueError("the first line must be WEBVTT.")
    return _parse(text)


def _parse(text: str) -> Transcript:
    cues: list[Cue] = []
    blocks = re.split(r"\n[ \t]*\n", text)
    line = 1
    for block in blocks:
        if not block.lstrip().startswith(_NOT_CUES) and block.strip():
            cue = _parse_block(block, line)
            cues += [cue] if cue else []
        line += block.count("\n") + 2
    cues.sort(key=lambda cue: cue.start or 0.0)
    return Transcript(tuple(cues))


def _parse_block(block: str, line: int) -> Cue | None:
    lines = block.split("\n")
    at = next((index for index, one in enumerate(lines) if "-->" in one), None)
    if at is None:
        raise ValueError(f'line {line}: expected times as "00:01:02,500 --> 00:01:04,000". Got "{block.strip()[:40]}".')
    found = _TIMES.match(lines[at])
    start, end = (_seconds(part) for part in found.groups()) if found else (None, None)
    if start is None or end is None:
        raise ValueError(f'line {line + at}: the times "{lines[at].strip()[:40]}" cannot be read.')
    if start >= end:
        raise ValueError(f"line {line + at}: the end is not after the start.")
    spoken = html.unescape(_MARKUP.sub("", "\n".join(lines[at + 1 :]))).strip()
    return Cue(spoken, start, end) if spoken else None


def _seconds(text: str) -> float | None:
    found = _TIME.fullmatch(text)
    if not found:
        return None
    hours, minutes, seconds, fraction = found.groups()
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction or 0}")

"""Decode sound files that only Blender can read to wav files for the worker."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from ... import compat
from ...core import errors
from ..files import temporary

READABLE_SUFFIXES = {
    ".wav",
    ".flac",
    ".ogg",
    ".oga",
    ".opus",
    ".mp3",
    ".aif",
    ".aiff",
    ".aifc",
    ".au",
    ".caf",
    ".w64",
    ".rf64",
}
"""File suffixes that the worker can read itself, with more exact timing than through Blender."""

_BLOCK = 1 << 20


def ensure_readable(path: Path, folder: Path) -> Path:
    """Return `path` if the worker can read its format, else a wav file written to `folder`.

    Raises:
        AudioError: Blender cannot decode the file.
        SceneError: The wav file cannot be written.
    """
    if not path.is_file() or (path.suffix.lower() in READABLE_SUFFIXES and not _has_other_format(path)):
        return path
    samples, rate = _decode(path)
    target = folder / "decoded.wav"
    with temporary.raising_scene_errors():
        _write_wav(target, samples, rate)
    return target


def _has_other_format(path: Path) -> bool:
    """Return whether a file is not what its suffix says: such as AAC, or a video, that was named .mp3 or .wav."""
    with path.open("rb") as file:
        begin = file.read(12)
    is_adts = begin[:1] == b"\xff" and len(begin) > 1 and begin[1] & 0xF6 == 0xF0
    return is_adts or begin[4:8] == b"ftyp" or begin[:4] == b"\x1aE\xdf\xa3"


def _decode(path: Path) -> tuple[np.ndarray, int]:
    hint = "Convert it to wav, flac, ogg or mp3, and choose that file."
    aud = compat.audio_module()
    if aud is None:
        raise errors.AudioError(f"This Blender is built without aud, and cannot decode {path.name}.", hint)
    try:
        sound = aud.Sound(str(path))
        rate = int(sound.specs[0])  # first, because data() crashes Blender for a file that aud cannot open
        return sound.data(), rate
    except aud.error as reason:
        raise errors.AudioError(f"Blender finds no sound in {path.name} ({reason}).", hint) from reason


def _write_wav(path: Path, samples: np.ndarray, rate: int) -> None:
    """Write `samples` (N, channels) as a 32-bit float wav file."""
    samples = samples.reshape(len(samples), -1)
    width = 4 * samples.shape[1]
    size = width * len(samples)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, samples.shape[1], rate, width * rate, width, 32)
    with path.open("wb") as file:
        file.write(struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE") + form)
        file.write(struct.pack("<4sI", b"data", size))
        for start in range(0, len(samples), _BLOCK):
            file.write(samples[start : start + _BLOCK].astype(np.float32).tobytes())

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
    if path.suffix.lower() in READABLE_SUFFIXES or not path.is_file():
        return path
    samples, rate = _decode(path)
    target = folder / "decoded.wav"
    with temporary.raising_scene_errors():
        _write_wav(target, samples, rate)
    return target


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
    """Write the average of the channels of `samples` (N, channels) as a mono 32-bit float wav file."""
    count = len(samples)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 1, rate, 4 * rate, 4, 32)
    with path.open("wb") as file:
        file.write(struct.pack("<4sI4s", b"RIFF", 36 + 4 * count, b"WAVE") + form)
        file.write(struct.pack("<4sI", b"data", 4 * count))
        for start in range(0, count, _BLOCK):
            block = samples[start : start + _BLOCK].reshape(-1, samples.shape[1] if samples.ndim > 1 else 1)
            file.write(block.mean(axis=1, dtype=np.float32).tobytes())

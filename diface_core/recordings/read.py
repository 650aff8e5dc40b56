"""Read a recorded face from a file of any of the supported formats."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .. import channels
from ..errors import DifaceError
from ..motion.files import read_npz
from ..types import FrameRate, Motion
from . import csv_file, json_file, row_times
from .placed import sample
from .recording import Recording, check_usable

MAX_BYTES = 256 << 20
"""Size of a file above which it is refused: a day of rows of a camera has less than a quarter of that."""

HINT = "Choose a .csv of Live Link Face or of a MediaPipe tool, a .json of Audio2Face, or an .npz of DiFACE."


def read_recording(path: Path, rate: float | None = None) -> Recording:
    """Return the recorded face in a file.

    Args:
        path: A .csv, .json or .npz file.
        rate: Rows per second, for a file that says it wrongly or not at all; None for the file's own times.

    Raises:
        DifaceError: The file cannot be read, is no recording, or has no tracked face.
    """
    parse = PARSERS.get(path.suffix.lower())
    if parse is None:
        raise DifaceError(f"{path.name} is not a recording that can be imported.", HINT)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DifaceError(f"{path.name} is larger than {MAX_BYTES >> 20} MB.", "Cut the recording into parts.")
        recording = parse(path, rate)
    except OSError as reason:
        message = f"Cannot read {path.name}: {reason.strerror or reason}."
        raise DifaceError(message, "Check that it exists and that you may read it.") from reason
    except ValueError as reason:
        raise DifaceError(f"{path.name} is not a recorded face: {reason}.", HINT) from reason
    return check_usable(recording, path.name)


def read_motion(path: Path, rate: float | None = None) -> Motion:
    """Return a recording as a Motion at its own rate, without its gaps. Raises as `read_recording`."""
    recording = read_recording(path, rate)
    own = FrameRate(rate) if rate else recording.rate
    return sample(recording, 0.0, own, round(recording.seconds * own.value) + 1).motion


def _parse_csv(path: Path, rate: float | None) -> Recording:
    return csv_file.parse(path.read_bytes(), rate)


def _parse_json(path: Path, rate: float | None) -> Recording:
    return json_file.parse(path.read_bytes(), rate)


def _parse_npz(path: Path, rate: float | None) -> Recording:
    """The Motion in a file of DiFACE; channels other than those of face and head are left out."""
    _check_unpacked_size(path)
    motion = read_npz(path)
    fps = rate or motion.rate.value
    if not 1 <= fps <= 1000 or not len(motion):
        raise ValueError(f"it has {len(motion)} rows at {fps:g} frames a second")
    names = channels.ALL if set(channels.HEAD) <= set(motion.channels) else channels.FACE
    values = np.zeros((len(motion), len(names)), np.float32)
    for column, name in enumerate(names):
        if name in motion.channels:
            values[:, column] = motion.column(name)
    tracked = np.isfinite(values).all(axis=1)
    values = np.where(tracked[:, None], values, np.float32(0))
    times = row_times.from_rate(len(motion), fps)
    return Recording("DiFACE", times.seconds, values, names, tracked)


def _check_unpacked_size(path: Path) -> None:
    """Raise ValueError if the arrays of a small file are huge."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError, struct.error) as reason:
        raise ValueError(str(reason)) from reason
    if size > 4 * MAX_BYTES:
        raise ValueError(f"its arrays have {size >> 20} MB")


PARSERS: dict[str, Callable[[Path, float | None], Recording]] = {
    ".csv": _parse_csv,
    ".json": _parse_json,
    ".npz": _parse_npz,
}

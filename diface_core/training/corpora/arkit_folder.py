"""A folder of sound and ARKit CSV, as recorded by Epic's Live Link Face app."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ... import channels
from ...audio.speech_encoder import SAMPLE_RATE
from ...errors import DifaceError
from ...motion.files import read_csv
from ...types import MODEL_RATE
from . import recordings
from .clip import Clip
from .reading import Skipped

TIMECODE_RATES = (24, 25, 30, 48, 50, 60, 120)
"""Frames per second of timecodes."""
MAX_FRAME_GAP = 0.5
"""Longest gap in seconds between frames: beyond it the face was lost, and motion is not interpolated."""
MAX_LENGTH_DIFFERENCE = 1.0
"""Largest difference in seconds between the lengths of sound and motion; the excess is trimmed."""


def arkit_folder(folder: Path, style: str = "") -> Iterator[Clip | Skipped]:
    """Yield a clip for every .csv in the folder and its subfolders with a sound of the same stem next to it.

    Rows are timed by their timecodes if the file has them.

    Args:
        folder: The folder.
        style: Speaker and style; default: the folder's name.
    """
    for path in sorted(file for file in folder.rglob("*") if file.suffix.lower() == ".csv"):
        try:
            yield _clip(path, folder, style or folder.name)
        except (DifaceError, OSError, ValueError) as reason:
            yield Skipped(str(path), getattr(reason, "message", str(reason)))


def _clip(path: Path, folder: Path, style: str) -> Clip:
    sound = recordings.find_sound(path)
    if sound is None:
        raise ValueError("no sound of the same name next to it")
    motion = read_csv(path, MODEL_RATE)
    values = motion.select(channels.FACE).values
    if not np.isfinite(values).all():
        raise ValueError("weights that are not finite numbers")
    samples = recordings.load_samples(sound)
    seconds = len(samples) / SAMPLE_RATE
    times = row_times(path, len(values), seconds)
    if len(times) < 2 or abs(seconds - times[-1]) > MAX_LENGTH_DIFFERENCE + 0.02 * seconds:
        raise ValueError(f"{times[-1]:.2f} s of motion, but {seconds:.2f} s of sound")
    if np.diff(times).max() > MAX_FRAME_GAP:
        raise ValueError(f"{np.diff(times).max():.2f} s without a frame")
    samples = samples[: round((times[-1] + 1 / MODEL_RATE.value) * SAMPLE_RATE)]
    values = recordings.align_to_sound(values, times, samples)
    # A channel that never moves was not tracked (older phones send zeros for the tongue).
    known = np.ptp(values, axis=0) > 1e-3
    if not known.any():
        raise ValueError("nothing in the face moves")
    name = str(path.relative_to(folder).with_suffix(""))
    return Clip(name, samples, values * known, known, style, speaker=style, source=style)


def row_times(path: Path, rows: int, seconds: float) -> npt.NDArray[np.float64]:
    """Return the seconds (rows,) of each row from the first.

    By HH:MM:SS:FF.mmm timecodes, or, without them, at the constant usual rate that fits the sound's length best.

    Raises:
        ValueError: The timecodes do not increase from row to row.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        header, *table = [row for row in csv.reader(file) if row]
    names = [name.lower() for name in header]
    codes = [row[names.index("timecode")] for row in table] if "timecode" in names else []
    if len(codes) == rows and all(code.strip() for code in codes):
        return timecode_seconds(codes)
    return np.arange(rows) / min(TIMECODE_RATES, key=lambda rate: abs(rows / rate - seconds))


def timecode_seconds(codes: list[str]) -> npt.NDArray[np.float64]:
    """Convert timecodes to seconds from the first; the rate is the lowest that allows the highest frame number."""
    parts = np.array([[float(part) for part in code.replace(";", ":").split(":")] for code in codes])
    if parts.ndim != 2 or parts.shape[1] != 4 or not np.isfinite(parts).all():
        raise ValueError(f"timecodes must read HH:MM:SS:FF.mmm. Got {codes[0]}")
    rate = next((rate for rate in TIMECODE_RATES if parts[:, 3].max() < rate), None)
    if rate is None:
        raise ValueError(f"timecodes with frame {parts[:, 3].max():.0f}")
    seconds = parts[:, :3] @ np.array([3600.0, 60.0, 1.0]) + parts[:, 3] / rate
    # Midnight wraps around.
    seconds += 86_400.0 * np.cumsum(np.diff(seconds, prepend=seconds[0]) < -43_200)
    if not (np.diff(seconds) > 0).all():
        raise ValueError("timecodes that do not increase from row to row")
    return seconds - seconds[0]

"""Motion files: `.npz` for programs, `.csv` as Epic's Live Link Face app writes it, `.json` as Audio2Face does."""

from __future__ import annotations

import csv
import io
import json
import math
import struct
import sys
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from .. import channels
from ..atomic_write import atomic_write
from ..errors import DifaceError
from ..types import FrameRate, Motion
from .head_angles import angles_from_vectors, vectors_from_angles

HEAD_COLUMNS = ("HeadYaw", "HeadPitch", "HeadRoll")
"""Radians, in the order and with the signs of `head_angles`: right, down and left shoulder positive."""

EYE_COLUMNS = tuple(f"{side}Eye{angle}" for side in ("Left", "Right") for angle in ("Yaw", "Pitch", "Roll"))
"""Always zero: the eyes' rotation is in the eyeLook weights."""

FACE_COLUMNS = tuple(name[0].upper() + name[1:] for name in channels.FACE)
COLUMNS = FACE_COLUMNS + HEAD_COLUMNS + EYE_COLUMNS

DAMAGED_ZIP = (zipfile.BadZipFile, RuntimeError, tokenize.TokenError, struct.error, zlib.error)
"""What reading a damaged .npz raises besides the usual: numpy parses its headers as Python's literals."""

Writer = Callable[[BinaryIO, Motion], None]


def writer_for(path: Path) -> Writer:
    """Return the writer for a file of this name. Raises DifaceError if its suffix or its folder is not valid."""
    if path.suffix.lower() not in WRITERS:
        expected = ", ".join(list(WRITERS)[:-1]) + f" or {list(WRITERS)[-1]}"
        raise DifaceError(f"Cannot write {path.name}: its name must end in {expected}.", "Choose another file name.")
    if not path.absolute().parent.is_dir():
        raise DifaceError(f"The folder {path.absolute().parent} does not exist.", "Create it, or choose another one.")
    return WRITERS[path.suffix.lower()]


def write_motion(path: Path, motion: Motion) -> None:
    """Write the Motion in the format of the suffix of `path`: whole, or not at all if it raises DifaceError."""
    _write(path, motion, writer_for(path))


def write_table(path: Path, motion: Motion) -> None:
    """Write a Motion of any names as a .csv table: seconds, then a column for each. As `write_motion`."""
    writer_for(path)
    _write(path, motion, _write_table)


def _write(path: Path, motion: Motion, write: Writer) -> None:
    try:
        with atomic_write(path) as draft, draft.open("wb") as file:
            write(file, motion)
    except OSError as reason:
        hint = "Check that the folder can be written and that the disk is not full."
        raise DifaceError(f"Cannot write {path}: {reason.strerror}.", hint) from reason


def read_npz(path: Path) -> Motion:
    """Read an .npz file from `write_motion`. Raises DifaceError for other files."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            names = tuple(str(name) for name in file["channels"])
            if max("".join(names), default="") > chr(sys.maxunicode):  # numpy does not check its texts
                raise ValueError("a channel's name is malformed")
            # numpy returns the bytes of a member that is no array.
            return Motion(np.asarray(file["values"], np.float32), names, FrameRate(float(file["fps"])))
    except (OSError, ValueError, TypeError, KeyError, EOFError, SystemError, *DAMAGED_ZIP) as reason:
        # SystemError: numpy raises it for some malformed names.
        raise DifaceError(f"{path} is not a motion: {reason}.", "Choose a file that DiFACE wrote.") from reason


def read_csv(path: Path, rate: FrameRate) -> Motion:
    """Read a file in the column order of Live Link Face, one row per frame at `rate`, as a Motion of face and head.

    The file names no rate, and the timecodes of a recording skip, so the rows are taken in order.

    Raises:
        DifaceError: The file has other columns or cannot be read.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            header, *rows = [row for row in csv.reader(file) if row]
        index_of = {name.lower(): index for index, name in enumerate(header)}
        indices = [index_of[name.lower()] for name in FACE_COLUMNS + HEAD_COLUMNS]
        values = np.array([[float(row[index]) for index in indices] for row in rows], np.float64)
        if not rows:
            raise ValueError("no rows")
    except (OSError, ValueError, KeyError, IndexError) as reason:
        hint = "Choose a .csv file in the column order of Live Link Face."
        raise DifaceError(f"{path} is not a motion: {reason!r}.", hint) from reason
    face, angles = values[:, : len(FACE_COLUMNS)], values[:, len(FACE_COLUMNS) :]
    return Motion(np.concatenate([face, vectors_from_angles(angles)], 1).astype(np.float32), channels.ALL, rate)


def _write_npz(file: BinaryIO, motion: Motion) -> None:
    """Arrays values (T, C) float32, channels (C,), fps ()."""
    values = np.asarray(motion.values, np.float32)
    # In memory first: numpy cannot close a zip file cleanly when the disk is full.
    content = io.BytesIO()
    np.savez(content, values=values, channels=np.array(motion.channels), fps=np.float64(motion.rate.value))
    file.write(content.getbuffer())


def _write_csv(file: BinaryIO, motion: Motion) -> None:
    """One row per frame: timecode, number of values, face weights, head and eye angles; missing channels are 0."""
    table = np.zeros((len(motion), len(COLUMNS)))
    names = list(motion.channels)
    for column, name in enumerate(channels.FACE):
        if name in names:
            table[:, column] = motion.column(name)
    if set(channels.HEAD) <= set(names):
        head = slice(len(FACE_COLUMNS), len(FACE_COLUMNS) + 3)
        table[:, head] = angles_from_vectors(motion.select(channels.HEAD).values)

    text = io.TextIOWrapper(file, encoding="ascii", newline="", write_through=True)
    text.writelines(_csv_lines(table, motion.rate))
    text.detach()


def _write_table(file: BinaryIO, motion: Motion) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("Seconds", *motion.channels))
    for row, values in enumerate(motion.values.tolist()):
        table.writerow([f"{motion.rate.seconds(row):.9g}", *(f"{value:.9g}" for value in values)])
    text.detach()


def _csv_lines(table: np.ndarray, rate: FrameRate) -> Iterable[str]:
    yield ",".join(("Timecode", "BlendShapeCount", *COLUMNS)) + "\n"
    for row, values in enumerate(table):
        numbers = ",".join(f"{value:.9g}" for value in values)
        yield f"{timecode(row, rate)},{len(COLUMNS)},{numbers}\n"


def timecode(row: int, rate: FrameRate) -> str:
    """Return HH:MM:SS:FF.mmm of the time of a row, in frames of the next whole rate.

    As the app does: a second of time is a second of the timecode, and at 59.94 rows a second the rows are 1.001 frames
    of a 60th apart. So a reader finds the rate, also 29.476.
    """
    base = max(1, math.ceil(rate.value - 1e-6))
    thousandths = round(rate.seconds(row) * base * 1000)
    seconds, frame = divmod(thousandths, base * 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}:{frame // 1000:02d}.{frame % 1000:03d}"


def _write_json(file: BinaryIO, motion: Motion) -> None:
    """The layout of Audio2Face's weights: exportFps, facsNames, weightMat; the head's rotation vector is among them."""
    content = {
        "exportFps": motion.rate.value,
        "trackPath": "",
        "numPoses": len(motion.channels),
        "numFrames": len(motion),
        "facsNames": list(motion.channels),
        "weightMat": [[float(f"{value:.9g}") for value in row] for row in motion.values.tolist()],
    }
    file.write(json.dumps(content).encode("ascii"))


WRITERS: dict[str, Writer] = {".npz": _write_npz, ".csv": _write_csv, ".json": _write_json}

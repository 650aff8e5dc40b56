"""Pins of a line as a table: columns seconds, channel and value."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from .. import channels
from ..audio.reading import load_clip
from ..errors import DifaceError
from ..types import Constraints, GenerateRequest, Pins
from ..untrusted.table import read_table

COLUMNS = ("seconds", "channel", "value")
HINT = "Write a table with the columns seconds, channel and value, such as 1.5, jawOpen, 0."
MAX_BYTES = 16 << 20


def with_pins(request: GenerateRequest, path: Path) -> GenerateRequest:
    """Return the request with the pins of a table. Seconds count from the start of the section.

    Raises:
        AudioError: The sound cannot be read.
        DifaceError: The table is no table of pins, or a pin is outside the sound.
    """
    seconds, names, values = _read(path)
    available = channels.of_request(request.parts, request.layers)
    if unknown := [name for name in names if name not in available]:
        raise DifaceError(f"{path.name} pins {unknown[0]!r}, which the line does not generate.", HINT)
    length = request.audio.seconds
    if length is None:
        length = load_clip(request.audio).seconds
    rows = request.rate.rows(length)
    row = np.array(seconds, np.float64) * request.rate.value
    if not ((row >= 0) & (row <= rows - 1)).all():
        message = f"{path.name} has pins outside the sound, which lasts {length:.2f} s."
        raise DifaceError(message, "Move them within it.")
    column = np.array([available.index(name) for name in names], np.int32)
    try:
        pins = Pins(row, column, np.array(values, np.float32))
    except ValueError as reason:
        raise DifaceError(f"{path.name}: {reason}", "Keep one pin of a channel at a time.") from reason
    shape = (rows, len(available))
    constraints = Constraints(np.zeros(shape, np.float32), np.zeros(shape, bool), pins)
    return dataclasses.replace(request, constraints=constraints)


def _read(path: Path) -> tuple[list[float], list[str], list[float]]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"it is larger than {MAX_BYTES >> 20} MB")
        header, rows = read_table(path.read_bytes())
        index = [[name.lower() for name in header].index(column) for column in COLUMNS]
        cells = [[row[column].strip() for column in index] for row in rows]
        seconds, values = [float(cell[0]) for cell in cells], [float(cell[2]) for cell in cells]
        if not (np.isfinite(seconds).all() and np.isfinite(values).all()):
            raise ValueError("it has values that are not finite")
    except OSError as reason:
        raise DifaceError(f"Cannot read {path}: {reason.strerror or reason}.", "Restore the table of pins.") from reason
    except (ValueError, IndexError) as reason:
        raise DifaceError(f"{path.name} is no table of pins: {reason}.", HINT) from reason
    return seconds, [cell[1] for cell in cells], values

"""Recordings as tables: Live Link Face, MediaPipe tools, Audio2Face-3D. Columns are found by their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .. import channels
from ..types import Float64Array
from ..untrusted.table import read_table
from . import column_names, row_times
from .build import build
from .recording import Recording

MIN_SHAPES = 5
"""Shapes of ARKit that the header of a recording names at least."""


@dataclass(frozen=True)
class Table:
    """The header of a table, and its rows."""

    header: list[str]
    rows: list[list[str]]

    def text(self, column: int) -> list[str]:
        """Return the cells of a column, "" where a row is too short."""
        return [row[column] if column < len(row) else "" for row in self.rows]

    def numbers(self, columns: Sequence[int]) -> Float64Array:
        """Return columns (T, N) as numbers, NaN where a cell is missing. Raises ValueError for other text."""
        last = max(columns, default=-1)
        try:
            return np.array([[float(row[column]) for column in columns] for row in self.rows], np.float64)
        except (ValueError, IndexError):
            cells = (row + [""] * (last + 1 - len(row)) for row in self.rows)
            numbers = [[self._number(row[column], line) for column in columns] for line, row in enumerate(cells)]
            return np.array(numbers, np.float64)

    def _number(self, cell: str, line: int) -> float:
        try:
            # A decimal comma, as spreadsheets write it besides semicolons.
            return float(cell.replace(",", ".")) if cell.strip() else np.nan
        except ValueError:
            raise ValueError(f"row {line + 1} has {cell[:40]!r} instead of a number") from None


def parse(data: bytes, rate: float | None) -> Recording:
    """Return the recording in a table.

    Args:
        data: The content of the file.
        rate: Rows per second, instead of what the file says; None for the file's own times.

    Raises:
        ValueError: The table is no recording.
    """
    table = Table(*read_table(data))
    columns = column_names.face_columns(table.header)
    if len(columns) < MIN_SHAPES:
        raise ValueError(f"its header names {len(columns)} of ARKit's shapes, not at least {MIN_SHAPES}")
    if not table.rows:
        raise ValueError("it has no rows")
    face = np.zeros((len(table.rows), len(channels.FACE)))
    face[:, [channels.FACE.index(name) for name in columns]] = table.numbers(list(columns.values()))
    head = column_names.head_columns(table.header)
    kind = _kind(table.header)
    count = column_names.count_column(table.header)
    return build(
        kind,
        _times(table, rate),
        face,
        table.numbers(head) if head else None,
        None if count is None else np.array([cell.strip() in ("", "0") for cell in table.text(count)]),
        is_tracked_by_camera=kind != AUDIO2FACE,
    )


LIVE_LINK, AUDIO2FACE, OTHER = "Live Link Face", "Audio2Face", "Blendshapes"
"""Kinds of tables, as the user knows them."""


def _kind(header: Sequence[str]) -> str:
    if column_names.count_column(header) is not None:
        return LIVE_LINK
    if any(name.lower().startswith("blendshapes.") for name in header):
        return AUDIO2FACE
    return "MediaPipe" if "_neutral" in header else OTHER


def _times(table: Table, rate: float | None) -> row_times.RowTimes:
    found = column_names.time_column(table.header)
    if rate is not None or found is None:
        return row_times.from_rate(len(table.rows), rate)
    column, unit = found
    cells = table.text(column)
    if any(":" in cell for cell in cells):
        return row_times.from_timecodes(cells)
    return row_times.from_numbers(table.numbers([column])[:, 0], unit, rate)

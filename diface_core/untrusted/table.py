"""Tables as spreadsheets and other programs save them: any usual encoding, commas, semicolons or tabs."""

from __future__ import annotations

import codecs
import csv
import io

DELIMITERS = ",;\t"


def read_table(data: bytes) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of a table, without empty rows. Raises ValueError if it is empty or damaged."""
    begin = _decode(data).lstrip()
    first_line = begin.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first_line.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(begin, newline=""), delimiter=delimiter) if any(row)]
    except csv.Error as reason:
        raise ValueError(str(reason)) from reason
    if not rows:
        raise ValueError("it is empty")
    return [name.strip() for name in rows[0]], rows[1:]


def _decode(data: bytes) -> str:
    """Text of UTF-16 with its mark, of UTF-8, or else of Windows' western encoding."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")

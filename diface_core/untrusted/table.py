"""Tables as spreadsheets and other programs save them: any usual encoding, commas, semicolons or tabs."""

from __future__ import annotations

import codecs
import csv
import io

DELIMITERS = ",;\t"
WESTERN = "cp1252"


def read_table(data: bytes) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of a table, without empty rows. Raises ValueError if it is empty or damaged."""
    header, rows = read_numbered_table(data)
    return header, list(rows.values())


def read_numbered_table(data: bytes) -> tuple[list[str], dict[int, list[str]]]:
    """Return the header and the rows of a table by the numbers that a spreadsheet shows, without empty rows.

    Row 1 is the first of the file, which usually is the header.

    Raises:
        ValueError: The table is empty or damaged.
    """
    text = _decode(data)
    first_line = text.lstrip().partition("\n")[0]
    delimiter = max(DELIMITERS, key=first_line.count)
    try:
        every = enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 1)
        rows = {number: row for number, row in every if any(map(str.strip, row))}
    except csv.Error as reason:
        raise ValueError(str(reason)) from reason
    if not rows:
        raise ValueError("it is empty")
    return [name.strip() for name in rows.pop(min(rows))], rows


def is_in_western_encoding(data: bytes) -> bool:
    """Return whether a table has letters that are read in Windows' western encoding, as they are not UTF-8 or UTF-16.

    They are others than meant if the program that saved it used another encoding.
    """
    return _encoding(data) == WESTERN


def _decode(data: bytes) -> str:
    """Text of UTF-16 with its mark, of UTF-8, or else of Windows' western encoding."""
    encoding = _encoding(data)
    return data.decode(encoding, errors="replace" if encoding == WESTERN else "strict")


def _encoding(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return WESTERN
    return "utf-8-sig"

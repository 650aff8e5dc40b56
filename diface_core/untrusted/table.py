"""Tables as spreadsheets and other programs save them: any usual encoding, commas, semicolons or tabs."""

from __future__ import annotations

import codecs
import csv
import io

DELIMITERS = ",;\t"
WESTERN = "cp1252"


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

"""The lines of a batch: a table with a sound in each row, and in other columns the options of `generate`."""

from __future__ import annotations

import argparse
import dataclasses
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import NoReturn

from ..cli import generate_options, mood_option
from ..errors import DifaceError
from ..motion.files import WRITERS
from ..types import GenerateRequest
from ..untrusted.table import is_in_western_encoding, read_numbered_table
from .preset_column import Names, names_of_preset

KINDS = tuple(suffix[1:] for suffix in WRITERS)
"""Kinds of output files."""
OWN_COLUMNS = ("sound", "name", "transcript", "language", "pins", "outputs", "preset")
"""Columns that are no option of `generate`."""
OTHER_OPTIONS = ("out", "make_again", "samples", "cache", "audio")
"""Options of `generate` that a line cannot have."""
MAX_BYTES = 256 << 20
HINT = "Write a table with the columns sound, and if wanted name, style, seed, fps, outputs and others of `generate`."


@dataclasses.dataclass(frozen=True)
class Line:
    """A line of a batch.

    Attributes:
        number: Its row in the table as spreadsheets number rows; the header usually is row 1.
        name: The path of its outputs below the folder, without suffix, with `/`.
        request: The request, without pins.
        outputs: Kinds of files.
        pins: A table of pins; None without one.
        mood: Moods and their intensities.
        transcript: What is said; "" if it is not known.
        language: The language of the transcript.
        names: The names of the shapes in the outputs; none for ARKit's.
        is_checked: Whether the motion gets diagnostics.
        has_picture: Whether the motion gets a picture for the report.
        other: Columns that are not known, and passed through.
    """

    number: int
    name: str
    request: GenerateRequest
    outputs: tuple[str, ...]
    pins: Path | None = None
    mood: mood_option.Moods = ()
    transcript: str = ""
    language: str = "en"
    names: Names = ()
    is_checked: bool = True
    has_picture: bool = False
    other: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class BadLine:
    """A row of the table that cannot be made, and why."""

    number: int
    name: str
    reason: str


@dataclasses.dataclass(frozen=True)
class Batch:
    """The rows of a table, and what the user should know about it."""

    lines: tuple[Line | BadLine, ...]
    notes: tuple[str, ...] = ()


class _Parser(argparse.ArgumentParser):
    """A parser that raises ValueError instead of ending the program."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(message.removeprefix("argument ").removeprefix("--"))


def read_batch(
    path: Path, outputs: tuple[str, ...] = ("npz",), is_checked: bool = True, has_pictures: bool = False
) -> Batch:
    """Return the lines of a table.

    Args:
        path: A .csv file. Paths in it are relative to its folder.
        outputs: Kinds of files of lines that name none.
        is_checked: Whether motions get diagnostics.
        has_pictures: Whether motions get pictures for the report.

    Raises:
        DifaceError: The table cannot be read, or has no column `sound`.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DifaceError(f"{path.name} is larger than {MAX_BYTES >> 20} MB.", "Split the table.")
        data = path.read_bytes()
        header, rows = read_numbered_table(data)
    except OSError as reason:
        raise DifaceError(f"Cannot read {path}: {reason.strerror or reason}.", "Choose another table.") from reason
    except ValueError as reason:
        raise DifaceError(f"{path.name} is no table: {reason}.", HINT) from reason
    columns = [re.sub(r"[-\s]+", "_", name.lower()) for name in header]
    if "sound" not in columns:
        raise DifaceError(f"{path.name} has no column sound. Its columns are {_printable(header)}.", HINT)
    parser = _Parser("line", add_help=False, allow_abbrev=False)
    generate_options.add_arguments(parser)
    mood_option.add_argument(parser)
    options = {action.dest: action for action in parser._actions if action.dest not in OTHER_OPTIONS}
    flags = {flag.removeprefix("--").replace("-", "_"): flag for flag in parser._option_string_actions}
    flags = {name: flag for name, flag in flags.items() if name not in OTHER_OPTIONS}
    unknown = tuple(name for name in columns if name not in (*OWN_COLUMNS, *flags, *options))
    reader = _RowReader(path.absolute().parent, outputs, parser, flags)
    found = [reader.read(number, dict(zip(columns, row, strict=False))) for number, row in rows.items()]
    changes = {"is_checked": is_checked, "has_picture": has_pictures}
    lines = [dataclasses.replace(line, **changes) if isinstance(line, Line) else line for line in found]
    notes = [f"Columns that are only passed through: {_printable(unknown)}"] if unknown else []
    if is_in_western_encoding(data):
        notes.append(f"{path.name} is read in Windows' western encoding: save it as UTF-8 if letters are wrong.")
    return Batch(tuple(lines), tuple(notes))


def _printable(names: Sequence[str]) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in ", ".join(names)[:200])


class _RowReader:
    """Reads the rows of one table; a name is used once."""

    def __init__(self, folder: Path, outputs: tuple[str, ...], parser: _Parser, flags: dict[str, str]) -> None:
        self._folder, self._outputs, self._parser, self._flags = folder, outputs, parser, flags
        self._numbers: dict[str, int] = {}
        self._names_of_preset = lru_cache(lambda preset: names_of_preset(preset, folder))

    def read(self, number: int, cells: dict[str, str]) -> Line | BadLine:
        cells = {name: cell.strip() for name, cell in cells.items() if cell.strip()}
        name = cells.get("name") or PurePosixPath(cells.get("sound", "").replace("\\", "/")).stem
        try:
            return self._line(number, name, cells)
        except ValueError as reason:
            return BadLine(number, name, f"{reason}.")
        except DifaceError as error:
            return BadLine(number, name, str(error))

    def _line(self, number: int, name: str, cells: dict[str, str]) -> Line:
        if "sound" not in cells:
            raise ValueError("The row names no sound")
        name = _checked_name(name)
        # Two files whose names differ only in case are one file on some systems.
        first = self._numbers.setdefault(name.casefold(), number)
        if first != number:
            raise ValueError(f"Row {first} has the same output name, {name}: give each another name")
        outputs = tuple(dict.fromkeys(re.findall(r"[^\s,;+|]+", cells.get("outputs", "").lower()))) or self._outputs
        if wrong := [kind for kind in outputs if kind not in KINDS]:
            raise ValueError(f"Unknown output {wrong[0]}: write some of {', '.join(KINDS)}")
        arguments = ["--out", "unused.npz", *self._arguments(cells)]
        options = self._parser.parse_args(arguments)
        request = generate_options.build_request(options)
        mood_option.check_parts(options.mood, request)
        section = dataclasses.replace(request.audio, path=self._folder / cells["sound"])
        pins = self._folder / cells["pins"] if "pins" in cells else None
        other = {name: cell for name, cell in cells.items() if name not in self._flags and name not in OWN_COLUMNS}
        request = dataclasses.replace(request, audio=section)
        transcript, language = cells.get("transcript", ""), cells.get("language", "en")
        names = self._names_of_preset(cells.get("preset", ""))
        if names and "face" not in request.parts:
            raise ValueError("A preset needs the face, and the row generates only the head")
        return Line(number, name, request, outputs, pins, options.mood, transcript, language, names, other=other)

    def _arguments(self, cells: dict[str, str]) -> list[str]:
        """The options of a row; a switch such as `no_blinks` is on for any value but no, false and 0."""
        arguments = []
        for name, cell in cells.items():
            if name not in self._flags:
                continue
            action = self._parser._option_string_actions[self._flags[name]]
            if action.nargs != 0:
                arguments.append(f"{self._flags[name]}={cell}")
            elif cell.lower() not in ("no", "false", "0"):
                arguments.append(self._flags[name])
        return arguments


def _checked_name(name: str) -> str:
    """Return a name of outputs. Raises ValueError if it would leave the folder, or cannot be a file on every system."""
    parts = name.replace("\\", "/").split("/")
    if any(part in ("", ".", "..") or re.search(r'[<>:"|?*\x00-\x1f]', part) or part != part.strip() for part in parts):
        raise ValueError(f"{name[:80]!r} cannot be the name of a file in the output folder")
    if any(part.startswith(".") or len(part.encode()) > 200 for part in parts):
        raise ValueError(f"{name[:80]!r} is hidden or too long for the name of a file")
    return "/".join(parts)

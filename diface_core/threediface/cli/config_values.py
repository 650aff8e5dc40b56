"""What may stand at a key of 3DiFACE's evaluation config, or behind the flag of the same name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import DifaceError


@dataclass(frozen=True)
class ValueType:
    """Values of one kind: `expected` in words, `read` makes one of what YAML or the command line gives.

    `read` raises ValueError or TypeError for anything else. many: the flag takes several words.
    """

    expected: str
    parse: Callable[[Any], Any]
    multiple: bool = False


@dataclass(frozen=True)
class ConfigKey:
    """What a dataclass's field says of itself, in `typing.Annotated`: its kind and, in a line, what it is for."""

    value_type: ValueType
    help: str


def parse_value(value_type: ValueType, value: Any, name: str, default: Any) -> Any:
    """What is given at `name`; nothing, "" and Python's None are the default.

    Raises DifaceError that says what may stand there.
    """
    if value is None or (isinstance(value, str) and value.strip() in ("", "None")):
        return default
    try:
        return value_type.parse(value)
    except (ValueError, TypeError, OverflowError) as reason:
        message = f"{name} must be {value_type.expected}. Got {value!r}."
        raise DifaceError(message, "Correct it; `--help` says what each is for.") from reason


def integer(minimum: int, maximum: int = 2**31 - 1, *, none_word: str = "") -> ValueType:
    """Whole numbers in a range. A word `none`, where there is one, and the number under `least` mean None."""

    def read(given: Any) -> int | None:
        if none_word and str(given).strip().lower() in (none_word, str(minimum - 1)):
            return None
        return _parse_integer(given, minimum, maximum)

    expected = f"a whole number from {minimum}" + (f" to {maximum}" if maximum < 2**31 - 1 else "")
    return ValueType(f"{expected}, or {none_word}" if none_word else expected, read)


def number(minimum: float, maximum: float) -> ValueType:
    """Numbers in a range."""

    def read(given: Any) -> float:
        value = float(_reject_bool(given))
        if not minimum <= value <= maximum:
            raise ValueError
        return value

    return ValueType(f"a number from {minimum:g} to {maximum:g}", read)


def choice(*names: str, **aliases: str) -> ValueType:
    """One of some words; `also` says which other words mean which."""

    def read(given: Any) -> str:
        word = str(given).strip().lower()
        return names[names.index(aliases.get(word, word))]

    return ValueType(" or ".join(names), read)


def subset(*names: str) -> ValueType:
    """Some of some words, in their order."""

    def read(given: Any) -> tuple[str, ...]:
        words = {str(word).strip().lower() for word in _split_items(given)}
        if not words or words - set(names):
            raise ValueError
        return tuple(name for name in names if name in words)

    return ValueType(f"a list of {' and '.join(names)}, or one of them", read, multiple=True)


def _parse_text(given: Any) -> str:
    if isinstance(given, (Mapping, list, tuple)) or not str(given).strip():
        raise ValueError
    return str(given).strip()


def _parse_bool(given: Any) -> bool:
    word = str(given).strip().lower()
    if word not in ("true", "yes", "on", "1", "false", "no", "off", "0"):
        raise ValueError
    return word in ("true", "yes", "on", "1")


def _parse_integers(given: Any) -> tuple[int, ...]:
    return tuple(_parse_integer(item, 0) for item in _split_items(given))


def _parse_pairs(given: Any) -> tuple[tuple[int, int], ...]:
    """Of pairs, or of single numbers two by two."""
    entries = [list(entry) for entry in given.items()] if isinstance(given, Mapping) else given
    entries = [_split_items(entry) for entry in ([entries] if isinstance(entries, str) else entries)]
    if all(len(entry) == 1 for entry in entries):
        entries = [[*first, *second] for first, second in zip(entries[::2], entries[1::2], strict=True)]
    return tuple((_parse_integer(first, 0), _parse_integer(second, 0)) for first, second in entries)


def _split_items(given: Any) -> list[Any]:
    """A list as it stands; of a text, what is between its commas and blanks."""
    if isinstance(given, (list, tuple)):
        return [item for entry in given for item in (_split_items(entry) if isinstance(entry, str) else [entry])]
    return str(given).strip(" []()").replace(",", " ").split()


def _parse_integer(given: Any, minimum: int, maximum: int = 2**31 - 1) -> int:
    value = float(_reject_bool(given))
    if value != int(value) or not minimum <= value <= maximum:
        raise ValueError
    return int(value)


def _reject_bool(given: Any) -> Any:
    """YAML's true is a number to Python, but not to us."""
    if isinstance(given, bool):
        raise ValueError
    return given


TEXT = ValueType("a text", _parse_text)
PATH = ValueType("a path", lambda given: Path(_parse_text(given)).expanduser())
BOOLEAN = ValueType("true or false", _parse_bool)
INTEGERS = ValueType("a list of whole numbers from 0", _parse_integers, multiple=True)
PAIRS = ValueType('a list of pairs of frames from 0, each as "from, to"', _parse_pairs, multiple=True)

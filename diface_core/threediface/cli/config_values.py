"""Types of the values in 3DiFACE's evaluation config and of its command-line flags."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import DifaceError


@dataclass(frozen=True)
class ValueType:
    """A type of value.

    Attributes:
        expected: Description for messages and help.
        parse: Converts a value of YAML or of the command line; raises ValueError or TypeError for anything else.
        multiple: Whether the flag takes several arguments.
    """

    expected: str
    parse: Callable[[Any], Any]
    multiple: bool = False


@dataclass(frozen=True)
class ConfigKey:
    """Metadata of a config field, in `typing.Annotated`: the type of its value and its help text."""

    value_type: ValueType
    help: str


def parse_value(value_type: ValueType, value: Any, name: str, default: Any) -> Any:
    """Return the value of a key; None, "" and "None" give the default.

    Args:
        value_type: The type of the value.
        value: The value in YAML or on the command line.
        name: Name of the key, for messages.
        default: The default.

    Raises:
        DifaceError: If the value is not of the type.
    """
    if value is None or (isinstance(value, str) and value.strip() in ("", "None")):
        return default
    try:
        return value_type.parse(value)
    except (ValueError, TypeError, OverflowError) as reason:
        message = f"{name} must be {value_type.expected}. Got {value!r}."
        raise DifaceError(message, "Correct it; `--help` describes every key.") from reason


def integer(minimum: int, maximum: int = 2**31 - 1, *, none_word: str = "") -> ValueType:
    """Return a type of whole numbers in a range; `none_word` and the number below `minimum` mean None."""

    def parse(value: Any) -> int | None:
        if none_word and str(value).strip().lower() in (none_word, str(minimum - 1)):
            return None
        return _parse_integer(value, minimum, maximum)

    expected = f"a whole number from {minimum}" + (f" to {maximum}" if maximum < 2**31 - 1 else "")
    return ValueType(f"{expected}, or {none_word}" if none_word else expected, parse)


def number(minimum: float, maximum: float) -> ValueType:
    """Return a type of numbers in a range."""

    def parse(value: Any) -> float:
        result = float(_reject_bool(value))
        if not minimum <= result <= maximum:
            raise ValueError
        return result

    return ValueType(f"a number from {minimum:g} to {maximum:g}", parse)


def choice(*names: str, **aliases: str) -> ValueType:
    """Return a type of one of some names; `aliases` are other spellings of them."""

    def parse(value: Any) -> str:
        word = str(value).strip().lower()
        return names[names.index(aliases.get(word, word))]

    return ValueType(" or ".join(names), parse)


def subset(*names: str) -> ValueType:
    """Return a type of one or more of some names, sorted in their order."""

    def parse(value: Any) -> tuple[str, ...]:
        words = {str(word).strip().lower() for word in _split_items(value)}
        if not words or words - set(names):
            raise ValueError
        return tuple(name for name in names if name in words)

    return ValueType(f"a list of {' and '.join(names)}, or one of them", parse, multiple=True)


def _parse_text(value: Any) -> str:
    if isinstance(value, (Mapping, list, tuple)) or not str(value).strip():
        raise ValueError
    return str(value).strip()


def _parse_bool(value: Any) -> bool:
    word = str(value).strip().lower()
    if word not in ("true", "yes", "on", "1", "false", "no", "off", "0"):
        raise ValueError
    return word in ("true", "yes", "on", "1")


def _parse_integers(value: Any) -> tuple[int, ...]:
    return tuple(_parse_integer(item, 0) for item in _split_items(value))


def _parse_pairs(value: Any) -> tuple[tuple[int, int], ...]:
    """Return the pairs of a list of pairs, of a mapping, or of a flat list of numbers."""
    entries = [list(entry) for entry in value.items()] if isinstance(value, Mapping) else value
    entries = [_split_items(entry) for entry in ([entries] if isinstance(entries, str) else entries)]
    if all(len(entry) == 1 for entry in entries):
        entries = [[*first, *second] for first, second in zip(entries[::2], entries[1::2], strict=True)]
    return tuple((_parse_integer(first, 0), _parse_integer(second, 0)) for first, second in entries)


def _split_items(value: Any) -> list[Any]:
    """Return the items of a list, or of a text separated by commas and spaces."""
    if isinstance(value, (list, tuple)):
        return [item for entry in value for item in (_split_items(entry) if isinstance(entry, str) else [entry])]
    return str(value).strip(" []()").replace(",", " ").split()


def _parse_integer(value: Any, minimum: int, maximum: int = 2**31 - 1) -> int:
    result = float(_reject_bool(value))
    if result != int(result) or not minimum <= result <= maximum:
        raise ValueError
    return int(result)


def _reject_bool(value: Any) -> Any:
    """Return the value; raise ValueError for a bool, which Python would accept as a number."""
    if isinstance(value, bool):
        raise ValueError
    return value


TEXT = ValueType("a text", _parse_text)
PATH = ValueType("a path", lambda value: Path(_parse_text(value)).expanduser())
BOOLEAN = ValueType("true or false", _parse_bool)
INTEGERS = ValueType("a list of whole numbers from 0", _parse_integers, multiple=True)
PAIRS = ValueType('a list of pairs of frames from 0, each as "from, to"', _parse_pairs, multiple=True)

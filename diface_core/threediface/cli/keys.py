"""What may stand at a key of 3DiFACE's evaluation config, or behind the flag of the same name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import DifaceError


@dataclass(frozen=True)
class Kind:
    """Values of one kind: `expected` in words, `read` makes one of what YAML or the command line gives.

    `read` raises ValueError or TypeError for anything else. many: the flag takes several words.
    """

    expected: str
    read: Callable[[Any], Any]
    many: bool = False


@dataclass(frozen=True)
class Key:
    """What a dataclass's field says of itself, in `typing.Annotated`: its kind and, in a line, what it is for."""

    kind: Kind
    help: str


def value_of(kind: Kind, given: Any, name: str, default: Any) -> Any:
    """What is given at `name`; nothing, "" and Python's None are the default.

    Raises DifaceError that says what may stand there.
    """
    if given is None or (isinstance(given, str) and given.strip() in ("", "None")):
        return default
    try:
        return kind.read(given)
    except (ValueError, TypeError, OverflowError) as reason:
        message = f"{name} must be {kind.expected}. Got {given!r}."
        raise DifaceError(message, "Correct it; `--help` says what each is for.") from reason


def whole(least: int, most: int = 2**31 - 1, *, none: str = "") -> Kind:
    """Whole numbers in a range. A word `none`, where there is one, and the number under `least` mean None."""

    def read(given: Any) -> int | None:
        if none and str(given).strip().lower() in (none, str(least - 1)):
            return None
        return _whole(given, least, most)

    expected = f"a whole number from {least}" + (f" to {most}" if most < 2**31 - 1 else "")
    return Kind(f"{expected}, or {none}" if none else expected, read)


def number(least: float, most: float) -> Kind:
    """Numbers in a range."""

    def read(given: Any) -> float:
        value = float(_no_switch(given))
        if not least <= value <= most:
            raise ValueError
        return value

    return Kind(f"a number from {least:g} to {most:g}", read)


def choice(*names: str, **also: str) -> Kind:
    """One of some words; `also` says which other words mean which."""

    def read(given: Any) -> str:
        word = str(given).strip().lower()
        return names[names.index(also.get(word, word))]

    return Kind(" or ".join(names), read)


def several(*names: str) -> Kind:
    """Some of some words, in their order."""

    def read(given: Any) -> tuple[str, ...]:
        words = {str(word).strip().lower() for word in _items(given)}
        if not words or words - set(names):
            raise ValueError
        return tuple(name for name in names if name in words)

    return Kind(f"a list of {' and '.join(names)}, or one of them", read, many=True)


def _text(given: Any) -> str:
    if isinstance(given, (Mapping, list, tuple)) or not str(given).strip():
        raise ValueError
    return str(given).strip()


def _switch(given: Any) -> bool:
    word = str(given).strip().lower()
    if word not in ("true", "yes", "on", "1", "false", "no", "off", "0"):
        raise ValueError
    return word in ("true", "yes", "on", "1")


def _wholes(given: Any) -> tuple[int, ...]:
    return tuple(_whole(item, 0) for item in _items(given))


def _pairs(given: Any) -> tuple[tuple[int, int], ...]:
    """Of pairs, or of single numbers two by two."""
    entries = [list(entry) for entry in given.items()] if isinstance(given, Mapping) else given
    entries = [_items(entry) for entry in ([entries] if isinstance(entries, str) else entries)]
    if all(len(entry) == 1 for entry in entries):
        entries = [[*first, *second] for first, second in zip(entries[::2], entries[1::2], strict=True)]
    return tuple((_whole(first, 0), _whole(second, 0)) for first, second in entries)


def _items(given: Any) -> list[Any]:
    """A list as it stands; of a text, what is between its commas and blanks."""
    if isinstance(given, (list, tuple)):
        return [item for entry in given for item in (_items(entry) if isinstance(entry, str) else [entry])]
    return str(given).strip(" []()").replace(",", " ").split()


def _whole(given: Any, least: int, most: int = 2**31 - 1) -> int:
    value = float(_no_switch(given))
    if value != int(value) or not least <= value <= most:
        raise ValueError
    return int(value)


def _no_switch(given: Any) -> Any:
    """YAML's true is a number to Python, but not to us."""
    if isinstance(given, bool):
        raise ValueError
    return given


TEXT = Kind("a text", _text)
PATH = Kind("a path", lambda given: Path(_text(given)).expanduser())
SWITCH = Kind("true or false", _switch)
WHOLES = Kind("a list of whole numbers from 0", _wholes, many=True)
PAIRS = Kind('a list of pairs of frames from 0, each as "from, to"', _pairs, many=True)

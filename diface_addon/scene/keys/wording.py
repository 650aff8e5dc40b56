"""Counts and lists in texts for the user: "1 pin", "3 pins", and "Locked, so not changed: a, b, c and 4 more."."""

from __future__ import annotations

from collections.abc import Iterable

MAX_NAMES = 3


def count_noun(number: int, noun: str) -> str:
    """Return a number with its noun, which takes an s for any number but 1."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def names_note(text: str, names: Iterable[str], most: int = MAX_NAMES) -> list[str]:
    """Return a note about `names`, each once and at most `most` of them by name: one note, or none without names."""
    unique = list(dict.fromkeys(names))
    more = f" and {len(unique) - most} more" if len(unique) > most else ""
    return [f"{text} {', '.join(unique[:most])}{more}."] if unique else []

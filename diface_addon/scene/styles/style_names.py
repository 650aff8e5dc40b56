"""Display names of the trained styles. Takes and the core use the identifiers; the interface accepts both."""

from __future__ import annotations

from typing import NamedTuple


class StyleName(NamedTuple):
    """How a trained style is shown."""

    display: str
    description: str


STYLE_NAMES = {
    "grid_s1": StyleName("Natural", "Medium mouth movement; one English speaker, tracked"),
    "facegood_1114": StyleName("Subtle", "Small mouth movement, raised brows; one Mandarin speaker, animated by hand"),
    "rendered": StyleName("Articulate", "Large mouth movement, calm brows; many voices in 14 languages, synthesised"),
}
"""Identifier of a trained style -> how it is shown.

The names follow the motion of the sample speech (8 s, two seeds, 30 frames a second): mean jawOpen .18, .12 and .19,
mean of the mouth shapes .025, .013 and .033, mean of the brow shapes .021, .031 and .019, in the order above.
"""

_IDENTIFIERS = {name.display: identifier for identifier, name in STYLE_NAMES.items()}


def display_name(identifier: str) -> str:
    """Return the name of a style in the interface; personal styles have the name they were given."""
    return STYLE_NAMES[identifier].display if identifier in STYLE_NAMES else identifier


def description(identifier: str) -> str:
    """Return one line about a style for the search list."""
    return STYLE_NAMES[identifier].description if identifier in STYLE_NAMES else "Personal style of this .blend"


def identifier(name: str) -> str:
    """Return the identifier of a trained style that is given by its display name; other names are returned as is."""
    return _IDENTIFIERS.get(name, name)

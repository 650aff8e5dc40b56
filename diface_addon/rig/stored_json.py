"""What is stored with an object as JSON in a custom property: one reader and one writer."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

import bpy

Value = TypeVar("Value")


def read(holder: bpy.types.ID, name: str, parse: Callable[[Any], Value]) -> Value | None:
    """Return what is stored; None if nothing is, or if it is damaged.

    Args:
        holder: The object.
        name: The custom property.
        parse: Returns the value of the JSON; raises ValueError, TypeError, AttributeError or KeyError if it is another
            kind of JSON. Results are kept and must not be changed.
    """
    stored = holder.get(name, "")
    return _parsed(stored, parse) if stored and isinstance(stored, str) else None


def write(holder: bpy.types.ID, name: str, value: Any) -> None:
    """Store a value; an empty one removes what is stored."""
    if value:
        holder[name] = json.dumps(value, ensure_ascii=False)
    elif name in holder:
        del holder[name]


@lru_cache(maxsize=256)
def _parsed(stored: str, parse: Callable[[Any], Any]) -> Any:
    try:
        return parse(json.loads(stored))
    except (ValueError, TypeError, AttributeError, KeyError):
        return None

"""Properties of what directs a character: they can be overridden, and its takes follow each change at once."""

from __future__ import annotations

from collections.abc import Callable

from bpy.props import FloatProperty

from ..choices import OVERRIDABLE
from . import direction_settings


def directed(kind: Callable[..., object], name: str, description: str, **options: object) -> object:
    """Return a setting that directs the takes of a character.

    Args:
        kind: One of `bpy.props`.
        name: Its label.
        description: Its tooltip.
        **options: Other arguments of `kind`.
    """
    settings = {"override": OVERRIDABLE, "update": direction_settings.update, **options}
    return kind(name=name, description=description, **settings)


def factor(name: str, description: str, default: float, maximum: float = 1.0) -> object:
    """Return a setting from 0 to `maximum` that directs the takes of a character."""
    return directed(FloatProperty, name, description, default=default, min=0.0, max=maximum, subtype="FACTOR")

"""Regeneration scope: the channels that are regenerated around an edited key, and the keys of chosen channels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..core import channels
from ..scene.pins import pins


class Scope(NamedTuple):
    """Channels, and the part of the character ("face" or "head") that they belong to."""

    part: str
    channels: tuple[str, ...]


UPPER_FACE = channels.REGIONS["brows"] + channels.REGIONS["eyes"]

SCOPES = {
    "face": Scope("face", channels.SPEECH),
    "upper": Scope("face", UPPER_FACE),
    "head": Scope("head", channels.HEAD),
}
"""A key of the mouth regenerates the whole face, because eyes and brows follow the mouth; a key of eyes or brows
regenerates only these, because the mouth does not follow them."""


def scope_name(pin: pins.Pin) -> str:
    """Return the name of a pin's scope in SCOPES."""
    if pins.is_head(pin):
        return "head"
    return "upper" if pins.face_channel(pin) in UPPER_FACE else "face"


def pins_on_channels(some: Iterable[pins.Pin], names: tuple[str, ...]) -> list[pins.Pin]:
    """Return the pins on channels `names`. A key of the head is on all its channels, a sculpted face on all others."""
    return [pin for pin in some if set(names) & set(_pinned_channels(pin))]


def _pinned_channels(pin: pins.Pin) -> tuple[str, ...]:
    if pins.is_head(pin):
        return channels.HEAD
    channel = pins.face_channel(pin)
    return (channel,) if channel else channels.SPEECH

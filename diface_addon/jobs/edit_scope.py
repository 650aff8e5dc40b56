"""What answers a key: the channels that are made anew around it, and no others."""

from __future__ import annotations

from typing import NamedTuple

from ..core import channels
from ..scene.pins import pins


class Answer(NamedTuple):
    """The part of the character ("face" or "head") that `channels` are of."""

    part: str
    channels: tuple[str, ...]


UPPER = channels.REGIONS["brows"] + channels.REGIONS["eyes"]

ANSWERS = {
    "face": Answer("face", channels.FACE),
    "upper": Answer("face", UPPER),
    "head": Answer("head", channels.HEAD),
}
"""The mouth and what is around it move together, eyes and brows with them; these move without it."""


def to(pin: pins.Pin) -> str:
    """Which of ANSWERS a pin has."""
    if pin.kind == "OBJECT":
        return "head"
    return "upper" if pins.channel_of(pin) in UPPER else "face"

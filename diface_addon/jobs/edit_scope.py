"""What answers a key: the channels that are made anew around it, and no others."""

from __future__ import annotations

from typing import NamedTuple

from ..core import channels
from ..scene.pins import pins


class Scope(NamedTuple):
    """The part of the character ("face" or "head") that `channels` are of."""

    part: str
    channels: tuple[str, ...]


UPPER_FACE = channels.REGIONS["brows"] + channels.REGIONS["eyes"]

SCOPES = {
    "face": Scope("face", channels.FACE),
    "upper": Scope("face", UPPER_FACE),
    "head": Scope("head", channels.HEAD),
}
"""The mouth and what is around it move together, eyes and brows with them; these move without it."""


def scope_name(pin: pins.Pin) -> str:
    """Which of ANSWERS a pin has."""
    if pin.kind == "OBJECT":
        return "head"
    return "upper" if pins.face_channel(pin) in UPPER_FACE else "face"

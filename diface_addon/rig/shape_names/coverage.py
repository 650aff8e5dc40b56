"""What a character lacks, and what that will look like."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from ...core import channels


class HasChannel(Protocol):
    """Anything that one channel moves."""

    @property
    def channel(self) -> str: ...


@dataclass(frozen=True)
class Coverage:
    """The channels that something moves, and what the missing ones mean.

    Attributes:
        found: How many of ARKit's channels something moves.
        missing: The others, in the order of the channels.
        sentences: One for each group with missing channels, the most visible group first.
    """

    found: int
    missing: tuple[str, ...]
    sentences: tuple[str, ...]

    @property
    def share(self) -> float:
        """The part of ARKit's channels that something moves, 0 to 1."""
        return self.found / len(channels.FACE)


@dataclass(frozen=True)
class _Group:
    noun: str
    result: str
    stems: tuple[str, ...]


_GROUPS = (
    _Group("jaw opening", "the mouth does not open", ("jawOpen",)),
    _Group("blink", "the eyes stay open", ("eyeBlink",)),
    _Group("lip closing", "the lips may stay apart on m, b and p", ("mouthClose",)),
    _Group("lip pressing", "the lips touch on m, b and p without rolling in",
           ("mouthPress", "mouthRollLower", "mouthRollUpper")),
    _Group("lip rounding", "o, u and w look like open vowels", ("mouthFunnel", "mouthPucker")),
    _Group("lip parting", "f, v, s and open vowels show no teeth", ("mouthLowerDown", "mouthUpperUp")),
    _Group("lip spreading", "e and i look narrow", ("mouthStretch", "mouthDimple")),
    _Group("smile", "the mouth stays serious", ("mouthSmile",)),
    _Group("frown", "the corners of the mouth never drop", ("mouthFrown",)),
    _Group("chin motion", "the lips do not push up", ("mouthShrugLower", "mouthShrugUpper")),
    _Group("brow motion", "the brows stay still", ("browDown", "browInnerUp", "browOuterUp")),
    _Group("gaze", "the eyes look straight ahead", ("eyeLookDown", "eyeLookIn", "eyeLookOut", "eyeLookUp")),
    _Group("lid motion besides the blink", "the eyes neither narrow nor widen", ("eyeSquint", "eyeWide")),
    _Group("tongue shape", "the tongue stays still", ("tongueOut",)),
    _Group("cheek motion", "the cheeks stay still", ("cheekPuff", "cheekSquint")),
    _Group("nose motion", "the nose stays still", ("noseSneer",)),
    _Group("sideways motion", "mouth and jaw move only up and down",
           ("mouthLeft", "mouthRight", "jawLeft", "jawRight")),
    _Group("jaw thrust", "the jaw does not move forward", ("jawForward",)),
)  # fmt: skip
"""The most visible first. The groups hold every channel of the face once; a test checks it."""


def coverage(targets: Iterable[HasChannel]) -> Coverage:
    """Return which channels of the face nothing moves, and one sentence for each group of them."""
    found = {target.channel for target in targets} & set(channels.FACE)
    missing = tuple(channel for channel in channels.FACE if channel not in found)
    sentences = (_sentence(group, found) for group in _GROUPS)
    return Coverage(len(found), missing, tuple(sentence for sentence in sentences if sentence))


def _sentence(group: _Group, found: set[str]) -> str:
    """Return what the missing channels of a group mean; "" if nothing is missing."""
    members = [channel for stem in group.stems for channel in _channels(stem)]
    lacking = [channel for channel in members if channel not in found]
    if not lacking:
        return ""
    if len(lacking) == len(members):
        return f"No {group.noun}: {group.result}."
    return f"Incomplete {group.noun}, without {', '.join(lacking)}: this part stays still."


def _channels(stem: str) -> tuple[str, ...]:
    return (stem,) if stem in channels.FACE else (f"{stem}Left", f"{stem}Right")

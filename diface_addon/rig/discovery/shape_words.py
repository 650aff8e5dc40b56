"""Whether the name of a shape key is that of a face shape, and of which part and side of the face. Pure Python.

Names that mean a channel come first. To find a face, every other word for a part of the face counts as well: visemes,
expressions, and controls that no channel needs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from ..shape_names.targets import named_targets

Region = Literal["eye", "brow", "mouth", "jaw", "nose", "other"]


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")
_REGIONS: dict[Region, frozenset[str]] = {
    "eye": _set(
        "eye eyes eyelid eyelids lid lids blink wink squint まばたき ウィンク 目 瞳 eyeblink eyelook eyesquint eyewide"
    ),
    "brow": _set("brow brows eyebrow eyebrows brw 眉 上 下"),
    "jaw": frozenset(["jaw", "jawopen"]),
    "mouth": _set(
        "mouth mouths lip lips smile frown pucker viseme visemes mth vi vrc vis phoneme explosive "
        "affricate dental tight wide open lipcorner mouthopen あ い う え お にやり 口 口角 笑い"
    ),
    "nose": _set("nose nostril nostrils sneer cheek cheeks"),
    "other": _set(
        "tongue teeth fcl facs ectrl au expression expressions face facial joy angry anger sorrow "
        "surprised surprise fun sad happy relaxed fear disgust neutral tong "
        "舌 照れ 怒り 困る 真面目 にこり はぅ びっくり べー なごみ ぺろっ"
    ),
}
_CHANNELS: dict[str, Region] = {
    "eye": "eye", "brow": "brow", "jaw": "jaw", "mouth": "mouth", "nose": "nose", "cheek": "nose", "tongue": "other",
}  # fmt: skip
"""What the name of a channel begins with -> the part of the face."""
_SETS: tuple[frozenset[str], ...] = (
    frozenset({"a", "i", "u", "e", "o"}),
    frozenset({"aa", "ih", "ou", "ee", "oh"}),
    frozenset({"sil", "aa", "e", "ih", "oh", "ou", "pp", "ff", "th", "dd", "kk", "ch", "ss", "nn", "rr"}),
    frozenset({"a", "b", "c", "d", "e", "f", "g", "h", "x"}),
    frozenset({"ai", "e", "etc", "fv", "l", "mbp", "o", "rest", "u", "wq"}),
)
"""Names of mouth shapes that mean nothing alone: they count if most of one set is there."""
_MPFB = re.compile(r"^[a-z]{1,2}(_[a-z]{1,2})*_[0-9]{2}$")
"""MPFB's visemes: `aa_ah_ax_01`."""
_SIDE = re.compile(
    r"(?:[\s._\-]|(?<=[a-z0-9]))(L|R|Left|Right|LEFT|RIGHT|left|right)(?![a-z])|[\s._\-](l|r)(?![a-zA-Z])"
)
_PREFIX_SIDE = re.compile(r"(?:^|[\s._\-])(left|right|Left|Right|l|r|L|R)(?:[\s._\-]|(?=[A-Z]))")


@lru_cache(maxsize=4096)
def region(name: str) -> Region | None:
    """Return the part of the face that the name of a shape key says it moves; None if it says nothing."""
    words = {word.lower() for word in _WORD.findall(name)}
    for part, known in _REGIONS.items():
        if words & known or any(word in name for word in known if not word.isascii() and len(word) > 1):
            return part
    return "mouth" if _MPFB.match(name) else None


@lru_cache(maxsize=4096)
def side(name: str) -> str:
    """Return "L" or "R" for the shape of one side of the face, else ""."""
    found = _SIDE.findall(name) or [(match, "") for match in _PREFIX_SIDE.findall(name)]
    if not found:
        return ""
    return next(text for text in found[-1] if text)[0].upper()


@dataclass(frozen=True)
class FaceName:
    """What the name of a face shape says.

    Attributes:
        region: The part of the face.
        side: "L", "R", or "" for both sides.
    """

    region: Region
    side: str = ""


def face_shape_names(names: Sequence[str]) -> dict[str, FaceName]:
    """Return those of the names of one mesh's shape keys that are face shapes, with what they say."""
    found = {name: FaceName(part, side(name)) for name in names if (part := region(name))}
    for known in _SETS:
        members = [name for name in names if name.lower() in known]
        if len(members) >= max(4, len(known) * 0.6):
            found |= dict.fromkeys(members, FaceName("mouth"))
    return found | _of_channels(names)


def of_channel(channel: str) -> FaceName:
    """Return what the name of a channel says."""
    side_of = "L" if channel.endswith("Left") else "R" if channel.endswith("Right") else ""
    return FaceName(_part(channel) or "other", side_of)


def _part(channel: str) -> Region | None:
    """Return the part of the face that a channel moves; None for other channels."""
    return next((part for prefix, part in _CHANNELS.items() if channel.startswith(prefix)), None)


def _of_channels(names: Sequence[str]) -> dict[str, FaceName]:
    """Return the names that mean one channel."""
    channels: dict[str, set[str]] = {}
    for target in named_targets(names):
        channels.setdefault(target.name, set()).add(target.channel)
    found = {}
    for name, meant in channels.items():
        part = _part(min(meant))
        if part is not None:
            sides = {channel[-5:] for channel in meant if part != "jaw"} if len(meant) == 1 else set()
            found[name] = FaceName(
                part, "R" if "Right" in sides else "L" if min(sides, default="")[1:] == "Left" else side(name)
            )
    return found

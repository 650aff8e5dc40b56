"""What the names of face bones say: which part of the face they move. Pure Python.

Known so: `lip.T.L.001`, `lips.L`, `lip_end.R.001`, `brow.T.L` (Rigify), `c_lips_top_01.l`, `c_eyebrow_02.l` (Auto-Rig
Pro), `Bip01 MUpperLip`, `Bip01 RMouthCorner` (Rocketbox), `lLipUpperInner`, `lBrowOuter` (Daz), `FACIAL_L_LipCorner`
(MetaHuman), `oris04.L` (MPFB), and what is written like them. Side and place are taken from where the bones are.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

Part = Literal["upper lip", "lower lip", "corner", "lip", "brow", "under brow", "cheek", "nose"]
LIPS: frozenset[Part] = frozenset({"upper lip", "lower lip", "corner", "lip"})
"""Parts of the mouth; a "lip" is upper, lower or a corner by its place."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_JOINED = re.compile(
    r"^(left|right|l|r|m)?(upper|lower|up|low|top|bot|bottom|inner|outer|mid)?(eyebrow|brow|lips?|mouth|cheek|nostril)"
    r"(upper|lower|top|bottom|bot|corner|inner|outer|mid)?(left|right|l|r|m)?$"
)
_UPPER = {"upper", "up", "top", "t"}
_LOWER = {"lower", "low", "bottom", "bot", "btm", "down", "b"}
_CORNER = {"corner", "corners", "smile"}
_BROW = {"brow", "brows", "eyebrow", "eyebrows", "oculi"}
_CHEEK, _NOSE = {"cheek", "cheeks", "cheekbone"}, {"nostril", "nostrils", "sneer"}
_SIDES = {"l", "r", "left", "right"}
_LIPS = {"lip", "lips", "oris"}
_OTHERS = {
    "org", "mch", "ik", "target", "tweak", "helper", "nub", "roll", "full", "master", "offset", "parent", "str", "wgt",
    "vis", "handle", "arm", "root", "twist", "line", "scale", "drv", "tongue", "teeth", "tooth", "lid", "eyelid",
    "lash", "ref", "aim", "inflate", "jaw", "ear", "chin", "fat", "bulge", "null", "loc", "grp", "pivot", "socket",
}  # fmt: skip
"""Words of bones that are no controls of the skin: helpers, targets, and what moves several at once."""


@lru_cache(maxsize=8192)
def read_face_bone(name: str) -> Part | None:
    """Return the part of the face that the name of a bone says it moves; None for other bones."""
    words = {part for word in _WORD.findall(name.rpartition(":")[2]) for part in _parts(word.lower())}
    if _OTHERS & words:
        return None
    upper, lower = bool(_UPPER & words), bool(_LOWER & words)
    if _BROW & words:
        return "under brow" if lower else "brow"
    if _LIPS & words or ("mouth" in words and (upper or lower or _CORNER & words)):
        return _lip(words, upper, lower)
    if _NOSE & words or ("nose" in words and _SIDES & words):
        return "nose"
    return "cheek" if _CHEEK & words else None


def _lip(words: set[str], upper: bool, lower: bool) -> Part:
    if _CORNER & words or upper == lower:
        return "corner" if _CORNER & words else "lip"
    return "upper lip" if upper else "lower lip"


def _parts(word: str) -> list[str]:
    joined = _JOINED.match(word)
    return [part for part in joined.groups() if part] if joined else [word]

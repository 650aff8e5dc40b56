"""What the names of lid bones say: which lid, and of which eye. Pure Python.

Known so: `Bip01 LEyeBlinkTop` (Rocketbox), `lid.T.L.001` (Rigify), `c_eyelid_top.l` (Auto-Rig Pro), `lEyelidUpper`
(Daz), `FACIAL_L_EyelidUpperA` (MetaHuman), `eyelid_upper_l`, `LeftUpperLid`, and what is written like them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_LIDS = {"lid", "lids", "eyelid", "eyelids", "blink", "eyeblink", "palpebra"}
_UPPER = {"upper", "up", "top", "t", "u", "uplid"}
_LOWER = {"lower", "low", "bottom", "bot", "btm", "down", "b", "d"}
_LEFT, _RIGHT = {"l", "left", "lft", "lf"}, {"r", "right", "rgt", "rt"}
_JOINED = re.compile(
    r"^(left|right|l|r)?(upper|lower|up|low|top|bot|bottom)?(eye)?(lids?|blink)(upper|lower|top|bottom|bot)?(l|r)?$"
)
_NO_LIDS = {
    "org", "mch", "ik", "target", "tweak", "helper", "end", "nub", "tip", "corner", "crease", "fold", "lash", "lashes",
    "brow", "socket", "aim", "track", "ref", "master",
}  # fmt: skip


@dataclass(frozen=True)
class LidName:
    """What the name of a lid bone says: the side of the eye, and which lid."""

    side: Literal["Left", "Right"]
    is_upper: bool


@lru_cache(maxsize=4096)
def read_lid_name(name: str) -> LidName | None:
    """Return what the name of a bone says; None for bones that are no lid's. A lid without a name is the upper one."""
    words = [part for word in _WORD.findall(name.rpartition(":")[2]) for part in _parts(word.lower())]
    if not _LIDS.intersection(words) or _NO_LIDS.intersection(words):
        return None
    left, right = bool(_LEFT.intersection(words)), bool(_RIGHT.intersection(words))
    upper, lower = bool(_UPPER.intersection(words)), bool(_LOWER.intersection(words))
    if left == right or (upper and lower):
        return None
    return LidName("Left" if left else "Right", not lower)


def _parts(word: str) -> list[str]:
    joined = _JOINED.match(word)
    return [part for part in joined.groups() if part] if joined else [word]

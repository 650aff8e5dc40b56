"""What the bones of common rigs are named, as rules on the words of a name. Pure Python.

Rigify, Auto-Rig Pro, Mixamo, 3ds Max Biped, VRM and VRoid, Character Creator, DAZ, MetaHuman, Ready Player Me, MPFB,
Unreal's mannequin, MMD, Source, Second Life and SMPL-X follow the same pattern: a word for the part of the body, a
letter or word for the side, and words that say nothing about the part. What distinguishes other bones near the head
(lids, aim targets, helpers, ends of chains) are words too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Role = Literal["head", "neck", "jaw", "eye", "tongue"]


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")
_JOINED_EYE = re.compile(r"^(left|right|l|r)(eye|eyeball)$|^(eye|eyeball)(left|right|l|r)$")
_ROLE_WORDS: dict[str, Role] = {
    "head": "head", "skull": "head", "頭": "head",
    "neck": "neck", "首": "neck",
    "jaw": "jaw", "jawbone": "jaw", "lowerjaw": "jaw", "mandible": "jaw", "顎": "jaw", "下顎": "jaw", "あご": "jaw",
    "eye": "eye", "eyeball": "eye", "目": "eye", "眼": "eye",
    "tongue": "tongue", "tong": "tongue", "舌": "tongue",
}  # fmt: skip
_SIDES = {"l": "L", "left": "L", "左": "L", "r": "R", "right": "R", "右": "R"}
_NEUTRAL = _set(
    "bip bip01 bip001 cc base j adj c m x f b bn bone jnt joint def ctrl control ctl con master "
    "mixamorig rig facial face character mid center valve biped human g sk bind skin drv fk"
)
_HELPERS = _set(
    "ik pole target tgt end nub tip top front org mch tweak helper socket attach prop look aim track "
    "ref offset parent hair hat cloth ear horn wgt scale stretch rot str follow pivot acc lookat "
    "twistfix size shape vis collision col rigidbody phys physics hint locator null group grp"
)
"""Words of bones that are no bones of the body: targets, ends of chains, helpers, accessories."""
_OTHERS: dict[Role, frozenset[str]] = {
    "head": _set("facial twist roll band bump gear phone light neck root"),
    "neck": _set("facial root head tie bow collar scarf muscle tendon chain lace"),
    "jaw": _set("upper line muscle corner clench forward fwd teeth lip"),
    "eye": _set(
        "lid lids eyelid lash lashes eyelash brow blink upper lower bottom corner bag ring inner outer "
        "out in alt parallel highlight light iris pupil cheek under over fold crease squint wide open "
        "close mask patch glass glasses s common spec"
    ),
    "tongue": frozenset(),
}
"""Words of other bones whose names contain the word of a role."""
_EYEBALLS = _set("eye eyes eyeball eyeballs 目 眼")
_NO_EYEBALLS = _HELPERS | _OTHERS["eye"] | _set("eyelids lashes brows occlusion shadow shell wet tear tearline liner")
_SPINE = re.compile(r"^(DEF-)?spine\.00([456])$")
"""Rigify: the deform bones of neck and head, whose controls are `neck` and `head`."""


@dataclass(frozen=True)
class BoneName:
    """What the name of a bone says.

    Attributes:
        role: The part of the body.
        side: "L", "R" or "".
        number: The number in the name, which orders a chain; 0 without one.
        strangers: Number of words that no rule knows.
    """

    role: Role
    side: str
    number: int
    strangers: int


@lru_cache(maxsize=4096)
def read_name(name: str) -> BoneName | None:
    """Return what the name of a bone says; None for bones without a role in a face."""
    if spine := _SPINE.match(name):
        number = int(spine[2])
        return BoneName("head" if number == 6 else "neck", "", number, 1)
    words = _words(name)
    roles = [_ROLE_WORDS[word] for word in words if word in _ROLE_WORDS]
    if not roles or len(set(roles)) > 1 or _HELPERS.intersection(words) or _OTHERS[roles[0]].intersection(words):
        return None
    role = roles[0]
    side = next((_SIDES[word] for word in words if word in _SIDES), "")
    if (role == "eye") != bool(side):
        return None
    numbers = [int(word) for word in words if word.isdigit()]
    known = _NEUTRAL | _SIDES.keys() | _ROLE_WORDS.keys()
    return BoneName(role, side, numbers[-1] if numbers else 0, _strangers(words, known))


@lru_cache(maxsize=4096)
def names_eyeballs(name: str) -> bool:
    """Return whether an object with this name is an eyeball, or both: `EyeLeft`, `Eye_L`, `Wolf3D_Eyes`."""
    words = set(_words(name))
    return bool(words & _EYEBALLS) and not words & _NO_EYEBALLS


def _strangers(words: list[str], known: frozenset[str]) -> int:
    return sum(1 for word in words if word not in known and not word.isdigit())


def _words(name: str) -> list[str]:
    """Return the words of a name in lower case, without what stands before a colon."""
    words = [word.lower() for word in _WORD.findall(name.rpartition(":")[2])]
    split = []
    for word in words:
        joined = _JOINED_EYE.match(word)
        split += [part for part in joined.groups() if part] if joined else _split_japanese(word)
    return split


def _split_japanese(word: str) -> list[str]:
    return [word[0], word[1:]] if len(word) > 1 and word[0] in "左右" else [word]

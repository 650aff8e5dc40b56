"""The names of ARKit's channels as no convention writes them: other cases, sides, prefixes and endings."""

from __future__ import annotations

import re
from collections.abc import Callable

from diface_addon.core import channels

CASES: dict[str, Callable[[list[str]], str]] = {
    "camel": lambda parts: parts[0] + "".join(map(str.title, parts[1:])),
    "Pascal": lambda parts: "".join(map(str.title, parts)),
    "snake": "_".join,
    "Title_Snake": lambda parts: "_".join(map(str.title, parts)),
    "space": " ".join,
    "hyphen": "-".join,
    "dot": ".".join,
    "small": "".join,
    "UPPER_SNAKE": lambda parts: "_".join(parts).upper(),
}
SIDES = [
    "*_L", "*.L", "*-L", "*_l", "*(L)", "*[L]", "*_LEFT", "*_left", "*.Left", "*_lft", "*_Lft", "*_lf", "*_LF",
    "*_lt", "*_LH", "*_leftSide", "*_L_side", "L_*", "l_*", "Left_*", "lft_*", "lf_*", "(L)*",
]  # fmt: skip
"""How the left side is written; the right side likewise."""
PREFIXES = [
    "Face.", "Face_", "BS_", "bs_", "blendShape1.", "head_blendShape.", "blendShape1_", "CTRL_expressions_",
    "ctrl_", "c_", "EXP-", "face:", "char:face:", "head|", "#", "#_", "#.#", "SK_", "sk#_", "shape_", "morph_",
    "MRPH_", "tgt_", "ARKit_", "FACS.", "expr.", "pose_", "Mesh.001_", "MyHero_Face_", "AK#_", "corr.", "KEY_",
    "H_DDS_", "mouth_", "Teeth_", "CC_Base_Body_", "SM_Head_LOD0_", "face_ctrl_", "rig:", "ExpressionLibrary.",
    "v2_",
]  # fmt: skip
"""`#` stands for the number of the name."""
ENDINGS = [
    ".001", "_001", "1", "_#", "_1", "_100", "_pct", "_deg", "_cm", "_weight", "_val", "_GEO", "Shape", "_Shape",
    "_bshp", "_mesh", "_LOD0", "_v2", "_v01", "_final", "_sculpt", "_BS", "_tgt", "_morph", "_target", "_key",
    "_pose", "_exp", "_CTRL", "_out", "_copy", "_M", "_face", ".Face", "_(ARKit)", "_[0..1]", "Weight", "_PL",
    "_ncl1", "_max", "_blendshape", "_BlendShape", "_01_geo", "_fix",
]  # fmt: skip


def spelled(channel: str, number: int, case: str, side: str, prefix: str = "", ending: str = "") -> str:
    """Return the name of a channel in another spelling.

    Args:
        channel: The channel.
        number: Its number.
        case: One of CASES.
        side: One of SIDES.
        prefix: One of PREFIXES, or "".
        ending: One of ENDINGS, or "".
    """
    parts = [part.lower() for part in re.findall("[A-Z]?[a-z]+", channel)]
    if not _is_sided(channel):
        return _numbered(prefix, number) + CASES[case](parts) + _numbered(ending, number)
    name = CASES[case](parts[:-1])
    written = side if parts[-1] == "left" else _mirrored(side)
    return _numbered(prefix, number) + written.replace("*", name) + _numbered(ending, number)


def _is_sided(channel: str) -> bool:
    """Return whether a channel is that of one side, and not a direction as `jawLeft`."""
    return channel.endswith(("Left", "Right")) and not re.fullmatch("(jaw|mouth)(Left|Right)", channel)


def _mirrored(side: str) -> str:
    for left, right in (("lft", "rgt"), ("Lft", "Rgt"), ("lf", "rt"), ("LF", "RT"), ("lt", "rt"), ("LH", "RH")):
        if left in side:
            return side.replace(left, right)
    for left, right in (("Left", "Right"), ("LEFT", "RIGHT"), ("left", "right"), ("L", "R"), ("l", "r")):
        if left in side:
            return side.replace(left, right)
    raise ValueError(side)


def _numbered(text: str, number: int) -> str:
    return text.replace("#", f"{number:02d}")


def names_of_face(case: str, side: str, prefix: str = "", ending: str = "") -> dict[str, str]:
    """Return the name of each of ARKit's channels in one spelling."""
    return {
        channel: spelled(channel, number, case, side, prefix, ending) for number, channel in enumerate(channels.FACE, 1)
    }

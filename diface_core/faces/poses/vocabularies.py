"""A motion under the names of a rig: those of a vocabulary that is known, or a list of the rig's own."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ...channels import FACE, HEAD
from ...types import Motion
from .known_poses import known_poses
from .pose_set import channel_poses, joined
from .solve_poses import solve

VOCABULARIES: dict[str, tuple[str, ...]] = {
    "vrm1": (
        "happy", "angry", "sad", "relaxed", "surprised", "aa", "ih", "ou", "ee", "oh", "blink", "blinkLeft",
        "blinkRight", "lookUp", "lookDown", "lookLeft", "lookRight", "neutral",
    ),
    "vrm0": (
        "Neutral", "A", "I", "U", "E", "O", "Blink", "Joy", "Angry", "Sorrow", "Fun", "LookUp", "LookDown", "LookLeft",
        "LookRight", "Blink_L", "Blink_R",
    ),
    "oculus": tuple(
        f"viseme_{name}"
        for name in ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "I", "O", "U")
    ),
    "vrchat": tuple(
        f"vrc.v_{name}"
        for name in ("sil", "pp", "ff", "th", "dd", "kk", "ch", "ss", "nn", "rr", "aa", "e", "ih", "oh", "ou")
    ),
    "preston_blair": ("AI", "E", "O", "U", "etc", "L", "WQ", "MBP", "FV", "rest"),
    "live_link": tuple(name[0].upper() + name[1:] for name in FACE),
    "face_cap": tuple(re.sub(r"Left$", "_L", re.sub(r"Right$", "_R", name)) for name in FACE),
}  # fmt: skip
"""Names as their documentation has them: VRM 1.0 and 0.x (expressions and blend shape presets), Oculus LipSync as Ready
Player Me spells it, VRChat, Preston Blair's mouths, Live Link Face, and Face Cap."""

MOST_DIRECT = 40
"""Channels that a rig has by name, from which its other shapes stay at rest: the channels say all."""


def in_vocabulary(motion: Motion, names: Sequence[str]) -> Motion:
    """Return a motion with the columns `names`, and those of the head if it has them.

    Names that are channels of ARKit, with any letters and separators, get the values of these. Weights of visemes,
    expressions and units are solved (see `solve_poses`); other names are 0.

    Args:
        motion: A motion with the channels of the face.
        names: Names of a rig's shapes.

    Raises:
        ValueError: No name is known.
    """
    face, direct = motion.select(FACE).values, direct_channels(names)
    values = np.zeros((len(motion), len(names)), np.float32)
    poses = known_poses([name for name in names if name not in direct])
    if len(direct) >= MOST_DIRECT or poses is None:
        if not direct:
            raise ValueError("no name is one of a known vocabulary")
        for name, channel in direct.items():
            values[:, names.index(name)] = face[:, FACE.index(channel)]
    else:
        both = joined(channel_poses(direct), poses)
        values[:, [names.index(name) for name in both.names]] = solve(face, both, motion.rate)
    head = tuple(name for name in HEAD if name in motion.channels)
    return Motion(np.concatenate([values, motion.select(head).values], axis=1), (*names, *head), motion.rate)


def direct_channels(names: Sequence[str]) -> dict[str, str]:
    """Return the names that are a channel of ARKit: name -> channel; the first name of each channel."""
    known = {_letters(name): name for name in FACE}
    known |= {re.sub("(?<=[lr])(eft|ight)$", "", letters): name for letters, name in known.items()}
    found: dict[str, str] = {}
    for name in names:
        channel = known.get(_letters(name))
        if channel and channel not in found.values():
            found[name] = channel
    return found


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower())

"""How each version of the sampler treats the channels of a part: starting noise, held predictions, the last step.

Version 1 is that of 0.1.0: the same noise for all channels, and gaps of about a millimetre between the lips closed.
Version 2 varies what the speech does not determine: brows, lids, cheeks and head as before, the mouth with little
noise and its prediction held between two steps, so that it stays near the mean performance (docs/research/sampling.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .. import channels
from ..diffusion.sampler import Hold
from ..errors import ModelError
from ..types import FIRST_SAMPLER, SAMPLER, Float32Array
from . import lip_closure

MOUTH = ("jaw", "mouth", "tongue")
"""How the names of the channels begin that the speech determines most."""
MOUTH_NOISE = 0.3
"""Starting noise of the mouth, in deviations of the noise that the denoiser was trained with."""
MOUTH_TIME = 0.25
"""Time t of the second prediction of the mouth."""


@dataclass(frozen=True)
class SamplingRule:
    """How one part is sampled.

    Attributes:
        noise: (C,) scale of the starting noise.
        hold: Channels that are predicted at two steps only, or None.
        finish: Values (T, C) as sampled to values within the bounds of the channels.
        shuts_closures: Whether the lips are shut where an m, b or p is heard (closure_detector.py).
        rests_where_quiet: Whether the mouth rests where the sound is far below the speech (quiet_mouth.py).
    """

    noise: Float32Array
    hold: Hold | None
    finish: Callable[[Float32Array], Float32Array]
    rests_where_quiet: bool = False
    shuts_closures: bool = False


def sampling_rule(part: str, version: int) -> SamplingRule:
    """Return the rule of a part, "face" or "head".

    Raises:
        ModelError: The version is unknown.
    """
    if version not in (FIRST_SAMPLER, SAMPLER):
        raise ModelError(
            f"The request is for sampler {version}; this DiFACE has {FIRST_SAMPLER} and {SAMPLER}.",
            "Install the version of DiFACE that made it.",
        )
    names = channels.PARTS[part]
    noise = np.ones(len(names), np.float32)
    if part != "face":
        return SamplingRule(noise, None, lambda values: values)
    if version == FIRST_SAMPLER:
        return SamplingRule(noise, None, lip_closure.close_small_gaps)
    mouth = np.array([name.startswith(MOUTH) for name in names])
    hold = Hold(np.flatnonzero(mouth).astype(np.int32), MOUTH_TIME)
    noise = np.where(mouth, np.float32(MOUTH_NOISE), noise)
    return SamplingRule(noise, hold, lip_closure.separate_lips, rests_where_quiet=True, shuts_closures=True)

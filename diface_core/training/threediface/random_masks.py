"""Which frames of an example a head network denoises, and which it is given (3DiFACE's sparsely guided diffusion)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...types import BoolArray

SPANS = ("inpaint", "random_size_inpaint")
SCATTERED = ("keyframe", "random_keyframe")
MIXED = "random_mask_type"
MASK_KINDS = (*SPANS, *SCATTERED, MIXED)


@dataclass(frozen=True)
class MaskConfig:
    """How often frames are given, and which.

    cond_mask_prob: share of the examples in which some are. mask_frame_prob: share of an example's frames that is
    denoised; of the random kinds the least, each example's share lies between it and 1.
    kind: "inpaint" and "random_size_inpaint" denoise one span and give all around it; "keyframe" and "random_keyframe"
    give single frames here and there; "random_mask_type" is either of the two random kinds.
    """

    kind: str = MIXED
    cond_mask_prob: float = 0.5
    mask_frame_prob: float = 0.5

    def __post_init__(self) -> None:
        if self.kind not in MASK_KINDS:
            raise ValueError(f"kind must be one of {', '.join(MASK_KINDS)}. Got {self.kind!r}.")
        for name in ("cond_mask_prob", "mask_frame_prob"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a share, 0 to 1. Got {getattr(self, name)}.")


NO_KNOWN_FRAMES = MaskConfig(cond_mask_prob=0.0)


def draw_known_frames(rows: int, config: MaskConfig, rng: np.random.Generator) -> BoolArray:
    """Which frames (rows,) of one example are given: none in most, never all."""
    if rng.random() >= config.cond_mask_prob:
        return np.zeros(rows, bool)
    kind = str(rng.choice([SPANS[1], SCATTERED[1]])) if config.kind == MIXED else config.kind
    least = config.mask_frame_prob
    share = rng.uniform(least, 1.0) if kind.startswith("random") else least
    count = min(rows, max(1, round(share * rows)))

    given = np.ones(rows, bool)
    if kind in SPANS:
        first = int(rng.integers(0, rows - count + 1))
        given[first : first + count] = False
    else:
        given[rng.choice(rows, count, replace=False)] = False
    return given

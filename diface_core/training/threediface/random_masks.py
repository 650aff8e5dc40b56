"""Random known frames of a head network's examples (3DiFACE's sparsely guided diffusion)."""

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
    """How often frames are known, and which.

    Attributes:
        kind: "inpaint" and "random_size_inpaint" denoise one span, and the frames around it are known; with "keyframe"
            and "random_keyframe" single frames are known; "random_mask_type" is one of the two random kinds.
        cond_mask_prob: Share of the examples with known frames.
        mask_frame_prob: Share of an example's frames that is denoised; for the random kinds the minimum, and each
            example's share is drawn between it and 1.
    """

    kind: str = MIXED
    cond_mask_prob: float = 0.5
    mask_frame_prob: float = 0.5

    def __post_init__(self) -> None:
        if self.kind not in MASK_KINDS:
            raise ValueError(f"kind must be one of {', '.join(MASK_KINDS)}. Got {self.kind!r}.")
        for name in ("cond_mask_prob", "mask_frame_prob"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be between 0 and 1. Got {getattr(self, name)}.")


NO_KNOWN_FRAMES = MaskConfig(cond_mask_prob=0.0)


def draw_known_frames(rows: int, config: MaskConfig, rng: np.random.Generator) -> BoolArray:
    """Return a mask (rows,) of one example's known frames: none in some examples, never all."""
    if rng.random() >= config.cond_mask_prob:
        return np.zeros(rows, bool)
    kind = str(rng.choice([SPANS[1], SCATTERED[1]])) if config.kind == MIXED else config.kind
    min_share = config.mask_frame_prob
    share = rng.uniform(min_share, 1.0) if kind.startswith("random") else min_share
    count = min(rows, max(1, round(share * rows)))

    known = np.ones(rows, bool)
    if kind in SPANS:
        first = int(rng.integers(0, rows - count + 1))
        known[first : first + count] = False
    else:
        known[rng.choice(rows, count, replace=False)] = False
    return known

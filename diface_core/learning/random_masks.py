"""Values given in training as an artist gives them: some rows of some channels, and keys that pull the motion aside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import BoolArray, Float32Array

REGIONS: dict[str, tuple[str, ...]] = {
    "lips": ("mouth",), "jaw": ("jaw",), "mouth": ("mouth", "jaw", "tongue"), "cheeks": ("cheek", "nose"),
    "brows": ("brow",), "eyes": ("eye",), "upper face": ("brow", "eye", "cheekSquint", "nose"),
    "head": ("head_",),
}  # fmt: skip
"""What an artist keys together: how the names of its channels begin."""


@dataclass(frozen=True)
class RandomMaskConfig:
    """How often values are given.

    share: of the examples. bent: share of those whose keys are not what was recorded: a smooth bump, highest at a key,
    is added to the recording, so that the denoiser learns to lead the motion to a key and away again.
    bend: the bumps' size in deviations of each channel: larger than what is recorded, so that they show.
    """

    share: float = 0.25
    warped: float = 0.5
    warp_size: float = 2.5


def draw_mask(rows: int, names: tuple[str, ...], rng: np.random.Generator) -> BoolArray:
    """Which values (rows, C) an artist gives in one example: at least one."""
    when, which = rng.choice(["keys", "beat", "span", "borders", "always"]), _random_channels(names, rng)
    if when == "always" and which.all():
        when = "borders"
    return _random_rows(str(when), rows, rng)[:, None] & which[None]


def _random_rows(pattern: str, rows: int, rng: np.random.Generator) -> BoolArray:
    """(rows,): single keys, a key every so often, a span, all but a span (in-betweening), or every row."""
    chosen = np.zeros(rows, bool)
    if pattern == "always":
        chosen[:] = True
    elif pattern == "keys":
        chosen[rng.integers(0, rows, rng.integers(1, max(2, rows // 8)))] = True
    elif pattern == "beat":
        gap = int(rng.integers(3, 16))
        chosen[int(rng.integers(0, min(gap, rows))) :: gap] = True
    else:
        first, last = sorted(rng.choice(rows + 1, 2, replace=False))
        chosen[first:last] = True
        if pattern == "borders" and not chosen.all():
            chosen = ~chosen
    return chosen


def _random_channels(names: tuple[str, ...], rng: np.random.Generator) -> BoolArray:
    """(C,): all, a region, one side of the face, one to three channels, or about a third of them."""
    match rng.integers(5):
        case 0:
            chosen = np.ones(len(names), bool)
        case 1:
            present = [starts for starts in REGIONS.values() if any(name.startswith(starts) for name in names)]
            starts = present[rng.integers(len(present))] if present else ("",)
            chosen = np.array([name.startswith(starts) for name in names])
        case 2:
            side = ("Left", "Right")[rng.integers(2)]
            chosen = np.array([name.endswith(side) for name in names])
        case 3:
            chosen = np.zeros(len(names), bool)
            chosen[rng.choice(len(names), min(len(names), int(rng.integers(1, 4))), replace=False)] = True
        case _:
            chosen = rng.random(len(names)) < 0.3
    if not chosen.any():
        chosen[rng.integers(len(names))] = True
    return chosen


def add_bumps(values: Float32Array, mask: BoolArray, scale: Float32Array, rng: np.random.Generator) -> Float32Array:
    """`values` (T, C) with up to three bumps, each highest at a kept row and in some of the channels kept there.

    scale: (C,) the bumps' deviation. A bump is a Gaussian of 2 to 8 rows, as wide as a gesture of mouth or brow.
    """
    rows = np.flatnonzero(mask.any(1))
    bent = values.copy()
    for row in rng.choice(rows, min(len(rows), int(rng.integers(1, 4))), replace=False):
        width = rng.uniform(2.0, 8.0)
        bump = np.exp(-0.5 * ((np.arange(len(values)) - row) / width) ** 2)
        moved = mask[row] & (rng.random(mask.shape[1]) < 0.5)
        bent += (bump[:, None] * (rng.standard_normal(mask.shape[1]) * scale * moved)[None]).astype(np.float32)
    return bent

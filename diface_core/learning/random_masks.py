"""Random known regions for training, as keys of an animator: some rows of some channels, also with warped motion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import BoolArray, Float32Array

REGIONS: dict[str, tuple[str, ...]] = {
    "lips": ("mouth",), "jaw": ("jaw",), "mouth": ("mouth", "jaw", "tongue"), "cheeks": ("cheek", "nose"),
    "brows": ("brow",), "eyes": ("eye",), "upper face": ("brow", "eye", "cheekSquint", "nose"),
    "head": ("head_",),
}  # fmt: skip
"""Regions that animators key together -> prefixes of their channel names."""


@dataclass(frozen=True)
class RandomMaskConfig:
    """How often values are known.

    Attributes:
        share: Share of the examples with known values.
        warped: Share of those whose keys differ from the recording: a smooth bump, highest at a key, is added, so that
            the denoiser learns to ease the motion into a key and out of it.
        warp_size: Size of the bumps in deviations of each channel: larger than the recorded motion, to be noticeable.
    """

    share: float = 0.25
    warped: float = 0.5
    warp_size: float = 2.5


def draw_mask(rows: int, names: tuple[str, ...], rng: np.random.Generator) -> BoolArray:
    """Return a random mask (rows, C) of known values, at least one of them."""
    pattern, columns = rng.choice(["keys", "beat", "span", "borders", "always"]), _random_channels(names, rng)
    if pattern == "always" and columns.all():
        pattern = "borders"
    return _random_rows(str(pattern), rows, rng)[:, None] & columns[None]


def _random_rows(pattern: str, rows: int, rng: np.random.Generator) -> BoolArray:
    """Return a mask (rows,): single keys, regular keys, a span, all but a span (in-betweening), or every row."""
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
    """Return a mask (C,): all, a region, one side of the face, one to three channels, or about a third of them."""
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
    """Return `values` with up to three bumps, each highest at a known row and in some of the channels known there.

    Args:
        values: The recorded motion (T, C).
        mask: Known values (T, C).
        scale: Deviation of the bumps (C,).
        rng: Source of randomness.

    Returns:
        The warped motion. A bump is a Gaussian of 2 to 8 rows, as wide as a gesture of mouth or brow.
    """
    rows = np.flatnonzero(mask.any(1))
    warped = values.copy()
    for row in rng.choice(rows, min(len(rows), int(rng.integers(1, 4))), replace=False):
        width = rng.uniform(2.0, 8.0)
        bump = np.exp(-0.5 * ((np.arange(len(values)) - row) / width) ** 2)
        moved = mask[row] & (rng.random(mask.shape[1]) < 0.5)
        warped += (bump[:, None] * (rng.standard_normal(mask.shape[1]) * scale * moved)[None]).astype(np.float32)
    return warped

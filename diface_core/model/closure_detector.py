"""Where m, b and p close the lips: a small network on the speech features, and lips that are shut there.

The face model knows these sounds but leaves the lips up to some millimetres apart in one of six of them, because a
tracker sees them so and because the mean of all speakers never touches (docs/research/closures.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..channels import FACE
from ..inference.channel_scale import ChannelScale
from ..types import Float32Array
from . import row_network
from .lip_closure import JAW_OPEN, MOUTH_CLOSE
from .row_network import RowNetwork

THRESHOLD = 0.75
"""Probability from which its peaks are closures."""
REACH = 4
"""Rows around a closure in which the lips are on their way; further away is as far."""
FASTEST = 0.08
"""jawOpen - mouthClose, about 2.7 mm: the most by which lips part from one row to the next after a closure."""
CONTEXT = row_network.CONTEXT + 1 + REACH
"""Rows on either side that the distance of a row depends on."""

PARTING = (
    "mouthFunnel", "mouthLowerDown", "mouthUpperUp", "mouthShrugLower", "mouthShrugUpper", "mouthRollUpper",
)  # fmt: skip
"""How the names of the shapes begin that part shut lips."""
MOST_SHUT = {"mouthPressLeft": 0.12, "mouthPressRight": 0.12, "mouthRollLower": 0.03}
"""Largest weights of shapes of shut lips: above them they part on the bundled head."""
PARTERS = [index for index, name in enumerate(FACE) if name.startswith(PARTING)]
LIMITED = [FACE.index(name) for name in MOST_SHUT]
"""Their columns."""


@dataclass(frozen=True)
class ClosureDetector(RowNetwork):
    """The network of m, b and p."""

    FILE = "closures.safetensors"
    OUTPUTS = 1

    def probabilities(self, features: Float32Array) -> Float32Array:
        """Return the probability (T,) that the lips are shut by an m, b or p, for features (T, D)."""
        return self.outputs(features)[:, 0]

    def distances(self, features: Float32Array) -> Float32Array:
        """Return how many rows the nearest closure is away (T,), at most REACH, for features (T, D)."""
        likely = self.probabilities(features)
        padded = np.pad(likely, 1, constant_values=-1)
        peaks = np.flatnonzero((likely > THRESHOLD) & (likely >= padded[:-2]) & (likely > padded[2:]))
        distances = np.full(len(likely), REACH, np.float32)
        for away in range(REACH - 1, -1, -1):
            for side in (-away, away):
                rows = peaks + side
                distances[rows[(rows >= 0) & (rows < len(likely))]] = away
        return distances


def shut_lips(x0: Float32Array, distances: Float32Array, scale: ChannelScale) -> Float32Array:
    """Return a prediction (B, T, 52) whose lips are shut at closures, and part no faster than FASTEST after them.

    Args:
        x0: Face channels in the denoiser's units; rows that are not changed are kept to the bit.
        distances: Rows (B, T) to the nearest closure.
        scale: The units.
    """
    if not (scale.known[[JAW_OPEN, MOUTH_CLOSE]] > 0).all():
        return x0
    mean, deviation = scale.mean, scale.deviation
    opened, closed = (x0[..., column] * deviation[column] + mean[column] for column in (JAW_OPEN, MOUTH_CLOSE))
    gap = np.maximum(opened - closed, 0)
    most = np.where(distances < REACH, FASTEST * distances, np.inf)
    rows = (gap > most) | (distances == 0)
    if not rows.any():
        return x0
    shut = x0.copy()
    weights = x0[rows] * deviation + mean
    left = np.minimum(most[rows] / np.maximum(gap[rows], 1e-6), 1.0)[:, None]
    jaw = weights[:, [JAW_OPEN]]
    weights[:, [MOUTH_CLOSE]] = jaw - left * np.maximum(jaw - weights[:, [MOUTH_CLOSE]], 0)
    weights[:, PARTERS] *= left
    limits = np.array(list(MOST_SHUT.values()), np.float32)
    weights[:, LIMITED] += (1 - left) * np.minimum(limits - weights[:, LIMITED], 0)
    changed = [column for column in (MOUTH_CLOSE, *PARTERS, *LIMITED) if scale.known[column] > 0]
    updated = shut[rows]
    updated[:, changed] = ((weights - mean) / deviation)[:, changed]
    shut[rows] = updated
    return shut

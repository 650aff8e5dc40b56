"""How far two faces differ to the eye, in millimetres of the bundled head."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ...channels import FACE
from ...types import Float64Array
from ..head import Head, load_head

MILLIMETRES = 1000.0

GAP_WEIGHT, WIDTH_WEIGHT, PROTRUSION_WEIGHT, CORNER_WEIGHT, LID_WEIGHT, CHIN_WEIGHT = 1.5, 1.0, 1.2, 0.8, 1.5, 0.3
"""Weights of a millimetre of: lip aperture, mouth width, rounding, corner height, lid aperture, chin height."""

REGION_WEIGHTS = {
    "lips": 1.0, "upper_face": 2.0, "face": 1.0, "tongue": 0.15, "eyeball_left": 0.4, "eyeball_right": 0.4,
}  # fmt: skip
"""Weight of a millimetre of root mean square displacement over the vertices of a landmark."""

CHANNEL_WEIGHTS = {"mouthRollLower": 10.0, "tongueOut": 4.0}
"""Weighted mm of channels that matter more than the little that they move: the lip at the teeth in f and v, the
tongue."""

RANK = 1e-9
"""Relative size of a singular value that counts as 0."""


@dataclass(frozen=True)
class Perception:
    """Linear features of a face.

    Attributes:
        features: (52, M) weighted mm: the squared distance of two faces is that of their features.
        aperture: (52,) mm of the lips' middle per channel, downwards.
    """

    features: Float64Array
    aperture: Float64Array


@cache
def perception() -> Perception:
    """Return the features of the bundled head."""
    return of_head(load_head())


def of_head(head: Head) -> Perception:
    """Return the features of a head."""
    deltas = head.deltas.astype(np.float64) * MILLIMETRES
    marks = head.landmarks
    gaps = (deltas[:, marks["upper_inner_lip"]] - deltas[:, marks["lower_inner_lip"]])[:, :, 2]
    middle = gaps.shape[1] // 2
    right, left = deltas[:, marks["mouth_corners"][0]], deltas[:, marks["mouth_corners"][1]]
    columns = [
        GAP_WEIGHT * gaps[:, [middle - 3, middle, middle + 3]] * np.sqrt([0.25, 0.5, 0.25]),
        WIDTH_WEIGHT * (left - right)[:, :1],
        PROTRUSION_WEIGHT * deltas[:, marks["outer_lip"], 1].mean(axis=1, keepdims=True),
        CORNER_WEIGHT * np.stack([left[:, 2], right[:, 2]], axis=1),
        LID_WEIGHT * _lid_gaps(deltas, head),
        CHIN_WEIGHT * deltas[:, marks["jaw"], 2].mean(axis=1, keepdims=True),
    ]
    columns.extend(weight * np.eye(len(FACE))[:, [FACE.index(name)]] for name, weight in CHANNEL_WEIGHTS.items())
    for name, weight in REGION_WEIGHTS.items():
        field = deltas[:, marks[name]]
        columns.append(weight * field.reshape(len(field), -1) / np.sqrt(field.shape[1]))
    return Perception(_reduced(np.concatenate(columns, axis=1)), gaps[:, middle])


def _lid_gaps(deltas: Float64Array, head: Head) -> Float64Array:
    """Return how much the middle of both lids opens (52, 2)."""
    gaps = []
    for side in ("left", "right"):
        upper, lower = head.landmarks[f"upper_lid_{side}"], head.landmarks[f"lower_lid_{side}"]
        middle = len(upper) // 2
        gaps.append((deltas[:, upper[middle]] - deltas[:, lower[middle]])[:, 2])
    return np.stack(gaps, axis=1)


def _reduced(features: Float64Array) -> Float64Array:
    """Return features of the same distances with as few columns as possible."""
    values, vectors = np.linalg.eigh(features @ features.T)
    kept = values > RANK * values[-1]
    return np.multiply(vectors[:, kept], np.sqrt(values[kept]))

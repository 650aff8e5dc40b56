"""Poses of the mouth that fix a finding, as pins."""

from __future__ import annotations

import numpy as np

from .. import channels
from ..faces.lip_geometry import lip_gap
from ..model.lip_closure import JAW_OPEN, LIP_OPENERS, MOUTH_CLOSE
from ..types import Float32Array, Pins

MOUTH = [channels.FACE.index(name) for name in channels.REGIONS["lips"] + channels.REGIONS["jaw"]]
"""Columns of face weights that shape the mouth: lips and jaw. A pose of the mouth pins them all."""
SEALED_MM = 0.2
"""Distance of the lips up to which a pose is sealed."""
MAX_JAW_ABOVE_REFERENCE = 0.1
"""How much further open than the reference's a sealed mouth's jaw may be: lips that stretch over a wide open jaw do not
look like speech."""
BLENDS = np.linspace(0.0, 1.0, 11)


def sealed_mouth(weights: Float32Array, reference: Float32Array) -> Float32Array:
    """Return the mouth (M,) of face weights (52,) with the lips closed, as little changed as possible.

    Args:
        weights: (52,) the face.
        reference: (52,) the reference at that time. If its lips are open too, the mouth is between it and rest.
    """
    own = weights.copy()
    own[JAW_OPEN] = min(own[JAW_OPEN], reference[JAW_OPEN] + MAX_JAW_ABOVE_REFERENCE)
    share = BLENDS[:, None].astype(np.float32)
    rest = np.where(np.arange(len(own)) == JAW_OPEN, reference, np.float32(0.0))
    blended = np.concatenate([own + share * (reference - own), reference + share * (rest - reference)])
    blended[:, MOUTH_CLOSE], blended[:, LIP_OPENERS] = blended[:, JAW_OPEN], 0.0
    gap = lip_gap(blended)
    sealed = np.flatnonzero(gap <= SEALED_MM)
    return blended[int(sealed[0]) if len(sealed) else int(gap.argmin()), MOUTH]


def pose_pins(row: float, mouth: Float32Array) -> Pins:
    """Return pins that hold the mouth (M,) at a row, in the columns of the face."""
    return Pins(np.full(len(MOUTH), float(row)), np.array(MOUTH, np.int32), mouth.astype(np.float32))

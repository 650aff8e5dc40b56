"""How far the tongue moves with the speech: no further than the mouth is open, past no teeth and no lips.

The limits are those of the bundled head, measured by tests/core/faces/test_tongue.py: at them the tip touches the ridge
behind the upper teeth, the body the palate, and the tip between the teeth both edges.
"""

from __future__ import annotations

import numpy as np

from ..channels import FACE
from ..types import AnyFloatArray, Float32Array

TIP_ROOM, BODY_ROOM = (0.30, 1.40), (0.48, 1.05)
"""Weights of tongueTipUp and tongueBodyUp at which they touch with the jaw shut, and how much more with jawOpen 1."""
APART, OUT_ROOM, OUT_MOST = 0.05, 1.2, 0.5
"""jawOpen from which the tip passes between the teeth, and tongueOut for each jawOpen above it, and at most."""
LEVEL = 0.3, 0.3
"""tongueTipUp that raises the tip to the edges of the teeth, and how much more with tongueOut 1."""
LIPS_APART = 0.06
"""jawOpen - mouthClose from which the tip passes between the lips in full: about 2 mm."""

_JAW_OPEN, _MOUTH_CLOSE = FACE.index("jawOpen"), FACE.index("mouthClose")


def tongue_channels(articulation: Float32Array, face: Float32Array, strength: float) -> Float32Array:
    """Return values (T, 3) float32 of tongueTipUp, tongueBodyUp and tongueOut.

    Args:
        articulation: (T, 3) how far the speech asks for the tip up, the body up, and the tip between the teeth, 0 to 1.
        face: (T, 52) weights of channels.FACE.
        strength: Factor of the articulation.
    """
    jaw = np.clip(face[:, _JAW_OPEN], 0, 1)
    tip_room, body_room = (np.minimum(shut + more * jaw, 1.0) for shut, more in (TIP_ROOM, BODY_ROOM))
    tip, body, between = np.clip(strength * articulation, 0, 1).T
    out = between * room_between(face)
    # Shares and what the tip leaves are those of the sound, whatever the strength: a stronger tongue is never lower.
    others = 1 - np.clip(articulation[:, 2], 0, 1)
    share = articulation[:, 0] / np.maximum(articulation[:, :2].sum(axis=1), 1e-6)
    room = np.maximum(tip_room, body_room)
    tip = np.minimum(tip * others * tip_room, room * share)
    body = np.minimum(body * others * body_room, room * (1 - share))
    # tongueOut alone goes down, through the lower teeth. Raised, the tip goes straight ahead, between the edges.
    raised = between * (LEVEL[0] + LEVEL[1] * out)
    tip = np.minimum(tip + raised, np.maximum(tip_room, raised))
    return np.stack([tip, body, out], axis=1).astype(np.float32)


def room_between(face: Float32Array) -> AnyFloatArray:
    """Return how far (T,) teeth and lips of faces (T, 52) let the tip out: the largest tongueOut."""
    jaw = face[:, _JAW_OPEN]
    teeth = np.clip(OUT_ROOM * (jaw - APART), 0, OUT_MOST)
    return teeth * np.clip((jaw - face[:, _MOUTH_CLOSE]) / LIPS_APART, 0, 1)

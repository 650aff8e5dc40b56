"""What the face does with sounds that are no speech: a laugh opens and shakes, a breath opens slightly, music rests."""

from __future__ import annotations

import numpy as np

from ... import channels
from ...types import AnyFloatArray, Float32Array
from .sound_amounts import BURST, SIZE
from .sound_classes import BREATH, COUGH, LAUGH, OTHER

MOUTH = ("jaw", "mouth", "cheek", "tongue", "noseSneer", *channels.ARTICULATION)
"""How the names of the columns begin that a sound sets; the others get what it adds."""

Pose = dict[str, tuple[float, float]]
"""How channels begin -> their values between bursts and at the top of one."""

LAUGH_POSE: Pose = {
    "jawOpen": (0.14, 0.34), "mouthSmile": (0.62, 0.72), "cheekSquint": (0.55, 0.65), "mouthUpperUp": (0.18, 0.28),
    "mouthLowerDown": (0.18, 0.32), "eyeSquint": (0.40, 0.50), "browInnerUp": (0.08, 0.14), "noseSneer": (0.05, 0.12),
}  # fmt: skip
"""Cheek raiser, lip corner puller, lips part and jaw drop (AU 6, 12, 25, 26), the units of laughs (Ruch & Ekman 2001);
the jaw moves with the calls."""
COUGH_POSE: Pose = {
    "jawOpen": (0.06, 0.42), "mouthFunnel": (0.10, 0.28), "mouthLowerDown": (0.02, 0.12), "cheekSquint": (0.10, 0.30),
    "eyeSquint": (0.20, 0.55), "browDown": (0.15, 0.35),
}  # fmt: skip
BREATH_POSE: Pose = {
    "jawOpen": (0.05, 0.12), "mouthFunnel": (0.02, 0.06), "mouthLowerDown": (0.03, 0.08), "mouthUpperUp": (0.01, 0.04),
}  # fmt: skip
REST_POSE: Pose = {}

POSES = {LAUGH: LAUGH_POSE, COUGH: COUGH_POSE, BREATH: BREATH_POSE, OTHER: REST_POSE}
LAUGH_BACK, LAUGH_SHAKE, COUGH_NOD = 2.5, 1.6, 4.5
"""Degrees: how far the head goes back in a laugh, shakes with each call, and goes forward in a cough (chosen)."""


def show_sounds(
    values: Float32Array, names: tuple[str, ...], amounts: Float32Array, share: float = 1.0
) -> Float32Array:
    """Return a motion in which sounds that are no speech are shown instead of spoken.

    Args:
        values: (T, C) the motion as it would speak everything.
        names: (C,) its columns; the head's rotation in rad.
        amounts: (T, sound_amounts.COLUMNS).
        share: How much of the change is made, 0 to 1.
    """
    shown = values.astype(np.float64)
    burst, size = amounts[:, BURST], amounts[:, SIZE]
    for number, pose in POSES.items():
        amount = share * amounts[:, number]
        if not amount.any():
            continue
        for column, name in enumerate(names):
            target = _target(pose, name, burst, size)
            if name.startswith(MOUTH):
                shown[:, column] += amount * (target - shown[:, column])
            elif name in channels.FACE:
                shown[:, column] = np.maximum(shown[:, column], amount * target)
    if channels.HEAD[0] in names:
        shown[:, names.index(channels.HEAD[0])] += share * np.radians(_pitch(amounts))
    return shown.astype(np.float32)


def _target(pose: Pose, name: str, burst: AnyFloatArray, size: AnyFloatArray) -> AnyFloatArray:
    """Return the values (T,) of a channel in a pose."""
    low, high = next((values for prefix, values in pose.items() if name.startswith(prefix)), (0.0, 0.0))
    return size * (low + (high - low) * burst)


def _pitch(amounts: Float32Array) -> AnyFloatArray:
    """Return how far the head nods down (T,), degrees."""
    burst, size = amounts[:, BURST], amounts[:, SIZE]
    laugh = amounts[:, LAUGH] * (LAUGH_SHAKE * (burst - 0.5) - LAUGH_BACK)
    return size * (laugh + amounts[:, COUGH] * COUGH_NOD * burst)

"""From weights of poses back to the 52 channels, for keys that an animator sets on a pose."""

from __future__ import annotations

import numpy as np

from ...channels import FACE
from ...types import BoolArray, Float32Array
from .pose_set import PoseSet

CHANGED = 1e-4
"""Change of a channel that counts."""


def to_channels(weights: Float32Array, poses: PoseSet) -> Float32Array:
    """Return the channels (T, 52), 0 to 1, that weights (T, K) of poses amount to.

    Raises:
        ValueError: The weights do not have K columns.
    """
    _check(weights, poses)
    return np.clip(weights @ poses.recipes, 0.0, 1.0).astype(np.float32)


def pinned_channels(
    motion: Float32Array, weights_before: Float32Array, weights_after: Float32Array, poses: PoseSet
) -> tuple[Float32Array, BoolArray]:
    """Return the channels that an animator's change of pose weights means, and which of them changed.

    Only the change goes through the recipes, so that what the poses cannot express (gaze under visemes, jaw behind
    closed lips) keeps the motion's values.

    Args:
        motion: (T, 52) channels that the weights before were solved from.
        weights_before: (T, K) solved weights.
        weights_after: (T, K) weights with the animator's values.
        poses: K poses.

    Returns:
        Channels (T, 52), 0 to 1, and a mask (T, 52) of those that are not the motion's.
    """
    _check(weights_before, poses)
    _check(weights_after, poses)
    if motion.shape != (len(weights_before), len(FACE)):
        raise ValueError(f"The motion must have shape ({len(weights_before)}, {len(FACE)}). Got {motion.shape}.")
    change = (weights_after - weights_before) @ poses.recipes
    channels = np.where(np.abs(change) > CHANGED, np.clip(motion + change, 0.0, 1.0), motion).astype(np.float32)
    return channels, np.abs(channels - motion) > CHANGED


def _check(weights: Float32Array, poses: PoseSet) -> None:
    if weights.ndim != 2 or weights.shape[1] != len(poses):
        raise ValueError(f"The weights must have shape (rows, {len(poses)}). Got {weights.shape}.")

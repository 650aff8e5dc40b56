"""Weights of FLAME's vertices in the loss, by the regions of the user's FLAME_masks.pkl."""

from __future__ import annotations

import numpy as np

from ...errors import DifaceError
from ...faces.flame.masks import load_masks
from ...types import Float32Array
from .settings import LossConfig

LIPS = "lips"


def vertex_weights(config: LossConfig, values: int) -> tuple[Float32Array, Float32Array]:
    """Return factors on the values of a frame (values,), and 1 for values of the lips (values,).

    Args:
        config: Its regions and masks.
        values: Values of a frame, three per vertex.

    Raises:
        DifaceError: If the masks cannot be read, or lack a region.
    """
    weight, lips = np.ones(values, np.float32), np.zeros(values, np.float32)
    if config.flame_masks is None:
        return weight, lips
    masks = load_masks(config.flame_masks)
    missing = sorted({*config.regions, LIPS} - set(masks))
    if missing:
        raise DifaceError(
            f"{config.flame_masks.name} has no region {', '.join(missing)}.", f"It has {', '.join(sorted(masks))}."
        )
    vertex = np.zeros(values // 3, np.float32)
    for name, factor in config.regions.items():
        vertex[masks[name]] = np.maximum(vertex[masks[name]], factor)
    named = np.unique(np.concatenate([masks[name] for name in config.regions])) if config.regions else []
    weight.reshape(-1, 3)[named] = vertex[named, None]
    lips.reshape(-1, 3)[masks[LIPS]] = 1.0
    return weight, lips

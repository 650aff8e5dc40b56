"""Known frames of a motion: the sampler keeps them and generates the frames around them (inpainting)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..types import BoolArray, Float32Array
from .checkpoint import FaceModel
from .networks import Network

TensorMap = Callable[[Tensor], Tensor]
ArrayMap = Callable[[Float32Array], Float32Array]


@dataclass(frozen=True, eq=False)
class KnownFrames:
    """Frames that the result must contain exactly.

    Attributes:
        values: The frames (T, C).
        mask: (T,) True where the frame is known.
    """

    values: Float32Array
    mask: BoolArray

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.mask.shape != self.values.shape[:1]:
            raise ValueError(
                f"values must have shape (T, C) and mask (T,). Got {self.values.shape} and {self.mask.shape}."
            )


def clamp_known(known: KnownFrames, model: FaceModel) -> KnownFrames:
    """Return the known frames as the model outputs them: clamped, if it clamps x0."""
    return KnownFrames(np.clip(known.values, -1, 1), known.mask) if model.diffusion.clamp else known


def make_inpainter(known: KnownFrames | None, network: Network, rows: int) -> TensorMap:
    """Return a map of motions (1, rows, C) that replaces the known frames, on the network's device.

    Raises:
        ValueError: If the known frames have another width or more rows.
    """
    if known is None:
        return lambda x: x
    padded = _pad(known, network, rows)
    mask = torch.from_numpy(padded.mask)[None, :, None].to(network.device)
    values = torch.from_numpy(padded.values)[None].to(network.device)
    return lambda x: torch.where(mask, values, x)


def make_array_inpainter(
    known: KnownFrames | None, network: Network, rows: int, project: ArrayMap = lambda x: x
) -> ArrayMap:
    """Return a function that replaces the known frames of a motion by their values.

    Args:
        known: The known frames. None returns the identity.
        network: The network that the motion is sampled with.
        rows: Rows of the motion.
        project: Map of the known frames to the space of the motion (Projection.project).

    Returns:
        A map of motions (rows, C), or of projected ones (rows, ch).

    Raises:
        ValueError: If the known frames have another width or more rows.
    """
    if known is None:
        return lambda x: x
    padded = _pad(known, network, rows)
    mask, values = padded.mask[:, None], project(padded.values)
    return lambda x: np.where(mask, values, x)


def mask_channel(known: KnownFrames | None, network: Network, rows: int) -> Float32Array:
    """Return 1 on known frames (rows, 1); no column if the network has no mask channel."""
    mask = np.zeros((rows, 1 if network.config.has_mask_channel else 0), np.float32)
    if known is not None:
        mask[: len(known.mask)] = known.mask[:, None]
    return mask


def _pad(known: KnownFrames, network: Network, rows: int) -> KnownFrames:
    """Return the known frames with unknown ones after them, up to `rows`."""
    if len(known.mask) > rows or known.values.shape[1] != network.config.outputs:
        raise ValueError(
            f"Known frames must have at most {rows} rows of {network.config.outputs}. Got {known.values.shape}."
        )
    missing = rows - len(known.mask)
    return KnownFrames(
        np.pad(known.values, ((0, missing), (0, 0))).astype(np.float32), np.pad(known.mask, (0, missing))
    )

"""The distance of the inner lips in mm on the bundled head, as a differentiable function of face weights."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from .. import channels
from ..faces.lip_geometry import region

SMALLEST_MM = 0.01
"""Added to the distance in quadrature: the gradient of a distance of 0 is infinite."""


class LipDistance(nn.Module):
    """Face weights (..., C) to the largest distance (...) of 13 pairs of vertices of the inner lips.

    The same as `faces.lip_geometry.lip_gap`, to a hundredth of a millimetre.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        """Take the names of the channels (C)."""
        super().__init__()
        upper, lower = region("upper_inner_lip"), region("lower_inner_lip")
        rows = [channels.FACE.index(name) for name in names]
        deltas = (upper.deltas - lower.deltas)[rows]
        for name, array in (("rest", upper.rest - lower.rest), ("deltas", deltas)):
            self.register_buffer(name, torch.from_numpy(array.astype(np.float32)), persistent=False)

    def forward(self, weights: Tensor) -> Tensor:
        """Return the distance in mm."""
        apart = self.get_buffer("rest") + weights @ self.get_buffer("deltas")
        squares = apart.unflatten(-1, (-1, 3)).square().sum(-1)
        return (squares.amax(-1) + SMALLEST_MM**2).sqrt()

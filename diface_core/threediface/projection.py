"""A face's sampling in what its network can see, equal to sampling its vertices but far smaller.

A face network reads its 15,069 values a frame only through its first linear map, `seen = A x + a`, and writes them only
through its last, `x0 = W thought + b`. A step of the sampler is a weighted sum of x0, x_t and noise. So y = A x follows
the same steps in `ch` dimensions, with A (W thought + b) for x0, A times the noise, and A times what is given; of the
vertices themselves only the last are ever wanted. But for rounding that is exact as long as x0 need not be clamped,
which is looked after at every step.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from .checkpoint import FaceModel
from .diffusion import DrawNoise, noise_moments
from .networks import FaceNetwork

BLOCK = 256
"""Rows of vertices that are held at once."""

MIN_EFFECTIVE_TERMS = 100
"""Values that a sum must have in effect to count as normal: its excess kurtosis is then within 0.012 of zero."""


class ClampedError(Exception):
    """A predicted value left [-1, 1] and must be clamped: the projection cannot follow."""


class Projection:
    """The first and the last map of a face network as one. `first` is A (ch, C), `offset` a (ch,).

    Raises ValueError for a network whose last layer is not linear.
    """

    def __init__(self, network: FaceNetwork) -> None:
        out = network.output_layer
        if out is None:
            raise ValueError("The network's last layer is not linear.")
        conv = network.input_layer
        assert conv.bias is not None
        self.input_weight, self.offset = conv.weight[..., 0], conv.bias.detach()
        # Once for many steps, so in float64.
        first, last, bias = self.input_weight.double(), out.weight.double(), out.bias.double()
        self._hidden_weight, self._hidden_offset = (first @ last).float(), (first @ bias).float()
        self._max_row_norm, self._max_bias = float(last.norm(dim=1).max()), float(bias.abs().max())
        self._output_from_hidden = network.output_from_hidden

    def project(self, x: Tensor) -> Tensor:
        """A x (..., ch) of x (..., C)."""
        return x @ self.input_weight.T

    def project_hidden(self, hidden: Tensor) -> Tensor:
        """A (W thought + b) of a thought (..., ch)."""
        return hidden @ self._hidden_weight.T + self._hidden_offset

    def check_clamp(self, hidden: Tensor) -> None:
        """Raises ClampedError where a value of x0 leaves [-1, 1]. The vertices are computed only where they might."""
        most = self._max_row_norm * float(hidden.norm(dim=-1).max()) + self._max_bias  # Cauchy and Schwarz
        if most > 1:
            for block in hidden.split(BLOCK, dim=1):
                if float(self._output_from_hidden(block).abs().max()) > 1:
                    raise ClampedError


def exact_noise(projection: Projection, draw: DrawNoise, rows: int) -> Callable[[], Tensor]:
    """Draws of A times `draw` (1, rows, ch), of which BLOCK rows are held at once."""
    columns, device = projection.input_weight.shape[1], projection.input_weight.device

    def noise() -> Tensor:
        sizes = [min(BLOCK, rows - first) for first in range(0, rows, BLOCK)]
        return torch.cat(
            [projection.project(torch.from_numpy(draw((1, size, columns))).to(device)) for size in sizes], 1
        )

    return noise


def normal_noise(projection: Projection, model: FaceModel, rows: int, seed: int) -> Callable[[], Tensor] | None:
    """Draws (1, rows, ch) with the distribution of A times the model's noise, of which none is drawn; None where that
    is not normal enough.

    Every value is a sum of 15,069 independent uniform ones, so normal by the central limit theorem, with mean m A 1 and
    covariance s^2 A A'. How many values count in effect is 1 / sum(w^4), w the weights of an uncorrelated sum of unit
    length.
    """
    mean, deviation = noise_moments(model.diffusion)
    first = projection.input_weight.double()
    sizes, axes = torch.linalg.eigh(first @ first.T)
    alive = sizes > sizes[-1] * 1e-12
    weights = axes[:, alive].T @ first / sizes[alive, None].sqrt()
    if float((weights**4).sum(1).max()) > 1 / MIN_EFFECTIVE_TERMS:
        return None
    centre = (mean * first.sum(1)).float()
    root = (deviation * axes * sizes.clamp(min=0).sqrt()).float()

    rng = np.random.default_rng(seed)

    def noise() -> Tensor:
        draw = torch.from_numpy(rng.standard_normal((1, rows, len(centre)), np.float32))
        return draw.to(centre.device) @ root.T + centre

    return noise

"""Sampling of a face in the space of its network's first layer: equal to sampling all vertices, but far smaller.

A face network reads its 15,069 values per frame only through its first linear map, `embedded = A x + a`, and writes
them only through its last, `x0 = W hidden + b`. A step of the sampler is a weighted sum of x0, x_t and noise.
Therefore y = A x follows the same steps in `ch` dimensions, with A (W hidden + b) for x0, and A times the noise and the
known frames; only the final vertices are needed. Up to rounding this is exact if x0 is never clamped, which is
checked at every step.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from ..inference.linear import linear
from ..types import Float32Array
from .checkpoint import FaceModel
from .diffusion import DrawNoise, noise_moments
from .networks import FaceNetwork

BLOCK = 256
"""Rows of vertices that are processed at once, to bound the memory."""

MIN_EFFECTIVE_TERMS = 100
"""Effective number of terms from which a sum counts as normal: its excess kurtosis is then within 0.012 of zero."""


class ClampedError(Exception):
    """A predicted value left [-1, 1] and must be clamped, which is impossible in the projected space."""


class Projection:
    """The first and the last linear map of a face network.

    Attributes:
        input_weight: A (ch, C).
        offset: a (ch,).
        project: Map of x (T, C) to A x (T, ch).
        project_hidden: Map of `hidden` (T, ch) to A (W hidden + b).

    Raises:
        ValueError: If the network's last layer is not linear.
    """

    def __init__(self, network: FaceNetwork) -> None:
        out = network.output_layer
        if out is None:
            raise ValueError("The network's last layer is not linear.")
        conv = network.input_layer
        assert conv.bias is not None
        weight, last, bias = (values.detach().cpu() for values in (conv.weight[..., 0], out.weight, out.bias))
        self.input_weight, self.offset = weight.numpy(), conv.bias.detach().cpu().numpy()
        # Computed once for many steps, so in float64.
        first, last, bias = weight.double(), last.double(), bias.double()
        self.project_hidden = linear((first @ last).float().numpy(), (first @ bias).float().numpy())
        self.project = linear(self.input_weight, np.zeros(len(self.offset), np.float32))
        self._max_row_norm, self._max_bias = float(last.norm(dim=1).max()), float(bias.abs().max())
        self._output_weight, self._output_bias = last.float().numpy(), bias.float().numpy()

    def check_clamp(self, hidden: Float32Array) -> None:
        """Raise ClampedError if a value of x0 (T, C) leaves [-1, 1].

        The vertices are computed only if a bound exceeds 1.
        """
        longest = float(np.einsum("tc,tc->t", hidden, hidden).max()) ** 0.5
        bound = self._max_row_norm * longest + self._max_bias  # Cauchy-Schwarz
        if bound > 1:
            for first in range(0, len(hidden), BLOCK):
                x0 = hidden[first : first + BLOCK] @ self._output_weight.T + self._output_bias
                if float(np.abs(x0).max()) > 1:
                    raise ClampedError


def exact_noise(projection: Projection, draw: DrawNoise, rows: int) -> Callable[[], Float32Array]:
    """Return draws of A times `draw` (rows, ch), computed in blocks of rows."""
    columns = projection.input_weight.shape[1]

    def noise() -> Float32Array:
        sizes = [min(BLOCK, rows - first) for first in range(0, rows, BLOCK)]
        return np.concatenate([projection.project(draw((1, size, columns))[0]) for size in sizes])

    return noise


def normal_noise(projection: Projection, model: FaceModel, rows: int, seed: int) -> Callable[[], Float32Array] | None:
    """Return draws (rows, ch) with the distribution of A times the model's noise, without drawing that noise.

    Every value is a sum of 15,069 independent uniform values, so normal by the central limit theorem, with mean m A 1
    and covariance s^2 A A'. The effective number of terms is 1 / sum(w^4), with w the weights of an uncorrelated sum of
    unit length.

    Returns:
        The draws; None if the sums have fewer than MIN_EFFECTIVE_TERMS effective terms.
    """
    mean, deviation = noise_moments(model.diffusion)
    first = torch.from_numpy(projection.input_weight).double()
    sizes, axes = torch.linalg.eigh(first @ first.T)
    nonzero = sizes > sizes[-1] * 1e-12
    weights = axes[:, nonzero].T @ first / sizes[nonzero, None].sqrt()
    if float((weights**4).sum(1).max()) > 1 / MIN_EFFECTIVE_TERMS:
        return None
    centre = (mean * first.sum(1)).float().numpy()
    root = (deviation * axes * sizes.clamp(min=0).sqrt()).float().numpy()

    rng, correlate = np.random.default_rng(seed), linear(root, centre, threads=1)  # beside the network's threads
    return lambda: correlate(rng.standard_normal((rows, len(centre)), np.float32))

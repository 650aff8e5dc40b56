"""Vertices to shape weights: which weights, within their bounds, move a face as it was sculpted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import linalg, optimize

from ..types import Float32Array, SolveRequest, SolveResult

Float64Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

RIDGE = 3e-3
"""A weight that changes by 1 costs as much as a residual of this share of an average shape's own size."""

RIDGE_ROUNDS = 4
"""So often the ridge is drawn around what was found last, so that what the vertices do say comes out unbiased."""

MIN_DISPLACEMENT = 1e-3
"""Of the furthest that any shape moves a vertex (of a face about 0.03 mm): a channel that moves less stays put."""

MIN_NOISE_RATIO = 0.1
"""Of what no shapes can say (root of the mean square): a channel that moves less than that stays put, too."""


def solve_weights(request: SolveRequest) -> SolveResult:
    """The weights nearest to `request.moved`, in the sense of least squares over the vertices that count.

    Bounded least squares with a ridge around the current weights, repeated around what it found (iterated Tikhonov,
    Engl et al. 1996, section 5): directions that the vertices tell come out as they are, while those that they do not,
    as where opposite shapes cancel out, stay. Channels that hardly move a vertex are then put back, and the rest is
    found again without them. A channel without room between its bounds stays, too.
    """
    flat = request.deltas.reshape(len(request.deltas), request.offsets.size).astype(np.float64)
    target = request.offsets.astype(np.float64).ravel()
    counts = np.repeat(request.vertex_mask, 3)
    seen, wanted = flat[:, counts], target[counts]
    gram, pull = seen @ seen.T, seen @ wanted

    current = request.current.astype(np.float64)
    low, high = request.lower.astype(np.float64) - current, request.upper.astype(np.float64) - current
    reach = _lengths(request.deltas[:, request.vertex_mask]).max(axis=1, initial=0.0)
    least = MIN_DISPLACEMENT * reach.max(initial=0.0)
    free = (high > low) & (reach > 0)
    change = _weight_change(gram, pull, low, high, free)
    unsaid, _worst = _residual(target, change @ flat, request.vertex_mask, least)
    free &= np.abs(change) * reach > max(least, MIN_NOISE_RATIO * unsaid)
    change = _weight_change(gram, pull, low, high, free)

    weights = (current + change).astype(np.float32)
    weights = np.where(free, np.clip(weights, request.lower, request.upper), request.current).astype(np.float32)
    made = (weights.astype(np.float64) - current) @ flat
    return SolveResult(weights, *_residual(target, made, request.vertex_mask, least))


def _weight_change(
    gram: Float64Array, projection: Float64Array, low: Float64Array, high: Float64Array, free: BoolArray
) -> Float64Array:
    """The change (K,) of the weights; 0 where not `free`."""
    change = np.zeros(len(projection))
    if not free.any():
        return change
    gram, projection, low, high = gram[np.ix_(free, free)], projection[free], low[free], high[free]
    ridge = RIDGE**2 * float(np.mean(np.diag(gram)))

    # |L' x - L^-1 c|^2 is x' (G + ridge) x - 2 c' x but for a constant: a problem of K rows for one of 3 V.
    lower = linalg.cholesky(gram + ridge * np.eye(len(gram)), lower=True)
    found = np.zeros(len(projection))
    for _round in range(RIDGE_ROUNDS):
        right = linalg.solve_triangular(lower, projection + ridge * found, lower=True)
        found = optimize.lsq_linear(lower.T, right, (low, high), method="bvls", tol=1e-14).x
    change[free] = found
    return change


def _residual(
    target: Float64Array, achieved: Float64Array, vertex_mask: BoolArray, threshold: float
) -> tuple[float, float]:
    """Root of the mean square and the worst distance, over the vertices that count and that were or are to be moved."""
    off, asked, done = (_lengths(x.reshape(-1, 3)) for x in (target - achieved, target, achieved))
    moving = vertex_mask & ((asked > threshold) | (done > threshold))
    if not moving.any():
        return 0.0, 0.0
    return float(np.sqrt(np.mean(off[moving] ** 2))), float(off[moving].max())


def _lengths(vectors: npt.NDArray[np.floating] | Float32Array) -> Float64Array:
    return np.linalg.norm(vectors.astype(np.float64), axis=-1)

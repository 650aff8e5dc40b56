"""Solve shape weights for given vertices: bounded weights that reproduce a sculpted face."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..types import Float32Array, SolveRequest, SolveResult
from .bounded_least_squares import solve_bounded

Float64Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

RIDGE = 3e-3
"""Cost of changing a weight by 1, as a fraction of the norm of an average shape."""

RIDGE_ROUNDS = 4
"""Number of times the ridge is centred on the last solution, so that well-determined directions are unbiased."""

MIN_DISPLACEMENT = 1e-3
"""Relative to the largest movement of a vertex by any shape (about 0.03 mm on a face): channels below it do not change.
"""

MIN_NOISE_RATIO = 0.1
"""Relative to the residual that no shapes reproduce (root mean square): channels below it do not change."""


def solve_weights(request: SolveRequest) -> SolveResult:
    """Return the weights nearest to `request.offsets` by least squares over the vertices in the mask.

    Bounded least squares with a ridge around the current weights, repeated around the last solution (iterated Tikhonov,
    Engl et al. 1996, section 5): directions that the vertices determine are reproduced, undetermined ones, such as
    opposite shapes that cancel out, do not change. Channels that hardly move a vertex are then reset, and the rest is
    solved again without them. A channel without room between its bounds does not change either.
    """
    flat = request.deltas.reshape(len(request.deltas), request.offsets.size).astype(np.float64)
    target = request.offsets.astype(np.float64).ravel()
    counts = np.repeat(request.vertex_mask, 3)
    seen, masked_target = flat[:, counts], target[counts]
    gram, projection = seen @ seen.T, seen @ masked_target

    current = request.current.astype(np.float64)
    low, high = request.lower.astype(np.float64) - current, request.upper.astype(np.float64) - current
    reach = _lengths(request.deltas[:, request.vertex_mask]).max(axis=1, initial=0.0)
    threshold = MIN_DISPLACEMENT * reach.max(initial=0.0)
    free = (high > low) & (reach > 0)
    change = _weight_change(gram, projection, low, high, free)
    unexplained, _worst = _residual(target, change @ flat, request.vertex_mask, threshold)
    free &= np.abs(change) * reach > max(threshold, MIN_NOISE_RATIO * unexplained)
    change = _weight_change(gram, projection, low, high, free)

    weights = (current + change).astype(np.float32)
    weights = np.where(free, np.clip(weights, request.lower, request.upper), request.current).astype(np.float32)
    achieved = (weights.astype(np.float64) - current) @ flat
    return SolveResult(weights, *_residual(target, achieved, request.vertex_mask, threshold))


def _weight_change(
    gram: Float64Array, projection: Float64Array, low: Float64Array, high: Float64Array, free: BoolArray
) -> Float64Array:
    """Return the change (K,) of the weights; 0 where not `free`."""
    change = np.zeros(len(projection))
    if not free.any():
        return change
    gram, projection, low, high = gram[np.ix_(free, free)], projection[free], low[free], high[free]
    ridge = RIDGE**2 * float(np.mean(np.diag(gram)))

    ridged = gram + ridge * np.eye(len(gram))
    solution = np.zeros(len(projection))
    for _round in range(RIDGE_ROUNDS):
        solution = solve_bounded(ridged, projection + ridge * solution, low, high)
    change[free] = solution
    return change


def _residual(
    target: Float64Array, achieved: Float64Array, vertex_mask: BoolArray, threshold: float
) -> tuple[float, float]:
    """Return root mean square and largest distance over the masked vertices that move in target or result."""
    off, asked, done = (_lengths(x.reshape(-1, 3)) for x in (target - achieved, target, achieved))
    moving = vertex_mask & ((asked > threshold) | (done > threshold))
    if not moving.any():
        return 0.0, 0.0
    return float(np.sqrt(np.mean(off[moving] ** 2))), float(off[moving].max())


def _lengths(vectors: npt.NDArray[np.floating] | Float32Array) -> Float64Array:
    return np.linalg.norm(vectors.astype(np.float64), axis=-1)

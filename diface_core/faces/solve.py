"""Vertices to shape weights: which weights, within their bounds, move a face as it was sculpted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import linalg, optimize

from ..types import FloatArray, Solved, SolveRequest

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

RIDGE = 3e-3
"""A weight that changes by 1 costs as much as a residual of this share of an average shape's own size."""

ROUNDS = 4
"""So often the ridge is drawn around what was found last, so that what the vertices do say comes out unbiased."""

LEAST = 1e-3
"""Of the furthest that any shape moves a vertex (of a face about 0.03 mm): a channel that moves less stays put."""

FAINT = 0.1
"""Of what no shapes can say (root of the mean square): a channel that moves less than that stays put, too."""


def solve(request: SolveRequest) -> Solved:
    """The weights nearest to `request.moved`, in the sense of least squares over the vertices that count.

    Bounded least squares with a ridge around the current weights, repeated around what it found (iterated Tikhonov,
    Engl et al. 1996, section 5): directions that the vertices tell come out as they are, while those that they do not,
    as where opposite shapes cancel out, stay. Channels that hardly move a vertex are then put back, and the rest is
    found again without them. A channel without room between its bounds stays, too.
    """
    flat = request.deltas.reshape(len(request.deltas), request.moved.size).astype(np.float64)
    target = request.moved.astype(np.float64).ravel()
    counts = np.repeat(request.counts, 3)
    seen, wanted = flat[:, counts], target[counts]
    gram, pull = seen @ seen.T, seen @ wanted

    current = request.current.astype(np.float64)
    low, high = request.lower.astype(np.float64) - current, request.upper.astype(np.float64) - current
    reach = _lengths(request.deltas[:, request.counts]).max(axis=1, initial=0.0)
    least = LEAST * reach.max(initial=0.0)
    free = (high > low) & (reach > 0)
    change = _change(gram, pull, low, high, free)
    unsaid, _worst = _residual(target, change @ flat, request.counts, least)
    free &= np.abs(change) * reach > max(least, FAINT * unsaid)
    change = _change(gram, pull, low, high, free)

    weights = (current + change).astype(np.float32)
    weights = np.where(free, np.clip(weights, request.lower, request.upper), request.current).astype(np.float32)
    made = (weights.astype(np.float64) - current) @ flat
    return Solved(weights, *_residual(target, made, request.counts, least))


def _change(gram: Floats, pull: Floats, low: Floats, high: Floats, free: Bools) -> Floats:
    """The change (K,) of the weights; 0 where not `free`."""
    change = np.zeros(len(pull))
    if not free.any():
        return change
    gram, pull, low, high = gram[np.ix_(free, free)], pull[free], low[free], high[free]
    ridge = RIDGE**2 * float(np.mean(np.diag(gram)))

    # |L' x - L^-1 c|^2 is x' (G + ridge) x - 2 c' x but for a constant: a problem of K rows for one of 3 V.
    lower = linalg.cholesky(gram + ridge * np.eye(len(gram)), lower=True)
    found = np.zeros(len(pull))
    for _round in range(ROUNDS):
        right = linalg.solve_triangular(lower, pull + ridge * found, lower=True)
        found = optimize.lsq_linear(lower.T, right, (low, high), method="bvls", tol=1e-14).x
    change[free] = found
    return change


def _residual(target: Floats, made: Floats, counts: Bools, least: float) -> tuple[float, float]:
    """Root of the mean square and the worst distance, over the vertices that count and that were or are to be moved."""
    off, asked, done = (_lengths(x.reshape(-1, 3)) for x in (target - made, target, made))
    moving = counts & ((asked > least) | (done > least))
    if not moving.any():
        return 0.0, 0.0
    return float(np.sqrt(np.mean(off[moving] ** 2))), float(off[moving].max())


def _lengths(vectors: npt.NDArray[np.floating] | FloatArray) -> Floats:
    return np.linalg.norm(vectors.astype(np.float64), axis=-1)

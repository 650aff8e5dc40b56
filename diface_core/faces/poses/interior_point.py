"""Many small least-squares problems with bounds at once: a primal-dual interior-point method.

Nocedal and Wright (2006), Numerical Optimization, section 16.6. Every problem takes its steps by itself, so that its
solution does not depend on the others. The normal equations are solved in the space of the features (Woodbury's
identity).
"""

from __future__ import annotations

import numpy as np

from ...types import Float64Array

ROUNDS = 18
"""Newton steps: at most 0.003 from the solution."""

CENTRING = 0.15
"""Share of the complementarity that a step aims for."""

TO_THE_BOUND = 0.97
"""Largest share of the way to a bound that a step takes."""

SMALLEST = 1e-12
"""Smallest distance to a bound, and smallest multiplier."""


def solve_boxes(
    features: Float64Array,
    ridge: Float64Array,
    linear: Float64Array,
    extra: Float64Array,
    low: Float64Array,
    high: Float64Array,
) -> Float64Array:
    """Return the x (T, K) that minimise x'(F F' + e e' + diag(ridge)) x / 2 - c'x with `low` <= x <= `high`.

    Args:
        features: F (K, M).
        ridge: (K,), above 0.
        linear: c (T, K).
        extra: e (T, K), another feature of each problem.
        low: (K,) lower bounds.
        high: (K,) upper bounds, above the lower ones.
    """
    gram = features @ features.T
    x = np.tile((low + high) / 2, (len(linear), 1))
    scale = np.abs(linear).max(axis=1, keepdims=True, initial=0.0) + ridge.max()
    below, above = np.tile(scale, (1, x.shape[1])), np.tile(scale, (1, x.shape[1]))
    for _round in range(ROUNDS):
        down, up = np.maximum(x - low, SMALLEST), np.maximum(high - x, SMALLEST)
        target = CENTRING * (down * below + up * above).mean(axis=1, keepdims=True) / 2
        reached = (extra * x).sum(axis=1, keepdims=True)
        slope = linear - x @ gram - ridge * x - extra * reached
        right = slope + target / down - target / up
        step = _newton(features, ridge + below / down + above / up, extra, right)
        below_step = target / down - below - below / down * step
        above_step = target / up - above + above / up * step
        x = x + _share((down, step), (up, -step)) * step
        share = _share((below, below_step), (above, above_step))
        below = np.maximum(below + share * below_step, SMALLEST)
        above = np.maximum(above + share * above_step, SMALLEST)
    return np.clip(x, low, high)


def _share(*pairs: tuple[Float64Array, Float64Array]) -> Float64Array:
    """Return the share (T, 1) of the steps, at most 1, that keeps all values positive."""
    largest = np.maximum.reduce([(-step / value).max(axis=1, keepdims=True) for value, step in pairs])
    return np.minimum(1.0, TO_THE_BOUND / np.maximum(largest, SMALLEST))


def _newton(features: Float64Array, diagonal: Float64Array, extra: Float64Array, right: Float64Array) -> Float64Array:
    """Return the solutions of (F F' + e e' + diag(d)) s = r for all rows (T, K)."""
    rank = features.shape[1]
    squares = (features[:, :, None] * features[:, None, :]).reshape(len(features), -1)
    inner = (1.0 / diagonal @ squares).reshape(-1, rank, rank) + np.eye(rank)
    first, second = right / diagonal, extra / diagonal
    inside = np.linalg.solve(inner, np.stack([first @ features, second @ features], axis=2))
    first = first - (inside[:, :, 0] @ features.T) / diagonal
    second = second - (inside[:, :, 1] @ features.T) / diagonal
    shared = (extra * first).sum(axis=1, keepdims=True) / (1.0 + (extra * second).sum(axis=1, keepdims=True))
    return first - second * shared

"""Least squares with bounds, on the normal equations: an active-set method (Stark and Parker 1995, BVLS)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float64Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

TOLERANCE = 1e-12
"""Relative size of a gradient that counts as 0."""


def solve_bounded(gram: Float64Array, projection: Float64Array, low: Float64Array, high: Float64Array) -> Float64Array:
    """Return the x (K,) with `low` <= x <= `high` that minimises x' G x - 2 c' x.

    Every variable is free or at one of its bounds. The free ones are solved for; those that leave their bounds are
    fixed there, one at a time, and the fixed one that the gradient pulls inwards most is freed, until none is.

    Args:
        gram: G (K, K), symmetric positive definite.
        projection: c (K,).
        low: (K,) lower bounds.
        high: (K,) upper bounds, above the lower ones.
    """
    solution = np.clip(np.zeros(len(projection)), low, high)
    free = (solution > low) & (solution < high)
    tolerance = TOLERANCE * max(1.0, float(np.abs(projection).max(initial=0.0)))
    for _round in range(10 * len(projection) + 10):
        _solve_free(gram, projection, low, high, solution, free)
        gradient = projection - gram @ solution  # the direction of descent
        inwards = np.where(solution <= low, gradient, -gradient)
        inwards[free] = 0.0
        best = int(np.argmax(inwards))
        if inwards[best] <= tolerance:
            break
        free[best] = True
    return solution


def _solve_free(
    gram: Float64Array,
    projection: Float64Array,
    low: Float64Array,
    high: Float64Array,
    solution: Float64Array,
    free: BoolArray,
) -> None:
    """Minimise over the free variables, in place; variables that reach a bound are fixed there."""
    while free.any():
        right = projection[free] - gram[np.ix_(free, ~free)] @ solution[~free]
        wanted = np.linalg.solve(gram[np.ix_(free, free)], right)
        lower, upper, now = low[free], high[free], solution[free]
        outside = (wanted < lower) | (wanted > upper)
        if not outside.any():
            solution[free] = wanted
            return
        # Stop at the first bound, which fixes at least one variable.
        bound, step = np.where(wanted < lower, lower, upper), wanted - now
        shares = np.where(outside, (bound - now) / np.where(step == 0, 1.0, step), np.inf)
        share = float(shares.min())
        reached = shares <= share
        moved = np.clip(now + share * step, lower, upper)
        solution[free] = np.where(reached, bound, moved)
        numbers = np.flatnonzero(free)
        free[numbers[reached]] = False

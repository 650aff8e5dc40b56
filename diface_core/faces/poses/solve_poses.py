"""Solve the weights of poses for a motion of the 52 channels: bounded, smooth, sparse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...channels import FACE
from ...types import MODEL_RATE, Float32Array, Float64Array, FrameRate
from .interior_point import solve_boxes
from .perception import Perception, perception
from .pose_set import PoseSet

RIDGE = 0.002
"""Penalty on squares of weights, as a share of a pose's squared size: similar poses share, and the weights are a
continuous function of the motion."""

SPARSITY = 0.05
"""Penalty on weights in mm, times the pose's size in mm: poses that hardly help are 0."""

SMOOTHNESS, SMOOTHNESS_MM = 0.005, 2.0
"""Penalty on squares of changes from one row to the next at 30 rows a second: as a share of a pose's squared size, and
in mm^2, so that small poses do not jump."""

SWEEPS = 20
"""Rounds of coordinate descent, which adds the smoothness: a row depends on those within as many rows."""

CLOSURE = 30.0
"""mm^2 for a mm between lips that must meet, beyond what every mm costs."""

CLOSED_MM, PARTED_MM = 0.7, 3.0
"""Apertures of the motion at which the lips must meet, and from which the closure has no weight."""

CLOSING_MM = 3.0
"""How much a pose must lower the aperture to count as one that closes open lips, such as mouthClose."""

SMALLEST_MM = 0.5
"""Combinations of poses that move less are left to the coordinate descent."""

BLOCK_ROWS = 256
"""Rows that are solved at once, for the processor's cache."""


@dataclass(frozen=True)
class _Problem:
    """Minimise w'Hw / 2 - c'w per row, with a term for closures.

    Attributes:
        features: (K, M) weighted mm.
        ridge: (K,) penalty on the squares.
        gram: (K, K).
        linear: (T, K).
        aperture: (K,) mm.
        closure: (T,) weight of the aperture's square.
        wanted: (T,) mm of aperture that the poses add to what other shapes open.
    """

    features: Float64Array
    ridge: Float64Array
    gram: Float64Array
    linear: Float64Array
    aperture: Float64Array
    closure: Float64Array
    wanted: Float64Array


def solve(
    motion: Float32Array, poses: PoseSet, rate: FrameRate = MODEL_RATE, beside: Float32Array | None = None
) -> Float32Array:
    """Return the weights (T, K) whose face looks most like the motion's.

    Every row minimises the visible difference (see `perception`) within the bounds, plus a penalty on the sum of the
    weights and on their squares. Where the motion's lips meet, a large weight on their aperture closes them, so that
    poses that open the mouth fade before m, b and p. The problem is strictly convex: its solution is a continuous
    function of the motion. A few rounds of coordinate descent (Wright 2015, Coordinate descent algorithms) then add a
    penalty on the change between rows. A row depends on those within `SWEEPS` rows, and hardly on those beyond a few.

    Args:
        motion: (T, 52) weights of channels.FACE.
        poses: K poses.
        rate: Rows per second.
        beside: (T, 52) the part of the motion that other shapes show, each of one channel. The poses show the rest, and
            the lips meet with both. None is no part.

    Raises:
        ValueError: The motion does not have 52 columns, or `beside` another shape.
    """
    beside = np.zeros_like(motion) if beside is None else beside
    if motion.ndim != 2 or motion.shape[1] != len(FACE) or beside.shape != motion.shape:
        raise ValueError(f"The motions must have shape (rows, {len(FACE)}). Got {motion.shape} and {beside.shape}.")
    if not motion.size or not len(poses):
        return np.zeros((len(motion), len(poses)), np.float32)
    low, high = _bounds(poses)
    whole, shown = motion.astype(np.float64), beside.astype(np.float64)
    problem = _problem(whole, shown, poses.recipes.astype(np.float64), perception())
    weights = _solve_rows(problem, low, high).T.copy()
    smoothness = SMOOTHNESS / RIDGE * problem.ridge + SMOOTHNESS_MM
    _smooth(problem, weights, low, high, smoothness * (rate.value / MODEL_RATE.value) ** 2)
    return np.clip(weights.T, low, high).astype(np.float32)


def _bounds(poses: PoseSet) -> tuple[Float64Array, Float64Array]:
    """Return the bounds (K,); of poses with one recipe the first is used, and the others stay at rest."""
    low, high = poses.low.astype(np.float64), poses.high.astype(np.float64)
    first = np.unique(poses.recipes, axis=0, return_index=True)[1]
    rest = np.clip(0.0, low, high)
    used = np.isin(np.arange(len(poses)), first)
    return np.where(used, low, rest), np.where(used, high, rest)


def _problem(motion: Float64Array, beside: Float64Array, recipes: Float64Array, sight: Perception) -> _Problem:
    features = recipes @ sight.features
    sizes = np.sqrt(np.sum(features**2, axis=1)) + SMALLEST_MM
    aperture = recipes @ sight.aperture
    aperture = np.where((aperture < 0) & (aperture > -CLOSING_MM), 0.0, aperture)
    wanted = np.maximum(motion @ sight.aperture, 0.0)
    parted = np.clip((wanted - CLOSED_MM) / (PARTED_MM - CLOSED_MM), 0.0, 1.0)
    return _Problem(
        features=features,
        ridge=RIDGE * sizes**2,
        gram=features @ features.T + np.diag(RIDGE * sizes**2),
        linear=(motion - beside) @ sight.features @ features.T - SPARSITY * sizes,
        aperture=aperture,
        closure=CLOSURE * (1.0 - parted) ** 2,
        wanted=np.where(wanted < CLOSED_MM, 0.0, wanted) - beside @ sight.aperture,
    )


def _solve_rows(problem: _Problem, low: Float64Array, high: Float64Array) -> Float64Array:
    """Return the weights (T, K) of every row by itself; poses without room between their bounds stay there."""
    directions, sizes, _ = np.linalg.svd(problem.features, full_matrices=False)
    kept = sizes > SMALLEST_MM
    features = np.multiply(directions[:, kept], sizes[kept])
    weights = np.tile(np.clip(0.0, low, high), (len(problem.linear), 1))
    free = high > low
    for first in range(0, len(weights) if free.any() else 0, BLOCK_ROWS):
        rows = slice(first, first + BLOCK_ROWS)
        closure, wanted = problem.closure[rows, None], problem.wanted[rows, None]
        linear = problem.linear[rows] + closure * wanted * problem.aperture
        linear = linear - (weights[rows] * ~free) @ problem.gram
        weights[rows, free] = solve_boxes(
            features[free],
            problem.ridge[free],
            linear[:, free],
            (np.sqrt(closure) * problem.aperture)[:, free],
            low[free],
            high[free],
        )
    return weights


def _smooth(
    problem: _Problem, weights: Float64Array, low: Float64Array, high: Float64Array, smoothness: Float64Array
) -> None:
    """Add a penalty on changes, one pose after the other and all rows at once, in place; weights are (K, T)."""
    linear = np.ascontiguousarray(problem.linear.T)
    neighbours = np.full(weights.shape[1], 2.0)
    neighbours[0] -= 1.0
    neighbours[-1] -= 1.0
    excess = problem.closure * (problem.aperture @ weights - problem.wanted)
    for _sweep in range(SWEEPS):
        for pose, aperture in enumerate(problem.aperture):
            now, bind = weights[pose], smoothness[pose]
            slope = linear[pose] - problem.gram[pose] @ weights - bind * neighbours * now - aperture * excess
            slope[1:] += bind * now[:-1]
            slope[:-1] += bind * now[1:]
            curvature = problem.gram[pose, pose] + bind * neighbours + aperture**2 * problem.closure
            after = np.clip(now + slope / curvature, low[pose], high[pose])
            excess += problem.closure * (aperture * (after - now))
            weights[pose] = after

"""Measure what shapes of another face do, by how they move its vertices against the bundled head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from ...channels import FACE
from ...types import BoolArray, Float32Array, Float64Array, Int64Array
from ..bounded_least_squares import solve_bounded
from ..head import load_head
from .alignment import CELLS, FINE_CELLS, LOWER, ONE_PART, REST_SHARE, Placement, blend, cell_weights, cells_of, place
from .pose_set import PoseSet

MILLIMETRES = 1000.0

OPENING_MM = 15.0
"""Distance in mm that a difference in how far the jaw opens counts: it tells the lower lip from the upper."""

FARTHEST_MM = 15.0
"""Vertices further from the bundled head are not compared."""

RIDGE, SPARSITY, SMALLEST, LARGEST = 0.02, 0.02, 0.05, 2.0
"""Of measured recipes: ridge and sparsity relative to a channel's size, and the bounds of what counts."""

AGREES = 0.4
"""Cosine of a shape's displacement with its recipe's from which the name is right and only the amount is measured."""

AMOUNTS = (0.25, 3.0)
"""Bounds of a recipe's measured amount."""

EXPLAINED = 0.5
"""Share of a displacement that a measured recipe must explain to replace one that the name says."""

ENOUGH = 4
"""Shapes with known recipes that place a face by themselves."""

FEWEST = 8
"""Vertices without which a face is not measured."""

GAP_MM, GAP_RADIUS_MM = 3.0, 9.0
"""Apertures from which the amount is that of the lips, and how near the middle of the lips they are measured."""


@dataclass(frozen=True)
class MeasuredPoses:
    """Shapes of a face as measured.

    Attributes:
        poses: Shapes that move the face, with recipes.
        confidence: (K,) 0 to 1: how well the recipe's displacement agrees with the shape's.
        scale: mm of the bundled head per unit of the target's mouth.
    """

    poses: PoseSet
    confidence: Float32Array
    scale: float


@dataclass(frozen=True)
class Compared:
    """Shapes of a face over the bundled head.

    Attributes:
        moving: (S,) the indices of the shapes that move anything.
        cosines: (S, 52) cosine of each one's displacement with that of each channel.
        recipes: (S, 52) measured recipes.
        explained: (S,) share of each displacement that its recipe explains.
    """

    moving: Int64Array
    cosines: Float64Array
    recipes: Float64Array
    explained: Float64Array


@dataclass(frozen=True)
class _Bundled:
    """The bundled head's face in mm: vertices (V, 3), deltas (52, V, 3), opening (V,), the middle of the lips (3,)."""

    vertices: Float64Array
    deltas: Float64Array
    opening: Float64Array
    lips: Float64Array


@dataclass(frozen=True)
class _Match:
    """Vertices of the target over the bundled head.

    Attributes:
        vertices: (P,) indices of the target.
        nearest: (P,) vertices of the bundled face.
        scales: (P, 1) mm per unit.
        weights: (P,) roots of weights.
        lip: (P,) 1 / n at the n points of the upper lip's middle, -1 / m at the lower's.
    """

    vertices: Int64Array
    nearest: Int64Array
    scales: Float64Array
    weights: Float64Array
    lip: Float64Array


def moving_shapes(deltas: Float32Array) -> BoolArray:
    """Return which shapes (K,) of offsets (K, N, 3) move anything visible: the others are no targets."""
    reach = np.array([np.abs(shape).max(initial=0.0) for shape in deltas])
    return reach > REST_SHARE * reach.max(initial=0.0)


def poses_from_displacements(
    names: Sequence[str], vertices: Float32Array, deltas: Float32Array, known: PoseSet | None = None
) -> MeasuredPoses | None:
    """Return the shapes that move the face, with measured recipes; None if the face cannot be placed.

    The target is placed over the bundled head by where its shapes move it: shapes with known recipes by the same
    recipes, otherwise as if the shapes were of the whole face or of the mouth, whichever explains more. Vertices of
    both are matched by place and by how far they move when the jaw opens. A known recipe that agrees keeps its
    channels, and one of the mouth gets the amount of this face (how far its `viseme_aa` opens the lips). Any other
    shape is a sparse non-negative combination of the 52 channels by least squares over the face, if that explains
    enough.

    Args:
        names: K names.
        vertices: (N, 3) at rest, X the character's left, -Y forward, Z up, in any unit and place.
        deltas: (K, N, 3) offsets of the shapes.
        known: Poses with recipes by name, and channels by name (see `channel_poses`).
    """
    moving = np.flatnonzero(moving_shapes(deltas)) if len(deltas) else np.zeros(0, np.int64)
    if not len(moving):
        return None
    named = [names[number] for number in moving]
    recipes = _known_recipes(named, known)
    points, shapes = _thinned(vertices, deltas, moving)
    match, lower = _best_match(points, shapes, recipes)
    if match is None or lower is None:
        return None
    measured, explained = _measure(match, shapes)
    confidence = explained.copy()
    for number, recipe in enumerate(recipes):
        if recipe.any():
            amount, agreement = _amount(match, shapes[number], recipe)
            if agreement >= AGREES or explained[number] < EXPLAINED:
                measured[number] = recipe * (amount if agreement >= AGREES else 1.0)
                confidence[number] = agreement
    count = len(named)
    poses = PoseSet(tuple(named), measured.astype(np.float32), np.zeros(count, np.float32), np.ones(count, np.float32))
    return MeasuredPoses(poses, np.clip(confidence, 0.0, 1.0).astype(np.float32), lower.scale)


def compared(vertices: Float32Array, deltas: Float32Array) -> Compared | None:
    """Return shapes without any known name over the bundled face; None if they move nothing or cannot be placed."""
    moving = np.flatnonzero(moving_shapes(deltas)) if len(deltas) else np.zeros(0, np.int64)
    if not len(moving):
        return None
    points, shapes = _thinned(vertices, deltas, moving)
    match, lower = _best_match(points, shapes, np.zeros((len(moving), len(FACE))))
    if match is None or lower is None:
        return None
    weights = match.weights[:, None]
    given = (_bundled().deltas[:, match.nearest] * weights).reshape(len(FACE), -1)
    wanted = (shapes[:, match.vertices] * match.scales * weights).reshape(len(moving), -1)
    lengths = np.outer(np.linalg.norm(wanted, axis=1), np.linalg.norm(given, axis=1))
    recipes, explained = _measure(match, shapes)
    return Compared(moving, (wanted @ given.T) / np.maximum(lengths, 1e-9), recipes, explained)


def _thinned(vertices: Float32Array, deltas: Float32Array, moving: Int64Array) -> tuple[Float64Array, Float64Array]:
    """Return one vertex of each small cell among those that move, and its offsets: (P, 3) and (K, P, 3)."""
    reach = np.zeros(len(vertices), np.float32)
    for number in moving:
        reach = np.maximum(reach, np.abs(deltas[number]).max(axis=1))
    moved = np.flatnonzero(reach > REST_SHARE * reach.max())
    kept = moved[cells_of(vertices[moved].astype(np.float64), FINE_CELLS)[0]]
    return vertices[kept].astype(np.float64), deltas[np.ix_(moving, kept)].astype(np.float64)


@cache
def _bundled() -> _Bundled:
    head = load_head()
    face, marks = head.landmarks["face"], head.landmarks
    vertices = head.vertices[face].astype(np.float64) * MILLIMETRES
    deltas = head.deltas[:, face].astype(np.float64) * MILLIMETRES
    lips = marks["upper_inner_lip"]
    middle = head.vertices[lips[len(lips) // 2]].astype(np.float64) * MILLIMETRES
    return _Bundled(vertices, deltas, _opening(-deltas[FACE.index("jawOpen"), :, 2]), middle)


def _opening(down: Float64Array) -> Float64Array:
    """Return how far points move downwards, relative to those that move most."""
    return np.clip(down / max(float(np.quantile(down, 0.97)), 1e-9), -1.0, 1.5)


def _known_recipes(names: Sequence[str], known: PoseSet | None) -> Float64Array:
    rows = {} if known is None else dict(zip(known.names, known.recipes, strict=True))
    empty = np.zeros(len(FACE))
    return np.stack([rows.get(name, empty) for name in names]).astype(np.float64)


def _best_match(
    points: Float64Array, shapes: Float64Array, recipes: Float64Array
) -> tuple[_Match | None, Placement | None]:
    """Return the matched vertices, and the placement of the mouth."""
    candidates: list[tuple[_Match, Placement, float]] = []
    known = int(np.count_nonzero(recipes.any(axis=1)))
    if known:
        candidates.extend(_matched(points, shapes, recipes, recipes))
    if known < ENOUGH:
        for channels in (np.ones(len(FACE), bool), LOWER):
            candidates.extend(_guessed(points, shapes, recipes, channels))
    best = max(candidates, key=lambda candidate: candidate[2], default=None)
    return (None, None) if best is None else best[:2]


def _matched(
    points: Float64Array, shapes: Float64Array, recipes: Float64Array, opening: Float64Array
) -> list[tuple[_Match, Placement, float]]:
    """Return the match by shapes with recipes, its placement of the mouth and what it explains; none if it fails."""
    lower, upper = _placements(points, shapes, recipes)
    match = None if lower is None or upper is None else _match(points, shapes, opening, lower, upper)
    if match is None or lower is None:
        return []
    return [(match, lower, float(_measure(match, shapes)[1].mean()))]


def _guessed(
    points: Float64Array, shapes: Float64Array, recipes: Float64Array, channels: BoolArray
) -> list[tuple[_Match, Placement, float]]:
    """Return matches as if the shapes moved what these channels move: at first, and again by what was measured so."""
    placement = place(points, shapes, _bundled().vertices, _bundled().deltas[channels])
    match = None if placement is None else _match(points, shapes, recipes, placement, placement)
    if match is None or placement is None:
        return []
    measured, explained = _measure(match, shapes)
    measured = np.where(recipes.any(axis=1, keepdims=True), recipes, measured)
    return [(match, placement, float(explained.mean())), *_matched(points, shapes, measured, measured)]


def _placements(
    points: Float64Array, shapes: Float64Array, recipes: Float64Array
) -> tuple[Placement | None, Placement | None]:
    """Return the placements of mouth and eyes; if shapes of only one of them are known, twice the same."""
    total = np.maximum(recipes.sum(axis=1), 1e-9)
    share = recipes[:, LOWER].sum(axis=1) / total
    known = recipes.any(axis=1)
    placed: list[Placement | None] = []
    for chosen in (known & (share >= ONE_PART), known & (share <= 1 - ONE_PART)):
        fields = np.tensordot(recipes[chosen], _bundled().deltas, axes=1)
        placed.append(place(points, shapes[chosen], _bundled().vertices, fields) if chosen.any() else None)
    lower, upper = placed
    return lower or upper, upper or lower


def _match(
    points: Float64Array, shapes: Float64Array, recipes: Float64Array, lower: Placement, upper: Placement
) -> _Match | None:
    """Return which vertex of the bundled face each vertex of the target is; None if too few are near."""
    bundled = _bundled()
    moved = np.flatnonzero(np.sum(shapes**2, axis=2).max(axis=0) > (REST_SHARE * np.abs(shapes).max()) ** 2)
    placed, scales = blend(points[moved], lower, upper)
    lowest, highest = bundled.vertices.min(axis=0) - FARTHEST_MM, bundled.vertices.max(axis=0) + FARTHEST_MM
    inside = np.flatnonzero(((placed > lowest) & (placed < highest)).all(axis=1))
    if len(inside) < FEWEST:
        return None
    moved, placed, scales = moved[inside], placed[inside], scales[inside]
    opening = _opening(_jaw_drop(shapes[:, moved], recipes))
    target = np.concatenate([placed, OPENING_MM * opening[:, None]], axis=1)
    own = np.concatenate([bundled.vertices, OPENING_MM * bundled.opening[:, None]], axis=1)
    nearest = np.argmin(np.sum(own**2, axis=1) - 2 * target @ own.T, axis=1)
    kept = np.sum((placed - bundled.vertices[nearest]) ** 2, axis=1) < FARTHEST_MM**2
    if np.count_nonzero(kept) < FEWEST:
        return None
    moved, nearest, placed, scales = moved[kept], nearest[kept], placed[kept], scales[kept]
    lip = _lip_pooling(bundled.vertices[nearest], bundled.opening[nearest])
    return _Match(moved, nearest, scales, np.sqrt(cell_weights(placed, CELLS)), lip)


def _jaw_drop(shapes: Float64Array, recipes: Float64Array) -> Float64Array:
    """Return how far points move down in the shape that opens the mouth most by its recipe, otherwise downwards."""
    opens = recipes[:, FACE.index("jawOpen")] - recipes[:, FACE.index("mouthClose")]
    if opens.max(initial=0.0) > 0:
        return -shapes[int(np.argmax(opens)), :, 2]
    down = -shapes[:, :, 2]
    return down[int(np.argmax(np.mean(np.maximum(down, 0.0), axis=1)))]


def _lip_pooling(points: Float64Array, opening: Float64Array) -> Float64Array:
    """Return weights with which upward offsets sum to the aperture of the lips' middle; 0 if a lip has no points."""
    near = np.sum((points - _bundled().lips)[:, [0, 2]] ** 2, axis=1) < GAP_RADIUS_MM**2
    upper, lower = near & (opening < 0.25), near & (opening > 0.6)
    if not upper.any() or not lower.any():
        return np.zeros(len(points))
    return upper / np.count_nonzero(upper) - lower / np.count_nonzero(lower)


def _measure(match: _Match, shapes: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Return measured recipes (K, 52), and the share of each shape's displacement that they explain (K,)."""
    own = (_bundled().deltas[:, match.nearest] * match.weights[:, None]).reshape(len(FACE), -1)
    gram = own @ own.T
    sizes = np.sqrt(np.diag(gram)) + 1e-9
    ridged = gram + np.diag(RIDGE * sizes**2 + 1e-9)
    low, high = np.zeros(len(FACE)), np.full(len(FACE), LARGEST)
    recipes, explained = np.zeros((len(shapes), len(FACE))), np.zeros(len(shapes))
    for number, shape in enumerate(shapes):
        wanted = (shape[match.vertices] * match.scales * match.weights[:, None]).ravel()
        size = float(np.linalg.norm(wanted))
        if size < 1e-9:
            continue
        weights = solve_bounded(ridged, own @ wanted - SPARSITY * sizes * size, low, high)
        recipes[number] = np.where(weights >= SMALLEST, weights, 0.0)
        explained[number] = 1.0 - min(1.0, float(np.linalg.norm(wanted - recipes[number] @ own)) / size) ** 2
    return recipes, explained


def _amount(match: _Match, shape: Float64Array, recipe: Float64Array) -> tuple[float, float]:
    """Return how much of a recipe a shape is, and the cosine of both displacements."""
    wanted = shape[match.vertices] * match.scales
    given = np.tensordot(recipe, _bundled().deltas[:, match.nearest], axes=1)
    first, second = (wanted * match.weights[:, None]).ravel(), (given * match.weights[:, None]).ravel()
    lengths = float(np.linalg.norm(first)), float(np.linalg.norm(second))
    if min(lengths) < 1e-9:
        return 1.0, 0.0
    return _lower_amount(match, wanted, given, recipe, lengths), float(first @ second) / (lengths[0] * lengths[1])


def _lower_amount(
    match: _Match, wanted: Float64Array, given: Float64Array, recipe: Float64Array, lengths: tuple[float, float]
) -> float:
    """Return how far a shape of the mouth goes; 1 for lids, gaze and brows, whose names say it."""
    if recipe[LOWER].sum() < ONE_PART * recipe.sum():
        return 1.0
    aperture = float(match.lip @ given[:, 2])
    if aperture > GAP_MM:
        return float(np.clip(match.lip @ wanted[:, 2] / aperture, *AMOUNTS))
    return float(np.clip(lengths[0] / lengths[1], *AMOUNTS))

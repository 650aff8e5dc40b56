"""Reduction of shapes: within the tolerance, with as few shapes as needed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diface_core.faces.basis import reduce_shapes
from diface_core.types import Shapes

VERTICES = 40


def spanned(rows: int, rank: int, seed: int = 0) -> tuple[np.ndarray, Shapes]:
    """Return a motion of `rank` directions, each ten times smaller than the last, with twice as many shapes."""
    draw = np.random.default_rng(seed)
    weights = draw.normal(size=(rows, rank)) * 0.01 * 10.0 ** -np.arange(rank)
    mixed = draw.normal(size=(rank, 2 * rank))
    deltas = np.linalg.pinv(mixed) @ draw.normal(size=(rank, 3 * VERTICES))
    names = tuple(f"s{number}" for number in range(2 * rank))
    return (weights @ mixed).astype(np.float32), Shapes(names, deltas.reshape(-1, VERTICES, 3).astype(np.float32))


def vertices(weights: np.ndarray, shapes: Shapes) -> np.ndarray:
    return np.einsum("tk,kvc->tvc", weights.astype(np.float64), shapes.deltas.astype(np.float64))


@given(rows=st.integers(1, 30), rank=st.integers(1, 6), power=st.integers(-7, -2), seed=st.integers(0, 99))
def test_reduce_shapes_stays_within_the_tolerance(rows, rank, power, seed) -> None:
    weights, shapes = spanned(rows, rank, seed)
    few, found = reduce_shapes(weights, shapes, 10.0**power)
    off = np.linalg.norm(vertices(few, found) - vertices(weights, shapes), axis=-1).max()
    assert off <= 10.0**power
    assert off == pytest.approx(found.error, abs=1e-7)
    assert few.shape == (rows, len(found.names))
    assert np.abs(few).max() == pytest.approx(1.0)


def test_reduce_shapes_uses_no_more_shapes_than_needed() -> None:
    weights, shapes = spanned(60, 5)
    counts = [len(reduce_shapes(weights, shapes, tolerance)[1].names) for tolerance in (1.0, 1e-3, 1e-4, 1e-5, 0.0)]
    assert counts == sorted(counts)
    assert counts[0] == 1
    few, found = reduce_shapes(weights, shapes, 1e-4)
    left_out = vertices(few[:, :-1], Shapes(found.names[:-1], found.deltas[:-1])) - vertices(weights, shapes)
    assert np.linalg.norm(left_out, axis=-1).max() > 0.9e-4


def test_reduce_shapes_with_zero_tolerance_is_exact_to_rounding() -> None:
    weights, shapes = spanned(60, 5)
    few, found = reduce_shapes(weights, shapes, 0.0)
    assert np.abs(vertices(few, found) - vertices(weights, shapes)).max() < 2e-7
    assert found.error < 2e-7


def test_first_shape_moves_most_and_has_positive_weights() -> None:
    few, found = reduce_shapes(*spanned(60, 4), 0.0)
    sizes = [np.abs(delta).max() for delta in found.deltas]
    assert sizes[0] == max(sizes)
    assert (few.max(axis=0) == 1.0).all()


def test_motionless_face_has_one_shape() -> None:
    weights, shapes = spanned(5, 2)
    few, found = reduce_shapes(weights * 0, shapes, 1e-5)
    assert few.shape == (5, 1)
    assert not few.any()
    assert found.error == 0.0


def test_weights_of_another_shape_count_are_refused() -> None:
    weights, shapes = spanned(5, 2)
    with pytest.raises(ValueError, match=r"shape \(frames, 4\)"):
        reduce_shapes(weights[:, :3], shapes, 1e-5)

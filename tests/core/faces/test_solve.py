"""Solving sculpts: weights are recovered, the rest is reported as residual, and bounds hold."""

from __future__ import annotations

import time

import numpy as np
import pytest

from diface_core.faces.head import load_head
from diface_core.faces.solve import solve_weights
from diface_core.types import SolveRequest, SolveResult

SHAPES, VERTICES = 20, 300
SEEDS = range(12)


def shapes(seed: int, count: int = SHAPES) -> np.ndarray:
    """Return deltas (K, V, 3) in metres, each of a part of the face, of very different sizes."""
    draw = np.random.default_rng(seed)
    where = draw.random((count, VERTICES, 1)) < 0.3
    return (draw.normal(size=(count, VERTICES, 3)) * where * draw.uniform(2e-3, 2e-2, (count, 1, 1))).astype(np.float32)


def sculpted(deltas: np.ndarray, change: np.ndarray, current: np.ndarray | float = 0.0, **changes) -> SolveRequest:
    """Return a request for a face moved by the weights `change` (K,) from `current`; bounds 0 to 1."""
    count = len(deltas)
    fields = {
        "offsets": np.tensordot(change, deltas, 1).astype(np.float32),
        "current": np.broadcast_to(current, count).astype(np.float32),
        "lower": np.zeros(count, np.float32),
        "upper": np.ones(count, np.float32),
        "vertex_mask": np.ones(deltas.shape[1], bool),
    }
    return SolveRequest(deltas, **(fields | changes))


def left_over(request: SolveRequest, found: SolveResult) -> np.ndarray:
    """Return the distance of each vertex (V,) from its sculpted position."""
    made = np.tensordot((found.weights - request.current).astype(np.float64), request.deltas, 1)
    return np.linalg.norm(request.offsets - made, axis=1)


@pytest.mark.parametrize("seed", SEEDS)
def test_sparse_weights_are_recovered_and_others_stay_exactly(seed: int) -> None:
    draw, deltas = np.random.default_rng(seed), shapes(seed)
    current = draw.uniform(0.1, 0.9, SHAPES).astype(np.float32)
    wanted = current.copy()
    touched = draw.choice(SHAPES, 4, replace=False)
    wanted[touched] = draw.uniform(0, 1, 4)
    request = sculpted(deltas, (wanted - current).astype(np.float64), current)
    found = solve_weights(request)
    # Invisible changes may remain: a thousandth of the largest displacement per shape.
    assert np.max(left_over(request, found)) < 4e-3 * np.linalg.norm(deltas, axis=2).max()
    assert np.max(np.abs(found.weights - wanted)) < 0.01
    others = np.setdiff1d(np.arange(SHAPES), touched)
    np.testing.assert_array_equal(found.weights[others], current[others])


@pytest.mark.parametrize("seed", SEEDS)
def test_larger_changes_are_recovered_almost_exactly(seed: int) -> None:
    deltas = shapes(seed)
    wanted = np.zeros(SHAPES)
    wanted[np.random.default_rng(seed).choice(SHAPES, 5, replace=False)] = [0.2, 0.4, 0.6, 0.8, 1.0]
    found = solve_weights(sculpted(deltas, wanted))
    assert np.max(np.abs(found.weights - wanted)) < 1e-5
    assert found.worst < 1e-6


@pytest.mark.parametrize("seed", SEEDS)
def test_weights_stay_within_bounds(seed: int) -> None:
    draw, deltas = np.random.default_rng(seed), shapes(seed)
    lower, upper = draw.uniform(-0.5, 0, SHAPES).astype(np.float32), draw.uniform(0.3, 1, SHAPES).astype(np.float32)
    upper[3] = lower[3]
    request = sculpted(deltas, draw.normal(size=SHAPES) * 2, lower=lower, upper=upper)
    found = solve_weights(request)
    assert np.all(found.weights[np.arange(SHAPES) != 3] >= lower[np.arange(SHAPES) != 3])
    assert np.all(found.weights <= np.maximum(upper, 0))
    assert found.weights[3] == request.current[3], "equal bounds: the weight stays"


@pytest.mark.parametrize("seed", SEEDS)
def test_solution_is_optimal_within_the_bounds(seed: int) -> None:
    """No step of a changed weight reduces the distance, and none of another weight by much."""
    draw, deltas = np.random.default_rng(seed), shapes(seed)
    request = sculpted(deltas, draw.normal(size=SHAPES))
    found = solve_weights(request)
    best = np.sum(left_over(request, found) ** 2)
    for shape in range(SHAPES):
        for step in (-0.01, 0.01):
            weights = found.weights.copy()
            weights[shape] = np.clip(weights[shape] + step, 0, 1)
            least = 1e-6 if found.weights[shape] != request.current[shape] else 0.01
            assert np.sum(left_over(request, SolveResult(weights, 0, 0)) ** 2) >= best * (1 - least)


@pytest.mark.parametrize("seed", SEEDS)
def test_noisy_sculpt_leaves_a_small_residual(seed: int) -> None:
    draw, deltas = np.random.default_rng(seed), shapes(seed)
    wanted = np.zeros(SHAPES)
    wanted[:4] = draw.uniform(0.2, 0.8, 4)
    noise = draw.normal(size=(VERTICES, 3)) * 1e-4
    request = sculpted(deltas, wanted)
    found = solve_weights(sculpted(deltas, wanted, offsets=(request.offsets + noise).astype(np.float32)))
    assert np.max(np.abs(found.weights - wanted)) < 0.03
    assert found.rms < 2 * np.sqrt(3) * 1e-4


def test_unreachable_displacement_is_reported_as_residual() -> None:
    deltas = shapes(0)
    deltas[:, 7] = 0
    request = sculpted(deltas, np.zeros(SHAPES))
    request.offsets[7] = (0, 0.003, 0.004)
    found = solve_weights(request)
    np.testing.assert_array_equal(found.weights, request.current)
    assert found.worst == pytest.approx(0.005)
    assert found.rms == pytest.approx(0.005), "of the sculpted vertices only"


def test_residual_equals_the_remaining_distance() -> None:
    draw, deltas = np.random.default_rng(1), shapes(1)
    request = sculpted(deltas, np.zeros(SHAPES), offsets=draw.normal(size=(VERTICES, 3)).astype(np.float32) * 0.01)
    found = solve_weights(request)
    off = left_over(request, found)
    assert found.worst == pytest.approx(off.max(), rel=1e-5)
    assert found.rms == pytest.approx(np.sqrt(np.mean(off**2)), rel=1e-5)


def test_masked_vertices_have_no_influence() -> None:
    deltas = shapes(2)
    wanted = np.zeros(SHAPES)
    wanted[4] = 0.7
    counts = np.arange(VERTICES) < VERTICES // 2
    request = sculpted(deltas, wanted, vertex_mask=counts)
    request.offsets[~counts] += 0.05
    found = solve_weights(request)
    assert np.max(np.abs(found.weights - wanted)) < 1e-5
    assert found.worst < 1e-6


def test_shape_of_masked_vertices_only_does_not_change() -> None:
    deltas, counts = shapes(2), np.ones(VERTICES, bool)
    counts[:10] = False
    deltas[5] = 0
    deltas[5, :10] = 0.01
    request = sculpted(deltas, np.eye(SHAPES)[5], 0.25, vertex_mask=counts)
    assert solve_weights(request).weights[5] == 0.25


def test_opposite_shapes_are_not_both_raised() -> None:
    """jawLeft and jawRight: a displacement to the left never raises both."""
    deltas = shapes(3, 6)
    deltas[1] = -deltas[0]
    found = solve_weights(sculpted(deltas, np.array([0.4, 0, 0, 0, 0, 0])))
    assert found.weights[0] == pytest.approx(0.4, abs=1e-4)
    assert found.weights[1] == 0
    # If one is raised already, it is lowered before the other is raised.
    back = solve_weights(sculpted(deltas, np.array([0.3, 0, 0, 0, 0, 0]), np.array([0, 0.3, 0, 0, 0, 0])))
    assert back.weights[0] <= 0.3 + 1e-4
    assert back.weights[1] <= 0.3
    assert back.weights[0] - back.weights[1] == pytest.approx(0, abs=1e-4)


def test_solution_does_not_depend_on_the_unit() -> None:
    draw, deltas = np.random.default_rng(4), shapes(4)
    moved = draw.normal(size=(VERTICES, 3)).astype(np.float32) * 0.01
    metres = solve_weights(sculpted(deltas, np.zeros(SHAPES), offsets=moved))
    centimetres = solve_weights(sculpted(deltas * 100, np.zeros(SHAPES), offsets=moved * 100))
    np.testing.assert_allclose(metres.weights, centimetres.weights, atol=1e-4)
    assert centimetres.worst == pytest.approx(100 * metres.worst, rel=1e-3)


@pytest.mark.parametrize("count", [0, 1])
def test_few_or_no_shapes_are_valid(count: int) -> None:
    found = solve_weights(sculpted(shapes(5, count), np.full(count, 0.5)))
    np.testing.assert_allclose(found.weights, np.full(count, 0.5), atol=1e-5)


def test_mismatched_shapes_are_refused() -> None:
    deltas = shapes(6)
    with pytest.raises(ValueError, match="must fit"):
        sculpted(deltas, np.zeros(SHAPES), offsets=np.zeros((3, 3), np.float32))
    with pytest.raises(ValueError, match="finite"):
        sculpted(deltas, np.full(SHAPES, np.nan))


def test_bundled_head_is_solved_exactly() -> None:
    head, draw = load_head(), np.random.default_rng(0)
    wanted = np.zeros(52)
    wanted[draw.choice(52, 8, replace=False)] = draw.uniform(0.2, 0.9, 8)
    count = len(head.vertices)
    request = sculpted(head.deltas, wanted, vertex_mask=np.ones(count, bool))
    solve_weights(request)
    began = time.process_time()
    found = solve_weights(request)
    assert time.process_time() - began < 1.0  # 0.1 to 0.2 s on one idle core
    assert found.worst < 5e-5
    assert np.max(np.abs(found.weights - wanted)) < 0.02

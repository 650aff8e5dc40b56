"""Bounded least squares: the same as scipy's."""

import numpy as np
import pytest
from scipy.optimize import lsq_linear

from diface_core.faces.bounded_least_squares import solve_bounded


@pytest.mark.parametrize("seed", range(40))
def test_solution_equals_that_of_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 53))
    matrix = rng.standard_normal((60, count)) @ np.diag(10.0 ** rng.uniform(-2, 1, count))
    target = rng.standard_normal(60) * 3
    low = -rng.uniform(0, 1, count) * (rng.random(count) > 0.3)
    high = low + rng.uniform(0.01, 2, count)
    found = solve_bounded(matrix.T @ matrix, matrix.T @ target, low, high)
    assert ((found >= low) & (found <= high)).all()
    expected = lsq_linear(matrix, target, (low, high), method="bvls", tol=1e-14).x
    np.testing.assert_allclose(matrix @ found, matrix @ expected, atol=1e-8)


def test_a_solution_at_the_bounds_is_exact() -> None:
    found = solve_bounded(np.eye(3), np.array([-1.0, 0.25, 9.0]), np.zeros(3), np.ones(3))
    np.testing.assert_array_equal(found, [0.0, 0.25, 1.0])

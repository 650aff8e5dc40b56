"""Sparse matrices and systems: the same as scipy's."""

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse.linalg import spsolve

from diface_core.faces.transfer.sparse import SparseMatrix, solve_positive_definite

RNG = np.random.default_rng(7)


def random_matrix(rows: int, columns: int, entries: int) -> tuple[SparseMatrix, sparse.csr_matrix]:
    places = RNG.integers(0, rows, entries), RNG.integers(0, columns, entries)
    values = RNG.standard_normal(entries)
    scipy_matrix = sparse.csr_matrix((values, places), (rows, columns))
    return SparseMatrix.from_entries(*places, values, (rows, columns)), scipy_matrix


def grid(size: int) -> tuple[SparseMatrix, sparse.csr_matrix]:
    """Return the Laplacian of a square grid with random weights, with a second grid that is not connected to it."""
    number = np.arange(2 * size * size).reshape(2, size, size)
    ends = np.concatenate(
        [
            np.c_[number[:, :, :-1].ravel(), number[:, :, 1:].ravel()],
            np.c_[number[:, :-1].ravel(), number[:, 1:].ravel()],
        ]
    )
    weight = RNG.uniform(0.1, 1, len(ends))
    first, second = ends.T
    rows, columns = np.r_[first, second, first, second], np.r_[second, first, first, second]
    values, shape = np.r_[-weight, -weight, weight, weight], (number.size, number.size)
    ours = SparseMatrix.from_entries(rows, columns, values, shape) + SparseMatrix.identity(number.size, 1e-6)
    return ours, sparse.csr_matrix((values, (rows, columns)), shape) + 1e-6 * sparse.eye(number.size)


def test_operations_equal_those_of_scipy() -> None:
    one, other = random_matrix(30, 20, 150)
    dense = RNG.standard_normal((20, 3))
    np.testing.assert_allclose(one @ dense, other @ dense, atol=1e-12)
    np.testing.assert_allclose(one.to_dense(), other.toarray(), atol=1e-12)
    np.testing.assert_allclose(one.transposed.to_dense(), other.T.toarray(), atol=1e-12)
    np.testing.assert_allclose(one.gram().to_dense(), (other.T @ other).toarray(), atol=1e-12)
    np.testing.assert_allclose((one * 3.0 + one).to_dense(), 4 * other.toarray(), atol=1e-12)
    np.testing.assert_allclose(one.row(7), other.toarray()[7], atol=1e-12)
    chosen = np.array([5, 2, 11])
    np.testing.assert_allclose(one.select_rows(chosen).to_dense(), other.toarray()[chosen], atol=1e-12)
    square, scipy_square = one.gram(), (other.T @ other).toarray()
    np.testing.assert_allclose(square.select(chosen).to_dense(), scipy_square[np.ix_(chosen, chosen)], atol=1e-12)
    np.testing.assert_allclose(square.diagonal(), np.diag(scipy_square), atol=1e-12)


@pytest.mark.parametrize("size", [1, 2, 25])
def test_solution_equals_that_of_scipy(size: int) -> None:
    ours, theirs = grid(size)
    condition, scipy_condition = random_matrix(5, ours.shape[0], 12)
    ours, theirs = ours + condition.gram() * 100.0, theirs + 100 * scipy_condition.T @ scipy_condition
    right = RNG.standard_normal((ours.shape[0], 3))
    expected = spsolve(theirs.tocsc(), right)
    np.testing.assert_allclose(solve_positive_definite(ours, right), expected, atol=1e-8 * np.abs(expected).max())

"""Sparse matrices as coordinates, and the solution of sparse symmetric systems, with numpy alone.

scipy offers both, but is as large as everything else that the worker needs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Float64Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer]


@dataclass(frozen=True)
class SparseMatrix:
    """A matrix as coordinates: entry n adds `values[n]` at (`rows[n]`, `columns[n]`).

    Attributes:
        rows: (N,).
        columns: (N,).
        values: (N,).
        shape: Numbers of rows and columns.
    """

    rows: IntArray
    columns: IntArray
    values: Float64Array
    shape: tuple[int, int]

    @classmethod
    def from_entries(
        cls, rows: IntArray, columns: IntArray, values: Float64Array, shape: tuple[int, int]
    ) -> SparseMatrix:
        """Return a matrix with the entries in the order of their rows, and those of one place added up."""
        places, inverse = np.unique(rows.astype(np.int64) * shape[1] + columns, return_inverse=True)
        sums = _sums(inverse.ravel(), values, len(places))
        return cls(places // shape[1], places % shape[1], sums, shape)

    @classmethod
    def identity(cls, size: int, value: float = 1.0) -> SparseMatrix:
        """Return `value` times the identity."""
        numbers = np.arange(size)
        return cls(numbers, numbers, np.full(size, value), (size, size))

    def __matmul__(self, dense: Float64Array) -> Float64Array:
        """Return the product (R, n) with a dense matrix (C, n)."""
        terms = self.values[:, None] * dense[self.columns]
        return np.stack([_sums(self.rows, column, self.shape[0]) for column in terms.T], axis=1)

    def __add__(self, other: SparseMatrix) -> SparseMatrix:
        """Return the sum of two matrices of one shape."""
        rows, columns = np.concatenate([self.rows, other.rows]), np.concatenate([self.columns, other.columns])
        return SparseMatrix.from_entries(rows, columns, np.concatenate([self.values, other.values]), self.shape)

    def __mul__(self, factor: float) -> SparseMatrix:
        """Return the matrix times a number."""
        return replace(self, values=self.values * factor)

    @property
    def transposed(self) -> SparseMatrix:
        """Return the transposed matrix."""
        return SparseMatrix.from_entries(self.columns, self.rows, self.values, (self.shape[1], self.shape[0]))

    def gram(self) -> SparseMatrix:
        """Return A' A (C, C)."""
        counts = np.bincount(self.rows, minlength=self.shape[0])
        order = np.argsort(self.rows, kind="stable")
        first = np.cumsum(counts) - counts
        # Every entry is paired with all entries of its row.
        partners = counts[self.rows[order]]
        left = np.repeat(order, partners)
        within = np.arange(len(left)) - np.repeat(np.cumsum(partners) - partners, partners)
        right = order[np.repeat(first[self.rows[order]], partners) + within]
        size = self.shape[1]
        products = self.values[left] * self.values[right]
        return SparseMatrix.from_entries(self.columns[left], self.columns[right], products, (size, size))

    def select_rows(self, chosen: IntArray) -> SparseMatrix:
        """Return the rows of these numbers, in their order."""
        return self._select(chosen, np.arange(self.shape[1]))

    def select(self, chosen: IntArray) -> SparseMatrix:
        """Return the square matrix of these rows and columns, in their order."""
        return self._select(chosen, chosen)

    def diagonal(self) -> Float64Array:
        """Return the diagonal of a square matrix."""
        on_it = self.rows == self.columns
        return _sums(self.rows[on_it], self.values[on_it], self.shape[0])

    def row(self, number: int) -> Float64Array:
        """Return a row as a dense array (C,)."""
        chosen = self.rows == number
        return _sums(self.columns[chosen], self.values[chosen], self.shape[1])

    def to_dense(self) -> Float64Array:
        """Return the dense matrix."""
        dense = np.zeros(self.shape)
        np.add.at(dense, (self.rows, self.columns), self.values)
        return dense

    def _select(self, rows: IntArray, columns: IntArray) -> SparseMatrix:
        new_row, new_column = (np.full(size, -1) for size in self.shape)
        new_row[rows], new_column[columns] = np.arange(len(rows)), np.arange(len(columns))
        kept = (new_row[self.rows] >= 0) & (new_column[self.columns] >= 0)
        places = new_row[self.rows[kept]], new_column[self.columns[kept]]
        return SparseMatrix.from_entries(*places, self.values[kept], (len(rows), len(columns)))


def _sums(places: IntArray, values: Float64Array, count: int) -> Float64Array:
    """Return the sums (count,) of the values of each place."""
    return np.bincount(places, values, count).astype(np.float64)


def solve_positive_definite(matrix: SparseMatrix, right: Float64Array) -> Float64Array:
    """Return x (N, n) with `matrix` x = `right`, for a symmetric positive definite matrix (N, N).

    Block elimination (George and Liu 1981, chapter 4): unknowns in the order of their distance from one of them in the
    matrix's graph form levels that are coupled to the level before and after only. The matrix is block tridiagonal in
    this order, and on a mesh a level has about as many unknowns as the mesh is wide.
    """
    levels = _levels(matrix)
    order = np.concatenate(levels)
    bounds = np.cumsum([0, *(len(level) for level in levels)])
    diagonal, coupling = _blocks(matrix.select(order), bounds)
    parts = [right[level] for level in levels]

    solved: list[Float64Array] = []  # of each level: its diagonal block's inverse times coupling and right side
    block, part = diagonal[0], parts[0]
    for number in range(len(levels)):
        following = coupling[number] if number < len(coupling) else np.zeros((0, len(block)))
        solved.append(np.linalg.solve(block, np.concatenate([following.T, part], axis=1)))
        if number < len(coupling):
            eliminated = following @ solved[number]
            width = len(following)
            block = diagonal[number + 1] - eliminated[:, :width]
            part = parts[number + 1] - eliminated[:, width:]

    columns = right.shape[1]
    solution = np.empty_like(right)
    following = np.zeros((0, columns))
    for number in reversed(range(len(levels))):
        split = solved[number].shape[1] - columns
        following = solved[number][:, split:] - solved[number][:, :split] @ following[:split]
        solution[levels[number]] = following
    return solution


def _levels(matrix: SparseMatrix) -> list[IntArray]:
    """Return the unknowns by their distance in the matrix's graph from one at its edge; graph parts in turn."""
    counts = np.bincount(matrix.rows, minlength=matrix.shape[0])
    first = np.cumsum(counts) - counts
    unvisited = np.ones(matrix.shape[0], bool)
    levels: list[IntArray] = []
    while unvisited.any():
        start = np.flatnonzero(unvisited)[:1]
        end = _breadth_first(matrix, first, counts, start, unvisited.copy())[-1]
        levels += _breadth_first(matrix, first, counts, end[np.argmin(counts[end])][None], unvisited)
    return levels


def _breadth_first(
    matrix: SparseMatrix, first: IntArray, counts: IntArray, start: IntArray, unvisited: npt.NDArray[np.bool_]
) -> list[IntArray]:
    """Return the levels of a breadth-first search, and clear `unvisited` where it went."""
    levels, level = [], start
    while len(level):
        unvisited[level] = False
        levels.append(level)
        lengths = counts[level]
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        neighbours = matrix.columns[np.repeat(first[level], lengths) + within]
        level = np.unique(neighbours[unvisited[neighbours]])
    return levels


def _blocks(matrix: SparseMatrix, bounds: IntArray) -> tuple[list[Float64Array], list[Float64Array]]:
    """Return the dense blocks on the diagonal, and those below it, of a block tridiagonal matrix."""
    level = np.searchsorted(bounds, np.arange(matrix.shape[0]), side="right") - 1
    row_level, column_level = level[matrix.rows], level[matrix.columns]
    sizes = np.diff(bounds)
    diagonal = [np.zeros((size, size)) for size in sizes]
    below = [np.zeros((later, size)) for size, later in pairwise(sizes)]
    starts = np.searchsorted(row_level, np.arange(len(sizes) + 1))
    for number in range(len(sizes)):
        entries = slice(starts[number], starts[number + 1])
        row, column = matrix.rows[entries] - bounds[number], matrix.columns[entries]
        inside = column_level[entries] == number
        diagonal[number][row[inside], column[inside] - bounds[number]] = matrix.values[entries][inside]
        before = column_level[entries] == number - 1
        if number:
            below[number - 1][row[before], column[before] - bounds[number - 1]] = matrix.values[entries][before]
    return diagonal, below

"""Few keys: within their bounds, through fixed samples exactly, and few."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diface_core.motion.key_reduction import Bounds, interpolate_keys, reduce_keys


def bounds_of(columns: int, single: float) -> Bounds:
    return Bounds(np.full(columns, single), np.zeros((columns, 0, 3)))


def smooth(rows: int, columns: int, seed: int) -> np.ndarray:
    """Return sums of a few waves (T, C) within about -2 and 2."""
    rng, time = np.random.default_rng(seed), np.arange(rows)[:, None]
    return sum(np.sin(time * rng.uniform(0.05, 0.6, columns) + rng.uniform(0, 6, columns)) for _ in range(2))


@settings(max_examples=30, deadline=None)
@given(rows=st.integers(2, 900), columns=st.integers(1, 5), seed=st.integers(0, 99), bound=st.floats(1e-3, 0.3))
def test_every_row_is_within_the_bound(rows, columns, seed, bound) -> None:
    values = smooth(rows, columns, seed) + np.random.default_rng(seed).normal(0, 0.05, (rows, columns))
    keys = reduce_keys(values, bounds_of(columns, bound), np.zeros(values.shape, bool))
    curves = interpolate_keys(values, keys)
    assert np.abs(curves - values).max() <= bound
    assert np.array_equal(curves[keys.is_key], values[keys.is_key])
    assert keys.is_key[[0, -1]].all()


def test_fixed_samples_are_keys() -> None:
    values = smooth(100, 3, 1)
    fixed = np.random.default_rng(2).random(values.shape) < 0.1
    keys = reduce_keys(values, bounds_of(3, 0.5), fixed)
    assert keys.is_key[fixed].all()
    assert np.array_equal(interpolate_keys(values, keys)[fixed], values[fixed])


def test_input_is_not_changed() -> None:
    values, fixed = smooth(50, 2, 3), np.zeros((50, 2), bool)
    before = values.copy()
    reduce_keys(values, bounds_of(2, 0.01), fixed)
    assert np.array_equal(values, before)
    assert not fixed.any()


@pytest.mark.parametrize("value", [0.0, 0.7])
def test_constant_and_straight_columns_keep_their_ends(value) -> None:
    values = np.stack([np.full(200, value), np.linspace(0, value, 200)], axis=1)
    assert reduce_keys(values, bounds_of(2, 1e-4), np.zeros(values.shape, bool)).is_key.sum() == 4


def test_cubic_needs_two_keys_and_has_its_slopes() -> None:
    x = np.linspace(-1, 1, 101)
    values = (2 * x**3 - x)[:, None]
    keys = reduce_keys(values, bounds_of(1, 1e-3), np.zeros(values.shape, bool))
    assert keys.is_key.sum() == 2
    assert keys.slopes[[0, -1], 0] == pytest.approx(5 / 50, rel=0.02)


def test_waves_of_ten_rows_and_more_need_less_than_half_of_the_keys() -> None:
    values = smooth(600, 4, 5)
    assert reduce_keys(values, bounds_of(4, 0.02), np.zeros(values.shape, bool)).is_key.mean() < 0.45


def test_columns_do_not_depend_on_each_other() -> None:
    values = smooth(150, 3, 6)
    together = reduce_keys(values, bounds_of(3, 0.01), np.zeros(values.shape, bool))
    for column in range(3):
        alone = reduce_keys(values[:, [column]], bounds_of(1, 0.01), np.zeros((150, 1), bool))
        assert np.array_equal(alone.is_key[:, 0], together.is_key[:, column])


def test_errors_of_columns_that_move_the_same_points_stay_within_the_joint_bound() -> None:
    values = smooth(300, 4, 7)
    effects = np.random.default_rng(8).normal(0, 1, (4, 6, 3))
    loose = Bounds(np.full(4, 0.05), effects)
    tight = Bounds(np.full(4, 0.05), effects, joint=0.08)

    def worst(bounds: Bounds) -> float:
        error = interpolate_keys(values, reduce_keys(values, bounds, np.zeros(values.shape, bool))) - values
        return float(np.linalg.norm(np.tensordot(error, effects, 1), axis=2).max())

    assert worst(tight) <= 0.08 < worst(loose)

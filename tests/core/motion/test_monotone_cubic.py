"""Monotone cubic interpolation: the same as scipy's."""

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

from diface_core.motion.monotone_cubic import interpolate_monotone, interpolate_uneven


@pytest.mark.parametrize("count", [2, 3, 4, 60])
def test_interpolation_equals_that_of_scipy(count: int) -> None:
    rng = np.random.default_rng(count)
    values = np.concatenate([rng.standard_normal((count, 4)), np.round(rng.random((count, 4)))], axis=1)
    rows = np.concatenate([np.arange(count), rng.uniform(0, count - 1, 200)])
    expected = PchipInterpolator(np.arange(count), values)(rows)
    np.testing.assert_allclose(interpolate_monotone(values, rows), expected, atol=1e-12)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 60])
def test_interpolation_of_uneven_rows_equals_that_of_scipy(count: int) -> None:
    rng = np.random.default_rng(count)
    times = np.cumsum(rng.uniform(0.01, 0.5, count))
    values = np.concatenate([rng.standard_normal((count, 4)), np.round(rng.random((count, 4)))], axis=1)
    wanted = np.concatenate([times, rng.uniform(times[0], times[-1], 200)])
    expected = PchipInterpolator(times, values)(wanted) if count > 1 else np.repeat(values, len(wanted), axis=0)
    np.testing.assert_allclose(interpolate_uneven(values, times, wanted), expected, atol=1e-12)

"""Estimated time left: exact for steady work, None at first, smooth, 0 at the end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diface_core.runtime.progress import MIN_ELAPSED, EtaEstimator


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@given(st.floats(1.0, 1000.0), st.integers(5, 50))
def test_estimate_is_exact_for_steady_work(total, steps):
    clock = Clock()
    left = EtaEstimator(clock)
    for step in range(1, steps + 1):
        clock.now = 100 + total * step / steps
        estimate = left.update(step / steps)
        if estimate is not None:
            assert estimate == pytest.approx(total * (1 - step / steps), abs=1e-6 * total)
    assert estimate == 0


def test_no_estimate_at_first():
    clock = Clock()
    left = EtaEstimator(clock)
    clock.now += MIN_ELAPSED / 2
    assert left.update(0.5) is None
    clock.now += 10
    assert left.update(0.0) is None
    assert left.update(0.5) is not None


def test_sudden_stop_changes_the_estimate_gradually():
    clock = Clock()
    left = EtaEstimator(clock)
    clock.now += 5
    assert left.update(0.5) == pytest.approx(5)
    clock.now += 5
    assert 5 > left.update(0.51) > 0

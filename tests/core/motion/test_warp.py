"""Motion warping: exact at known values and pins, smooth, local, without overshoot."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diface_core.motion.warp import interpolate_channels, warp_context_rows, warp_motion
from diface_core.types import Constraints, Pins

ROWS, CHANNELS = 60, 3


def constraints(seed: int, pins: int = 5, kept: float = 0.0, falloff: float = 6.0) -> Constraints:
    rng = np.random.default_rng(seed)
    at = rng.choice(4 * (ROWS - 1), pins, replace=False) / 4
    some = Pins(at, rng.integers(0, CHANNELS, pins).astype(np.int32), rng.standard_normal(pins).astype(np.float32))
    keep = np.repeat(rng.random((ROWS // 6, CHANNELS)) < kept, 6, axis=0)
    return Constraints(rng.standard_normal((ROWS, CHANNELS)).astype(np.float32), keep, some, falloff)


def motion(seed: int) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).standard_normal((ROWS, CHANNELS)) * 0.1, axis=0).astype(np.float32)


def on_rows(wanted: Constraints) -> Pins:
    """Return the pins on rows, except for those on known values."""
    row = np.rint(wanted.pins.row).astype(int)
    return wanted.pins[(row == wanted.pins.row) & ~wanted.known_mask[row, wanted.pins.channel]]


@given(st.integers(0, 10_000), st.integers(0, 30), st.floats(0, 0.8))
@settings(deadline=None)
def test_known_values_and_pins_are_exact(seed, pins, kept):
    wanted = constraints(seed, pins, kept)
    bent = warp_motion(motion(seed), wanted)
    assert np.array_equal(bent[wanted.known_mask], wanted.values[wanted.known_mask])
    pinned = on_rows(wanted)
    assert np.array_equal(bent[pinned.row.astype(int), pinned.channel], pinned.value)


def test_pin_between_rows_is_met_by_the_curve():
    """Between the two rows around a pin, the minimum-jerk curve over 12 rows is almost a straight line."""
    for at in (20.25, 20.5, 20.9):
        pins = Pins(np.array([at]), np.zeros(1, np.int32), np.ones(1, np.float32))
        wanted = Constraints(np.zeros((ROWS, CHANNELS), np.float32), np.zeros((ROWS, CHANNELS), bool), pins, 12.0)
        bent = warp_motion(np.zeros((ROWS, CHANNELS), np.float32), wanted)
        assert interpolate_channels(bent, pins.row, pins.channel) == pytest.approx(1.0, abs=2e-3)


@given(st.integers(0, 10_000), st.floats(1.0, 12.0))
@settings(deadline=None)
def test_rows_beyond_the_falloff_are_unchanged(seed, falloff):
    wanted = constraints(seed, 2, falloff=falloff)
    before = motion(seed)
    bent = warp_motion(before, wanted)
    away = np.ones(before.shape, bool)
    for at, channel in zip(wanted.pins.row, wanted.pins.channel, strict=True):
        away[np.abs(np.arange(ROWS) - at) < 2 * falloff, channel] = False
    assert np.array_equal(bent[away], before[away])


@given(st.integers(0, 10_000), st.integers(1, 8))
@settings(deadline=None)
def test_warp_does_not_overshoot(seed, pins):
    """A warped motion at rest stays within the range of the pins and rest."""
    wanted = constraints(seed, pins)
    bent = warp_motion(np.zeros((ROWS, CHANNELS), np.float32), wanted)
    for channel in range(CHANNELS):
        values = [0.0, *wanted.pins.value[wanted.pins.channel == channel]]
        assert bent[:, channel].min() >= min(values) - 1e-5
        assert bent[:, channel].max() <= max(values) + 1e-5


def test_speed_is_continuous_at_a_boundary():
    """A known segment that ends with another speed: the warp continues with it and then fades."""
    values = np.zeros((ROWS, 1), np.float32)
    kept = np.zeros((ROWS, 1), bool)
    kept[:20] = True
    line = (0.05 * np.arange(ROWS, dtype=np.float32))[:, None]
    bent = warp_motion(values, Constraints(line, kept, falloff=10.0))[:, 0]
    speed = np.diff(bent)
    assert speed[19] == pytest.approx(0.05, abs=0.03)
    assert np.abs(np.diff(speed))[15:35].max() < 0.09
    assert not bent[31:].any()


@given(st.integers(0, 10_000), st.integers(0, 12), st.floats(0, 0.5), st.floats(1.0, 4.0))
@settings(deadline=None, max_examples=50)
def test_window_with_its_context_equals_the_full_motion(seed, pins, kept, falloff):
    wanted, before = constraints(seed, pins, kept, falloff), motion(seed)
    whole, around = warp_motion(before, wanted), warp_context_rows(falloff)
    first, last = 24, 36
    begin, end = max(0, first - around), min(ROWS, last + around)
    part = warp_motion(before[begin:end], wanted.section(begin, end))
    np.testing.assert_allclose(part[first - begin : last - begin], whole[first:last], atol=1e-5)


def test_no_constraints_change_nothing():
    before = motion(0)
    nothing = Constraints(before, np.zeros(before.shape, bool))
    assert np.array_equal(warp_motion(before, nothing), before)


@pytest.mark.parametrize("share", ["row", "channel", "value"])
def test_inconsistent_pins_are_refused(share):
    fields = {"row": np.zeros(2), "channel": np.arange(2, dtype=np.int32), "value": np.zeros(2, np.float32)}
    with pytest.raises(ValueError, match="must share a shape"):
        Pins(**{**fields, share: np.zeros(3, fields[share].dtype)})
    with pytest.raises(ValueError, match="same time"):
        Pins(np.ones(2), np.zeros(2, np.int32), np.zeros(2, np.float32))


def test_pin_at_the_boundary_row_of_another_channel():
    """Two channels with control points at the same row, one from a known segment and one from a pin, do not mix."""
    keep = np.zeros((ROWS, 2), bool)
    keep[20:, 0] = True
    keep[:19, 0] = True
    wanted = np.full((ROWS, 2), 0.5, np.float32)
    pins = Pins(np.array([18.0, 20.0]), np.array([1, 1], np.int32), np.array([1.0, 2.0], np.float32))
    bent = warp_motion(np.zeros((ROWS, 2), np.float32), Constraints(wanted, keep, pins))
    assert bent[[18, 20], 1].tolist() == [1.0, 2.0]
    assert bent[[18, 20], 0].tolist() == [0.5, 0.5]
    assert 1.0 < bent[19, 1] < 2.0

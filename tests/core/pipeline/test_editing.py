"""Editing with DiFACE's models: exact pins, smooth boundaries, lip closures, unchanged rows."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from diface_core import MODEL_RATE, AudioSection, Constraints, FrameRate, GenerateRequest, Layers, channels
from diface_core.generate import Generator
from diface_core.types import Motion, Pins

RATES = [FrameRate(24), FrameRate(25), FrameRate(30), FrameRate(60), FrameRate(30, 1.001)]
JAW, CLOSE, NOD = (channels.ALL.index(name) for name in ("jawOpen", "mouthClose", "head_rx"))
SPEECH = Path(__file__).parents[2] / "data" / "speech.flac"


@pytest.fixture(scope="module")
def generator(asset, tmp_path_factory) -> Generator:
    return Generator.load(tmp_path_factory.mktemp("features"))


def request(rate: FrameRate = MODEL_RATE, **changes) -> GenerateRequest:
    asked = GenerateRequest(AudioSection(SPEECH, 0.0, 8.0), rate=rate, steps=4, layers=Layers(None, None, None, None))
    return dataclasses.replace(asked, **changes)


def made(generator: Generator, asked: GenerateRequest) -> Motion:
    return generator.generate(asked, lambda progress: None).motion


def pins(*found: tuple[float, int, float]) -> Pins:
    at, channel, value = (np.array(some) for some in zip(*found, strict=True))
    return Pins(at.astype(float), channel.astype(np.int32), value.astype(np.float32))


def between(motion: Motion, first: int, last: int, wanted: Pins | None = None, **how: float) -> Constraints:
    """Return constraints that keep all rows except `first` to before `last`."""
    keep = np.ones(motion.values.shape, bool)
    keep[first:last] = False
    return Constraints(motion.values, keep, wanted or Pins.empty(), **how)


@pytest.mark.slow
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("stay", [0.0, 0.5, 1.0])
def test_pins_are_exact_and_other_rows_unchanged(generator, rate, stay):
    base = made(generator, request(rate))
    first, last = rate.rows(3.0), rate.rows(5.0)
    wanted = pins((first + 20, JAW, 0.83), (first + 20, CLOSE, 0.1), (first + 10, NOD, 0.2), (first + 13.37, NOD, -0.1))
    edited = made(generator, request(rate, constraints=between(base, first, last, wanted, keep_motion=stay))).values
    outside = np.r_[0:first, last : len(edited)]
    assert np.array_equal(edited[outside], base.values[outside])
    assert edited[first + 20, [JAW, CLOSE]].tolist() == [np.float32(0.83), np.float32(0.1)]
    assert edited[first + 10, NOD] == np.float32(0.2)
    assert np.interp(first + 13.37, np.arange(len(edited)), edited[:, NOD]) == pytest.approx(-0.1, abs=0.01)
    assert not np.array_equal(edited[first:last], base.values[first:last])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_boundaries_are_smooth(generator, seed):
    """Another seed in two seconds of a take: across both boundaries, jumps of position, speed and acceleration do not
    exceed the largest ones of the take by much."""
    base = made(generator, request(seed=seed))
    edited = made(generator, request(seed=seed + 50, constraints=between(base, 90, 150))).values
    for order in (1, 2, 3):
        natural = np.abs(np.diff(base.values, order, axis=0)).max(axis=0)
        change = np.abs(np.diff(edited, order, axis=0))
        for border in (90, 150):
            across = change[border - order : border].max(axis=0)
            assert (across <= 1.3 * natural + 0.02).all(), np.argmax(across - 1.3 * natural)


def test_motion_is_smooth_around_pins(generator):
    """For a head pin at six degrees from the motion, the step between rows grows by less than two degrees; an inserted
    key would add six."""
    base = made(generator, request())
    for axis in range(3):
        value = base.values[120, NOD + axis] + np.radians(6)
        wanted = between(base, 60, 180, pins((120, NOD + axis, value)))
        away = np.degrees(made(generator, request(constraints=wanted)).values - base.values)[:, NOD + axis]
        assert away[120] == pytest.approx(6, abs=1e-3)
        assert np.abs(np.diff(away)).max() < 2.0


@pytest.mark.slow
def test_lips_stay_closed_next_to_an_open_pin(generator):
    """Wide open five rows before the lips meet: they still meet."""
    base = made(generator, request()).values
    gap = base[:, JAW] - base[:, CLOSE]
    shut = [row for row in range(40, 200) if gap[row] < 0.005 and gap[row - 5] > 0.1]
    assert shut
    for row in shut:
        wanted = between(Motion(base, channels.ALL, FrameRate(30)), row - 30, row + 30, pins((row - 5, JAW, 0.9)))
        edited = made(generator, request(constraints=wanted)).values
        assert edited[row - 5, JAW] == np.float32(0.9)
        assert (edited[:, JAW] - edited[:, CLOSE])[row - 1 : row + 2].min() < 0.02


def test_larger_falloff_changes_more_rows(generator):
    base = made(generator, request())
    moved = []
    for pull in (2, 6, 14):
        wanted = between(base, 60, 180, pins((120, NOD, base.values[120, NOD] + 0.2)), falloff=pull)
        moved.append(np.abs(made(generator, request(constraints=wanted)).values - base.values)[:, NOD].sum())
    assert moved == sorted(moved)


def test_keep_motion_keeps_the_existing_motion(generator):
    """The motion of another seed is kept in proportion."""
    base = made(generator, request(seed=3))
    away = []
    for stay in (0.0, 0.6, 0.9, 1.0):
        edited = made(generator, request(seed=4, constraints=between(base, 60, 180, keep_motion=stay)))
        away.append(np.abs(edited.values - base.values).mean())
    assert away == sorted(away, reverse=True)
    assert away[-1] < 1e-3


def test_only_the_selected_channels_change(generator):
    base = made(generator, request())
    keep = np.ones(base.values.shape, bool)
    brows = [channels.ALL.index(name) for name in channels.REGIONS["brows"]]
    keep[60:180, brows] = False
    edited = made(generator, request(seed=9, constraints=Constraints(base.values, keep))).values
    others = [column for column in range(len(channels.ALL)) if column not in brows]
    assert np.array_equal(edited[:, others], base.values[:, others])
    assert not np.array_equal(edited[60:180, brows], base.values[60:180, brows])


def test_same_edit_gives_equal_bits(generator):
    base = made(generator, request())
    asked = request(constraints=between(base, 60, 120, pins((90.5, JAW, 0.4))))
    assert np.array_equal(made(generator, asked).values, made(generator, asked).values)

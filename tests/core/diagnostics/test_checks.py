"""Checks of a motion against its sound, on motions whose faults are known."""

from __future__ import annotations

import numpy as np
import pytest

from diface_core import channels
from diface_core.diagnostics import Evidence, check_motion
from diface_core.diagnostics.evidence import runs
from diface_core.diagnostics.poses import sealed_mouth
from diface_core.faces.lip_geometry import lip_gap
from diface_core.types import Finding, Float32Array, FrameRate

JAW, CLOSE, SMILE = (channels.FACE.index(name) for name in ("jawOpen", "mouthClose", "mouthSmileLeft"))
RATES = [FrameRate(12), FrameRate(24), FrameRate(25), FrameRate(30, 1.001), FrameRate(30), FrameRate(60)]
SECONDS, CLOSURES = 6.0, (1.0, 2.0, 2.7, 3.5)
SPEECH = np.array([[0.5, 4.0]])


def speech(rate: FrameRate, closures: tuple[float, ...] = CLOSURES, delay: float = 0.0) -> Float32Array:
    """Return a mouth that speaks from 0.5 to 4 s and closes for 0.13 s around each of `closures`."""
    times = np.arange(rate.rows(SECONDS)) / rate.value - delay
    talking = np.clip(np.minimum(times - 0.5, 4.0 - times) / 0.15, 0, 1)
    values = np.zeros((len(times), len(channels.FACE)), np.float32)
    values[:, JAW] = talking * (0.3 + 0.05 * np.sin(9 * times))
    nearest = np.abs(times[:, None] - np.array([*closures, -9.0])).min(axis=1)
    values[:, CLOSE] = values[:, JAW] * np.clip((0.13 - nearest) / 0.065, 0, 1)
    return values


def evidence(rate: FrameRate, phones: bool = False) -> Evidence:
    """Return the evidence of that speech, with its closures as phones or without a transcript."""
    closures = np.array([[time - 0.05, time + 0.05] for time in CLOSURES]) if phones else None
    return Evidence(speech(rate), SPEECH, rate, closures)


def with_pins(values: Float32Array, finding: Finding) -> Float32Array:
    """Return the motion with the pins of a finding, and nothing around them."""
    fixed = values.copy()
    fixed[finding.pins.row.astype(int), finding.pins.channel] = finding.pins.value
    return fixed


@pytest.mark.parametrize("phones", [False, True])
@pytest.mark.parametrize("rate", RATES, ids=lambda rate: f"{rate.value:g}")
def test_right_motion_has_no_finding(rate, phones) -> None:
    assert check_motion(speech(rate), evidence(rate, phones)) == ()


@pytest.mark.parametrize("phones", [False, True])
@pytest.mark.parametrize("rate", RATES, ids=lambda rate: f"{rate.value:g}")
@pytest.mark.parametrize("missing", CLOSURES)
def test_each_missing_closure_is_found_and_sealed(rate, missing, phones) -> None:
    values = speech(rate, tuple(time for time in CLOSURES if time != missing))
    [finding] = check_motion(values, evidence(rate, phones))
    assert finding.kind == "missed_closure"
    assert finding.first / rate.value - 0.1 <= missing <= (finding.last + 1) / rate.value + 0.1
    assert finding.amount == pytest.approx(lip_gap(values)[finding.first : finding.last + 1].min(), abs=1.0)
    assert check_motion(with_pins(values, finding), evidence(rate, phones)) == ()


@pytest.mark.parametrize("rate", RATES, ids=lambda rate: f"{rate.value:g}")
def test_false_contact_is_found_and_opened(rate) -> None:
    values = speech(rate, (*CLOSURES, 1.5))
    [finding] = check_motion(values, evidence(rate))
    assert finding.kind == "false_contact"
    assert abs(finding.first / rate.value - 1.5) < 0.2
    row = int(finding.pins.row[0])
    assert lip_gap(with_pins(values, finding))[row] == pytest.approx(lip_gap(evidence(rate).reference)[row], abs=1e-3)


@pytest.mark.parametrize("rate", RATES, ids=lambda rate: f"{rate.value:g}")
def test_mouth_that_moves_in_silence_is_found(rate) -> None:
    values, times = speech(rate), np.arange(rate.rows(SECONDS)) / rate.value
    still = (times > 4.6) & (times < 5.6)
    values[still, JAW] = 0.15 * (1 - np.cos(9 * (times[still] - 4.6)))
    [finding] = check_motion(values, evidence(rate))
    assert finding.kind == "moving_in_silence"
    assert finding.first / rate.value > 4.2
    assert finding.pins.row.min() / rate.value < 4.7
    assert finding.pins.row.max() / rate.value > 5.5


@pytest.mark.parametrize("delay", [-0.4, -0.1, 0.1, 0.4])
@pytest.mark.parametrize("rate", RATES[1:], ids=lambda rate: f"{rate.value:g}")
def test_sync_offset_is_measured_and_found_alone(rate, delay) -> None:
    [finding] = check_motion(speech(rate, delay=delay), evidence(rate))
    assert (finding.kind, len(finding.pins)) == ("sync_offset", 0)
    assert finding.amount == pytest.approx(delay, abs=1.01 / rate.value)


def test_still_face_misses_closures_only_where_it_is_open() -> None:
    rate = FrameRate(30)
    assert check_motion(np.zeros_like(speech(rate)), evidence(rate)) == ()
    open_face = np.zeros_like(speech(rate))
    open_face[:, JAW] = 0.3
    found = check_motion(open_face, evidence(rate))
    assert {one.kind for one in found} == {"missed_closure"}
    assert all(any(one.first <= 30 * time <= one.last for one in found) for time in CLOSURES)


@pytest.mark.parametrize("rows", [0, 1, 2, 5])
def test_short_motion_has_no_finding(rows) -> None:
    empty = np.zeros((rows, len(channels.FACE)), np.float32)
    assert check_motion(empty, Evidence(empty, np.zeros((0, 2)), FrameRate(24))) == ()


def test_sealed_mouth_is_closed_whatever_the_face_does() -> None:
    random = np.random.default_rng(3)
    reference = np.zeros(len(channels.FACE), np.float32)
    for number in range(50):
        face = random.uniform(0, 1, len(channels.FACE)).astype(np.float32)
        closed = face.copy()
        mouth = [channels.FACE.index(name) for name in channels.REGIONS["lips"] + channels.REGIONS["jaw"]]
        closed[mouth] = sealed_mouth(face, reference if number % 2 else random.permutation(face))
        assert lip_gap(closed[None])[0] < 0.5


def test_runs_are_the_longest_ones() -> None:
    assert runs(np.array([], bool)) == []
    assert runs(np.array([True, True, False, True])) == [(0, 1), (3, 3)]

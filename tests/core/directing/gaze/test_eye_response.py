"""Weights of an eye's channels and its directions are inverse to each other, and as the bundled head's eyes."""

from __future__ import annotations

import numpy as np
import pytest

from diface_core.channels import LOOK_DEGREES
from diface_core.directing.gaze.eye_response import SIDES, WAYS, EyeResponse
from diface_core.directing.gaze.geometry import angle_between, angles, unit_directions

KINDS = ("SHAPE", "BONE", "TARGET")


def field() -> np.ndarray:
    """Return directions (N, 3) within what eyes reach."""
    yaw, pitch = np.meshgrid(np.linspace(-18, 18, 13), np.linspace(-12, 12, 9))
    return unit_directions(np.stack([yaw.ravel(), pitch.ravel()], axis=1))


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("degrees", [tuple(LOOK_DEGREES[way] for way in WAYS), (30.0, 25.0, 40.0, 35.0)])
def test_directions_of_weights_are_those_that_the_weights_are_for(side, kind, degrees):
    response = EyeResponse(side, degrees, kind)
    weights = response.weights(field())
    assert (weights >= 0).all()
    assert (weights <= 1).all()
    assert angle_between(response.directions(weights), field()).max() < 1e-4


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
def test_one_channel_turns_the_eye_its_way_by_its_angle(side, kind, way):
    response = EyeResponse(side, kind=kind)
    yaw, pitch = angles(response.directions(np.eye(4)[[WAYS.index(way)]]))[0]
    outwards = yaw if side == "Left" else -yaw
    assert {"Up": pitch, "Down": -pitch, "In": -outwards, "Out": outwards}[way] == pytest.approx(LOOK_DEGREES[way])
    assert min(abs(yaw), abs(pitch)) < 1e-6


def test_a_channel_that_turns_nothing_gets_no_weight():
    response = EyeResponse("Left", (0.0, 20.0, 26.0, 26.0))
    assert not response.weights(field())[:, 0].any()

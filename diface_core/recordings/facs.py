"""Action units as Audio2Face names them, in channels of ARKit.

The units are those of the Facial Action Coding System (Ekman, Friesen and Hager 2002); ARKit's shapes are near to one
or two of them each.
"""

from __future__ import annotations

import numpy as np

from .. import channels
from ..types import Float32Array, Float64Array


def _sides(unit: str, channel: str, weight: float = 1.0) -> dict[str, dict[str, float]]:
    """The left and the right half of a unit that is one shape on each side."""
    return {f"{unit}{side[0]}": {f"{channel}{side}": weight} for side in ("Left", "Right")}


UNITS: dict[str, dict[str, float]] = {
    **_sides("browLower", "browDown"),
    **{f"innerBrowRaiser{side}": {"browInnerUp": 0.5} for side in "LR"},
    **_sides("outerBrowRaiser", "browOuterUp"),
    "eyesLookLeft": {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0},
    "eyesLookRight": {"eyeLookInLeft": 1.0, "eyeLookOutRight": 1.0},
    "eyesLookUp": {"eyeLookUpLeft": 1.0, "eyeLookUpRight": 1.0},
    "eyesLookDown": {"eyeLookDownLeft": 1.0, "eyeLookDownRight": 1.0},
    **_sides("eyesClose", "eyeBlink"),
    **_sides("eyesUpperLidRaiser", "eyeWide"),
    **_sides("squint", "eyeSquint"),
    **_sides("cheekRaiser", "cheekSquint"),
    **{f"cheekPuff{side}": {"cheekPuff": 0.5} for side in "LR"},
    **_sides("noseWrinkler", "noseSneer"),
    "jawDrop": {"jawOpen": 1.0},
    "jawDropLipTowards": {"jawOpen": 1.0, "mouthClose": 1.0},
    "jawThrust": {"jawForward": 1.0},
    "jawSlideLeft": {"jawLeft": 1.0},
    "jawSlideRight": {"jawRight": 1.0},
    "mouthSlideLeft": {"mouthLeft": 1.0},
    "mouthSlideRight": {"mouthRight": 1.0},
    **_sides("dimpler", "mouthDimple"),
    **_sides("lipCornerPuller", "mouthSmile"),
    **_sides("sharpLipPuller", "mouthSmile", 0.5),
    **_sides("lipCornerDepressor", "mouthFrown"),
    **_sides("lipStretcher", "mouthStretch"),
    **_sides("upperLipRaiser", "mouthUpperUp"),
    **_sides("lowerLipDepressor", "mouthLowerDown"),
    "chinRaiser": {"mouthShrugLower": 1.0, "mouthShrugUpper": 0.5},
    "lipPressor": {"mouthPressLeft": 1.0, "mouthPressRight": 1.0},
    "pucker": {"mouthPucker": 1.0},
    "funneler": {"mouthFunnel": 1.0},
    "lipSuck": {"mouthRollLower": 1.0, "mouthRollUpper": 1.0},
}
"""Unit -> the channels that make it, with their weights at 1."""


def face_values(names: list[str], weights: Float64Array) -> tuple[Float32Array, int]:
    """Return the face channels (T, 52) of weights (T, N) of units, and how many of the names are units."""
    values, known = np.zeros((len(weights), len(channels.FACE)), np.float32), 0
    units = {unit.lower(): shapes for unit, shapes in UNITS.items()}
    for column, name in enumerate(names):
        shapes = units.get(name.lower(), {})
        known += bool(shapes)
        for channel, weight in shapes.items():
            values[:, channels.FACE.index(channel)] += weight * weights[:, column]
    return values, known

"""Mouth shapes of other vocabularies, made of ARKit's on the bundled head."""

from __future__ import annotations

import numpy as np

from .bundled_parts import FloatArray, arkit_shapes

BOTH = ("mouthSmile", "mouthStretch", "mouthLowerDown", "mouthUpperUp", "mouthPress", "mouthFrown", "eyeBlink",
        "browDown", "eyeSquint", "cheekSquint", "browOuterUp", "eyeWide")  # fmt: skip
"""Names below that stand for a left and a right shape."""

VISEMES: dict[str, dict[str, float]] = {
    "viseme_sil": {},
    "viseme_PP": {"mouthPress": 0.5, "mouthRollLower": 0.3, "mouthRollUpper": 0.3},
    "viseme_FF": {"jawOpen": 0.05, "mouthRollLower": 0.5, "mouthUpperUp": 0.3},
    "viseme_TH": {"jawOpen": 0.15, "tongueOut": 0.3, "mouthLowerDown": 0.1},
    "viseme_DD": {"jawOpen": 0.12, "mouthStretch": 0.2, "mouthLowerDown": 0.2},
    "viseme_kk": {"jawOpen": 0.2, "mouthStretch": 0.2, "mouthUpperUp": 0.1},
    "viseme_CH": {"jawOpen": 0.1, "mouthFunnel": 0.5, "mouthShrugUpper": 0.2},
    "viseme_SS": {"jawOpen": 0.05, "mouthStretch": 0.4, "mouthLowerDown": 0.3},
    "viseme_nn": {"jawOpen": 0.12, "mouthStretch": 0.1, "mouthUpperUp": 0.1},
    "viseme_RR": {"jawOpen": 0.15, "mouthFunnel": 0.4},
    "viseme_aa": {"jawOpen": 0.6, "mouthLowerDown": 0.2},
    "viseme_E": {"jawOpen": 0.3, "mouthStretch": 0.4, "mouthUpperUp": 0.2},
    "viseme_I": {"jawOpen": 0.2, "mouthStretch": 0.5, "mouthSmile": 0.2},
    "viseme_O": {"jawOpen": 0.4, "mouthFunnel": 0.6},
    "viseme_U": {"jawOpen": 0.15, "mouthPucker": 0.8},
}
"""The 15 visemes of Oculus LipSync."""

VROID: dict[str, dict[str, float]] = {
    "Fcl_MTH_Close": {"mouthPress": 0.5},
    "Fcl_MTH_A": {"jawOpen": 0.7, "mouthLowerDown": 0.1},
    "Fcl_MTH_I": {"jawOpen": 0.15, "mouthStretch": 0.6, "mouthLowerDown": 0.3},
    "Fcl_MTH_U": {"jawOpen": 0.15, "mouthPucker": 0.8},
    "Fcl_MTH_E": {"jawOpen": 0.35, "mouthStretch": 0.3, "mouthUpperUp": 0.2},
    "Fcl_MTH_O": {"jawOpen": 0.45, "mouthFunnel": 0.6},
    "Fcl_EYE_Close": {"eyeBlink": 1.0},
    "Fcl_EYE_Close_L": {"eyeBlinkLeft": 1.0},
    "Fcl_EYE_Close_R": {"eyeBlinkRight": 1.0},
    "Fcl_BRW_Angry": {"browDown": 0.9},
    "Fcl_BRW_Surprised": {"browInnerUp": 0.9, "browOuterUp": 0.8},
    "Fcl_ALL_Joy": {"mouthSmile": 0.9, "cheekSquint": 0.6, "eyeBlink": 0.4},
}
"""Some of the shapes of a VRoid face."""


def mixed_shapes(recipes: dict[str, dict[str, float]]) -> dict[str, FloatArray]:
    """Return the offsets of shapes from the weights of the ARKit shapes that each is made of."""
    shapes = arkit_shapes()
    at_rest = np.zeros_like(shapes["jawOpen"])
    return {
        name: sum((weight * _offsets(part, shapes) for part, weight in recipe.items()), at_rest)
        for name, recipe in recipes.items()
    }


def _offsets(name: str, shapes: dict[str, FloatArray]) -> FloatArray:
    return shapes[f"{name}Left"] + shapes[f"{name}Right"] if name in BOTH else shapes[name]

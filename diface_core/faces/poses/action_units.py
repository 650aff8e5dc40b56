"""FACS action units, and what each is in ARKit channels.

The units are those of Ekman and Friesen's Facial Action Coding System (1978; 2002); Apple documents most of ARKit's
channels by the same muscles. A unit with a side in its name is that side alone.
"""

from __future__ import annotations

from .mouth_shapes import Recipe

UNITS: dict[int, Recipe] = {
    1: {"browInnerUp": 1.0}, 2: {"browOuterUp": 1.0}, 4: {"browDown": 1.0}, 5: {"eyeWide": 1.0},
    6: {"cheekSquint": 1.0}, 7: {"eyeSquint": 1.0}, 9: {"noseSneer": 1.0}, 10: {"mouthUpperUp": 1.0},
    11: {"mouthUpperUp": 0.35, "noseSneer": 0.3}, 12: {"mouthSmile": 1.0}, 13: {"mouthSmile": 0.6},
    14: {"mouthDimple": 1.0}, 15: {"mouthFrown": 1.0}, 16: {"mouthLowerDown": 1.0}, 17: {"mouthShrugLower": 1.0},
    18: {"mouthPucker": 1.0}, 19: {"tongueOut": 1.0}, 20: {"mouthStretch": 1.0}, 22: {"mouthFunnel": 1.0},
    23: {"mouthPress": 0.6, "mouthPucker": 0.2}, 24: {"mouthPress": 1.0},
    25: {"mouthLowerDown": 0.6, "mouthUpperUp": 0.3}, 26: {"jawOpen": 0.4}, 27: {"jawOpen": 1.0},
    28: {"mouthRollLower": 1.0, "mouthRollUpper": 1.0}, 29: {"jawForward": 1.0}, 33: {"cheekPuff": 0.7},
    34: {"cheekPuff": 1.0}, 41: {"eyeBlink": 0.3}, 42: {"eyeBlink": 0.6}, 43: {"eyeBlink": 1.0},
    44: {"eyeSquint": 1.0, "eyeBlink": 0.2}, 45: {"eyeBlink": 1.0}, 46: {"eyeBlink": 1.0},
    61: {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0}, 62: {"eyeLookInLeft": 1.0, "eyeLookOutRight": 1.0},
    63: {"eyeLookUp": 1.0}, 64: {"eyeLookDown": 1.0},
}  # fmt: skip
"""Number -> both sides of the unit."""

UNIT_NAMES: dict[str, int] = {
    "innerbrowraiser": 1, "outerbrowraiser": 2, "browlowerer": 4, "upperlidraiser": 5, "cheekraiser": 6,
    "lidtightener": 7, "nosewrinkler": 9, "upperlipraiser": 10, "nasolabialdeepener": 11, "lipcornerpuller": 12,
    "sharplippuller": 13, "dimpler": 14, "lipcornerdepressor": 15, "lowerlipdepressor": 16, "chinraiser": 17,
    "lippuckerer": 18, "lippucker": 18, "tongueshow": 19, "lipstretcher": 20, "lipfunneler": 22,
    "liptightener": 23, "lippressor": 24, "lipspart": 25, "jawdrop": 26, "mouthstretch": 27, "lipsuck": 28,
    "jawthrust": 29, "lidsdroop": 41, "liddroop": 41, "eyesclosed": 43, "eyeclosed": 43, "eyeclosure": 43,
}  # fmt: skip
"""Lower-case letters of the unit's name -> its number."""

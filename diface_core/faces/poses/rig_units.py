"""Units of other rigs (MakeHuman, Genesis 3 and 8, Character Creator 3, Mixamo), in ARKit channels.

Sources: the file names and the geometry of MakeHuman's 34 expression units (their displacements were measured against
the bundled head, see docs/research/poses.md), and the names of the controls of Genesis 3 and 8 (`eCTRL`), of
Character Creator 3's expressions, and of Mixamo's facial blends. Names are compared by their lower-case letters and
digits.
"""

from __future__ import annotations

from .mouth_shapes import Recipe


def _both(name: str, side_first: bool, recipe: Recipe) -> dict[str, Recipe]:
    """Return the units of the left and right side; channels without a side get that of the name."""
    units: dict[str, Recipe] = {}
    for side in ("Left", "Right"):
        key = f"{side.lower()}{name}" if side_first else f"{name}{side.lower()}"
        units[key] = {channel if channel in MIDDLE else f"{channel}{side}": value for channel, value in recipe.items()}
    return units


MIDDLE = {"browInnerUp", "cheekPuff", "jawOpen", "mouthPucker", "mouthFunnel"}
"""Channels of these units that have no side."""


def _eyes(part: str, units: dict[str, Recipe]) -> dict[str, Recipe]:
    """Return MakeHuman's units of a part with a side in the middle of the name."""
    named: dict[str, Recipe] = {}
    for unit, recipe in units.items():
        for key, sided in _both(unit, True, recipe).items():
            named[part + key] = sided
    return named


MAKEHUMAN: dict[str, Recipe] = {
    **_eyes("eye", {
        "closure": {"eyeBlink": 1.0}, "openedup": {"eyeWide": 1.0}, "slit": {"eyeSquint": 0.6, "eyeBlink": 0.3},
    }),
    **_eyes("eyebrows", {
        "down": {"browDown": 1.0}, "externup": {"browOuterUp": 1.0}, "innerup": {"browInnerUp": 0.5},
        "up": {"browInnerUp": 0.45, "browOuterUp": 0.8},
    }),
    **_eyes("nose", {"elevation": {"noseSneer": 0.8}}),
    "mouthcompression": {"mouthPress": 0.3, "mouthRollLower": 0.2, "mouthRollUpper": 0.2},
    "mouthcornerpuller": {"mouthSmile": 0.4}, "mouthdepression": {"mouthFrown": 0.4, "mouthShrugLower": 0.25},
    "mouthdepressionretraction": {"mouthLowerDown": 1.0, "mouthShrugUpper": 0.6, "mouthUpperUp": 0.2},
    "mouthelevation": {"mouthUpperUp": 0.7, "mouthShrugUpper": 0.3}, "moutheversion": {"mouthShrugLower": 0.35},
    "mouthopen": {"jawOpen": 1.05}, "mouthparling": {"mouthShrugUpper": 0.45, "mouthLowerDown": 0.12},
    "mouthpartlater": {"mouthShrugUpper": 1.2, "mouthLowerDown": 1.1, "mouthUpperUp": 0.6},
    "mouthprotusion": {"mouthLowerDown": 1.3, "mouthPucker": 0.5, "mouthShrugUpper": 0.45},
    "mouthpursing": {"mouthPucker": 0.9, "mouthLowerDown": 0.35},
    "mouthretraction": {"mouthDimple": 0.4, "mouthRollUpper": 0.15},
    "mouthupwardretraction": {"mouthLowerDown": 0.75, "mouthShrugUpper": 0.4, "mouthDimple": 0.35},
    "neckplatysma": {"mouthFrown": 0.2, "mouthStretch": 0.2},
}  # fmt: skip

DAZ: dict[str, Recipe] = {
    "ectrlsurprised": {"eyeWide": 0.8, "browInnerUp": 0.8, "browOuterUp": 0.8, "jawOpen": 0.3},
    "ectrlsmile": {"mouthSmile": 0.8}, "ectrlfrown": {"mouthFrown": 0.6, "browDown": 0.4},
    "ectrlnosewrinkle": {"noseSneer": 1.0}, "ectrlmouthsmilesimplel": {"mouthSmileLeft": 0.8},
    "ectrlmouthsmilesimpler": {"mouthSmileRight": 0.8}, "ectrlmouthsmile": {"mouthSmile": 0.8},
    "ectrlmouthsmileopen": {"mouthSmile": 0.8, "mouthUpperUp": 0.4, "mouthLowerDown": 0.3, "jawOpen": 0.1},
    "ectrlmouthsidesidel": {"mouthLeft": 1.0}, "ectrlmouthsidesider": {"mouthRight": 1.0},
    "ectrlmouthopen": {"jawOpen": 0.7}, "ectrlmouthopenwide": {"jawOpen": 1.0},
    "ectrlmouthnarrow": {"mouthPucker": 0.6}, "ectrlmouthfrown": {"mouthFrown": 0.9},
    "ectrllipspuckerwide": {"mouthPucker": 0.7, "mouthFunnel": 0.3}, "ectrllipspucker": {"mouthPucker": 1.0},
    "ectrllipspart": {"mouthLowerDown": 0.5, "mouthUpperUp": 0.3},
    "ectrlliptopupdownl": {"mouthUpperUpLeft": 1.0}, "ectrlliptopupdownr": {"mouthUpperUpRight": 1.0},
    "ectrltongueinout": {"tongueOut": 0.8}, "ectrljawoutin": {"jawForward": 1.0},
    "ectrleyessquintl": {"eyeSquintLeft": 1.0}, "ectrleyessquintr": {"eyeSquintRight": 1.0},
    "ectrleyesclosedl": {"eyeBlinkLeft": 1.0}, "ectrleyesclosedr": {"eyeBlinkRight": 1.0},
    "ectrleyesclosed": {"eyeBlink": 1.0}, "ectrlcheeksballoon": {"cheekPuff": 1.0},
    "ectrlcheekflexl": {"cheekSquintLeft": 1.0}, "ectrlcheekflexr": {"cheekSquintRight": 1.0},
    "ectrlbrowupdownl": {"browOuterUpLeft": 0.8, "browInnerUp": 0.4},
    "ectrlbrowupdownr": {"browOuterUpRight": 0.8, "browInnerUp": 0.4},
    "ectrlbrowsqueeze": {"browDown": 0.5}, "ectrlbrowouterupdownl": {"browOuterUpLeft": 1.0},
    "ectrlbrowouterupdownr": {"browOuterUpRight": 1.0}, "ectrlbrowinnerupdownl": {"browInnerUp": 0.5},
    "ectrlbrowinnerupdownr": {"browInnerUp": 0.5},
}  # fmt: skip

CHARACTER_CREATOR: dict[str, Recipe] = {
    "mouthopen": {"jawOpen": 0.6}, "mouthsmile": {"mouthSmile": 0.8}, "mouthsmilel": {"mouthSmileLeft": 0.8},
    "mouthsmiler": {"mouthSmileRight": 0.8}, "mouthfrown": {"mouthFrown": 0.9},
    "mouthfrownl": {"mouthFrownLeft": 0.9}, "mouthfrownr": {"mouthFrownRight": 0.9},
    "mouthpucker": {"mouthPucker": 1.0}, "mouthpuckeropen": {"mouthPucker": 0.7, "mouthFunnel": 0.4},
    "mouthblow": {"mouthPucker": 0.6, "cheekPuff": 0.5}, "mouthplosive": {"mouthPress": 0.6, "cheekPuff": 0.1},
    "mouthwiden": {"mouthStretch": 0.8}, "mouthdimplel": {"mouthDimpleLeft": 1.0},
    "mouthdimpler": {"mouthDimpleRight": 1.0}, "mouthl": {"mouthLeft": 1.0}, "mouthr": {"mouthRight": 1.0},
    "mouthlipstight": {"mouthPress": 0.8}, "mouthlipstuck": {"mouthRollLower": 0.7, "mouthRollUpper": 0.7},
    "mouthlipsopen": {"mouthFunnel": 0.6}, "mouthlipspart": {"mouthLowerDown": 0.5, "mouthUpperUp": 0.3},
    "mouthsnarlupperl": {"mouthUpperUpLeft": 1.0}, "mouthsnarlupperr": {"mouthUpperUpRight": 1.0},
    "mouthsnarllowerl": {"mouthLowerDownLeft": 1.0}, "mouthsnarllowerr": {"mouthLowerDownRight": 1.0},
    "mouthbottomlipdown": {"mouthLowerDown": 0.9}, "mouthbottomlipunder": {"mouthRollLower": 1.0},
    "mouthtoplipup": {"mouthUpperUp": 0.9}, "mouthtoplipunder": {"mouthRollUpper": 1.0},
    "eyeblink": {"eyeBlink": 1.0}, "eyeblinkl": {"eyeBlinkLeft": 1.0}, "eyeblinkr": {"eyeBlinkRight": 1.0},
    "eyesquintl": {"eyeSquintLeft": 1.0}, "eyesquintr": {"eyeSquintRight": 1.0}, "eyewidel": {"eyeWideLeft": 1.0},
    "eyewider": {"eyeWideRight": 1.0}, "browraiseinnerl": {"browInnerUp": 0.5},
    "browraiseinnerr": {"browInnerUp": 0.5}, "browraiseouterl": {"browOuterUpLeft": 1.0},
    "browraiseouterr": {"browOuterUpRight": 1.0}, "browraisel": {"browOuterUpLeft": 0.8, "browInnerUp": 0.45},
    "browraiser": {"browOuterUpRight": 0.8, "browInnerUp": 0.45}, "browdropl": {"browDownLeft": 1.0},
    "browdropr": {"browDownRight": 1.0}, "cheekraisel": {"cheekSquintLeft": 1.0},
    "cheekraiser": {"cheekSquintRight": 1.0}, "cheekblowl": {"cheekPuff": 0.5}, "cheekblowr": {"cheekPuff": 0.5},
    "nosescrunch": {"noseSneer": 1.0}, "noseflankraisel": {"noseSneerLeft": 0.7},
    "noseflankraiser": {"noseSneerRight": 0.7}, "tongueout": {"tongueOut": 1.0},
}  # fmt: skip

MIXAMO: dict[str, Recipe] = {
    **_both("blink", False, {"eyeBlink": 1.0}), **_both("browsdown", False, {"browDown": 1.0}),
    **_both("browsup", False, {"browOuterUp": 0.8, "browInnerUp": 0.45}),
    **_both("browsin", False, {"browDown": 0.4}), **_both("browsouterlower", False, {"browDown": 0.4}),
    **_both("cheekpuff", False, {"cheekPuff": 0.5}), **_both("eyeswide", False, {"eyeWide": 1.0}),
    **_both("squint", False, {"eyeSquint": 1.0}), **_both("nosescrunch", False, {"noseSneer": 1.0}),
    **_both("smile", False, {"mouthSmile": 1.0}), **_both("frown", False, {"mouthFrown": 1.0}),
    **_both("lowerlipdown", False, {"mouthLowerDown": 1.0}), **_both("upperlipup", False, {"mouthUpperUp": 1.0}),
    **_both("midmouth", False, {"mouth": 1.0}), **_both("jaw", False, {"jaw": 1.0}),
    **_both("mouthnarrow", False, {"mouthPucker": 0.4}),
    **_both("mouthwhistlenarrowadjust", False, {"mouthPucker": 0.2, "mouthFunnel": 0.2}),
    "mouthopen": {"jawOpen": 0.6}, "jawdown": {"jawOpen": 0.5}, "jawforeward": {"jawForward": 1.0},
    "lowerlipin": {"mouthRollLower": 1.0}, "upperlipin": {"mouthRollUpper": 1.0},
    "lowerlipout": {"mouthFunnel": 0.3}, "upperlipout": {"mouthFunnel": 0.3},
    "mouthup": {"mouthShrugLower": 0.5, "mouthShrugUpper": 0.3},
}  # fmt: skip

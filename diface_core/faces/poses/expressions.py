"""Names of expressions (VRM, VRoid, MikuMikuDance, VRChat), and what they do in ARKit channels.

Sources: the presets of the VRM specification (0.x and 1.0), VRoid Studio's shapes (`Fcl_` and BRW, EYE, MTH), the
customary morphs of MikuMikuDance models in the groups brows, eyes and mouth, VRChat's eyelid shapes, the shape by which
Unity-chan's scripts blink. Left is the character's left. Expressions of the whole face amount to their mouth, eyes and
brows. Shapes that replace the drawing of the eyes or the teeth (`Fcl_HA_`, iris, highlight) are not listed, nor moods
of the eyes that would blink.
"""

from __future__ import annotations

from .mouth_shapes import Recipe

JOY: Recipe = {"mouthSmile": 0.7, "cheekSquint": 0.4, "eyeBlink": 0.6, "browInnerUp": 0.2, "browOuterUp": 0.2}
ANGER: Recipe = {"browDown": 0.9, "mouthFrown": 0.5, "noseSneer": 0.3, "eyeSquint": 0.3}
SORROW: Recipe = {"browInnerUp": 0.8, "mouthFrown": 0.6, "eyeBlink": 0.25}
FUN: Recipe = {"mouthSmile": 0.6, "eyeSquint": 0.4, "browOuterUp": 0.15}
SURPRISE: Recipe = {"eyeWide": 0.9, "browInnerUp": 0.8, "browOuterUp": 0.8, "jawOpen": 0.25}

VRM: dict[str, Recipe] = {
    "joy": JOY, "happy": JOY, "angry": ANGER, "sorrow": SORROW, "sad": SORROW, "fun": FUN, "relaxed": FUN,
    "surprised": SURPRISE, "blink": {"eyeBlink": 1.0}, "blinkl": {"eyeBlinkLeft": 1.0},
    "blinkr": {"eyeBlinkRight": 1.0}, "blinkleft": {"eyeBlinkLeft": 1.0}, "blinkright": {"eyeBlinkRight": 1.0},
    "lookup": {"eyeLookUp": 1.0}, "lookdown": {"eyeLookDown": 1.0},
    "lookleft": {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0},
    "lookright": {"eyeLookInLeft": 1.0, "eyeLookOutRight": 1.0},
    "vrcblinkleft": {"eyeBlinkLeft": 1.0}, "vrcblinkright": {"eyeBlinkRight": 1.0},
    "vrcblink": {"eyeBlink": 1.0}, "vrclowerlidleft": {"eyeSquintLeft": 0.7},
    "vrclowerlidright": {"eyeSquintRight": 0.7}, "vrclookingup": {"eyeLookUp": 1.0},
    "vrclookingdown": {"eyeLookDown": 1.0},
}  # fmt: skip

VROID: dict[str, Recipe] = {
    "fclalljoy": JOY, "fclallangry": ANGER, "fclallsorrow": SORROW, "fclallfun": FUN, "fclallsurprised": SURPRISE,
    "fclbrwangry": {"browDown": 0.9}, "fclbrwfun": {"browOuterUp": 0.4, "browInnerUp": 0.2},
    "fclbrwjoy": {"browOuterUp": 0.5, "browInnerUp": 0.4}, "fclbrwsorrow": {"browInnerUp": 0.8},
    "fclbrwsurprised": {"browInnerUp": 0.9, "browOuterUp": 0.9},
    "fcleyeclose": {"eyeBlink": 1.0}, "fcleyeclosel": {"eyeBlinkLeft": 1.0}, "fcleyecloser": {"eyeBlinkRight": 1.0},
    "fcleyejoy": {"eyeBlink": 1.0, "cheekSquint": 0.7},
    "fcleyejoyl": {"eyeBlinkLeft": 1.0, "cheekSquintLeft": 0.7},
    "fcleyejoyr": {"eyeBlinkRight": 1.0, "cheekSquintRight": 0.7},
    "fcleyefun": {"eyeSquint": 0.6, "eyeBlink": 0.1}, "fcleyeangry": {}, "fcleyesorrow": {},
    "fcleyesurprised": {"eyeWide": 0.9}, "fcleyespread": {"eyeWide": 0.7},
    "fclmthclose": {"mouthPress": 0.4, "mouthRollLower": 0.2, "mouthRollUpper": 0.2},
    "fclmthangry": {"mouthFrown": 0.6, "mouthPress": 0.2}, "fclmthsmall": {"mouthPucker": 0.6},
    "fclmthlarge": {"mouthStretch": 0.6}, "fclmthfun": {"mouthSmile": 0.7},
    "fclmthjoy": {"jawOpen": 0.35, "mouthSmile": 0.6, "mouthUpperUp": 0.2}, "fclmthsorrow": {"mouthFrown": 0.7},
    "fclmthsurprised": {"jawOpen": 0.3, "mouthFunnel": 0.2, "mouthPucker": 0.2},
    "fclmthup": {"mouthShrugUpper": 0.5, "mouthShrugLower": 0.6}, "fclmthdown": {"mouthFrown": 0.3},
}  # fmt: skip

MMD: dict[str, Recipe] = {
    "まばたき": {"eyeBlink": 1.0}, "笑い": {"eyeBlink": 1.0, "cheekSquint": 0.7},
    "ウィンク": {"eyeBlinkLeft": 1.0, "cheekSquintLeft": 0.7},
    "ウィンク右": {"eyeBlinkRight": 1.0, "cheekSquintRight": 0.7},
    "ウィンク2": {"eyeBlinkLeft": 1.0}, "ウィンク2右": {"eyeBlinkRight": 1.0}, "びっくり": {"eyeWide": 1.0},
    "∧": {"mouthFrown": 0.5, "jawOpen": 0.1},
    "▲": {"mouthFrown": 0.3, "jawOpen": 0.25}, "□": {"jawOpen": 0.25, "mouthStretch": 0.4, "mouthLowerDown": 0.3},
    "にやり": {"mouthSmile": 0.6}, "にっこり": {"mouthSmile": 0.8}, "ぺろっ": {"tongueOut": 0.6, "jawOpen": 0.1},
    "てへぺろ": {"tongueOut": 0.5, "mouthSmile": 0.4}, "口角上げ": {"mouthSmile": 0.7}, "口角下げ": {"mouthFrown": 0.8},
    "口横広げ": {"mouthStretch": 0.8}, "真面目": {"browDown": 0.4}, "困る": {"browInnerUp": 0.8},
    "にこり": {"browOuterUp": 0.5, "browInnerUp": 0.3}, "怒り": {"browDown": 0.9, "browOuterUp": 0.2},
    "上": {"browInnerUp": 0.8, "browOuterUp": 0.8}, "下": {"browDown": 0.7},
}  # fmt: skip

UNITY_CHAN: dict[str, Recipe] = {"eyedefc": {"eyeBlink": 1.0}}
"""The closed eyes of Unity-chan and characters built like her, on the meshes `EYE_DEF` and `EL_DEF`."""

COMMON: dict[str, Recipe] = {
    "mouthopen": {"jawOpen": 0.6}, "openmouth": {"jawOpen": 0.6}, "mouthwide": {"mouthStretch": 0.7},
    "mouthsmile": {"mouthSmile": 0.8}, "smile": {"mouthSmile": 0.8}, "mouthfrown": {"mouthFrown": 0.8},
    "frown": {"mouthFrown": 0.8}, "mouthpucker": {"mouthPucker": 0.9}, "pucker": {"mouthPucker": 0.9},
    "kiss": {"mouthPucker": 0.9}, "eyesclosed": {"eyeBlink": 1.0}, "closeeyes": {"eyeBlink": 1.0},
    "eyesclose": {"eyeBlink": 1.0}, "eyeclose": {"eyeBlink": 1.0}, "blinkboth": {"eyeBlink": 1.0},
    "eyecloseleft": {"eyeBlinkLeft": 1.0}, "eyecloseright": {"eyeBlinkRight": 1.0},
    "eyeclosel": {"eyeBlinkLeft": 1.0}, "eyecloser": {"eyeBlinkRight": 1.0}, "winkleft": {"eyeBlinkLeft": 1.0},
    "winkright": {"eyeBlinkRight": 1.0}, "winkl": {"eyeBlinkLeft": 1.0}, "winkr": {"eyeBlinkRight": 1.0},
    "eyeswide": {"eyeWide": 1.0}, "eyewide": {"eyeWide": 1.0}, "squint": {"eyeSquint": 0.9},
    "browsup": {"browInnerUp": 0.8, "browOuterUp": 0.8}, "browup": {"browInnerUp": 0.8, "browOuterUp": 0.8},
    "browsdown": {"browDown": 0.9}, "browdown": {"browDown": 0.9}, "sneer": {"noseSneer": 0.8},
    "tongueout": {"tongueOut": 0.8}, "anger": ANGER, "sadness": SORROW, "happiness": JOY, "surprise": SURPRISE,
    "surprised": SURPRISE, "laugh": {"jawOpen": 0.3, "mouthSmile": 0.8, "cheekSquint": 0.5, "eyeSquint": 0.4},
    "laughter": {"jawOpen": 0.3, "mouthSmile": 0.8, "cheekSquint": 0.5, "eyeSquint": 0.4},
}  # fmt: skip
"""Plain English names of poses."""

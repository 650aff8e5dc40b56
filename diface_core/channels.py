"""The columns of a Motion: the 52 ARKit face weights and the head's rotation vector."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .types import Layers

# The column order of Live Link Face's CSV, so that a Motion's face is written without reordering.
FACE: tuple[str, ...] = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeSquintLeft",
    "eyeWideLeft", "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight",
    "eyeSquintRight", "eyeWideRight", "jawForward", "jawRight", "jawLeft", "jawOpen", "mouthClose", "mouthFunnel",
    "mouthPucker", "mouthRight", "mouthLeft", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft",
    "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft", "mouthPressRight",
    "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight", "browDownLeft",
    "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff", "cheekSquintLeft",
    "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
HEAD: tuple[str, ...] = ("head_rx", "head_ry", "head_rz")
ALL: tuple[str, ...] = FACE + HEAD

PARTS: dict[str, tuple[str, ...]] = {"face": FACE, "head": HEAD}

LAYERS: dict[str, tuple[str, ...]] = {
    "blinks": ("eyeBlinkLeft", "eyeBlinkRight"),
    "gaze": tuple(name for name in FACE if name.startswith("eyeLook")),
    "breath": ("breathIn",),
}
"""Layer -> its channels. Layers move besides the speech. `breathIn` is not an ARKit shape."""

LAYER_CHANNELS: frozenset[str] = frozenset(name for names in LAYERS.values() for name in names)
"""The channels of all layers: generated from the seed and the phrases, not by the models."""

_REGION_PREFIXES = {
    "lips": ("mouth",), "jaw": ("jaw",), "cheeks": ("cheek", "nose"), "brows": ("brow",), "eyes": ("eye",),
    "tongue": ("tongue",), "head": ("head_",),
}  # fmt: skip
REGIONS: dict[str, tuple[str, ...]] = {
    region: tuple(name for name in ALL if name.startswith(prefixes)) for region, prefixes in _REGION_PREFIXES.items()
}
"""The groups of channels that a user pins or regenerates together; every channel of face and head is in one."""

LANDMARKS: tuple[str, ...] = ("left_eye", "right_eye", "left_mouth_corner", "right_mouth_corner", "chin")
"""Points of a face that a user may pick, of the character's left and right."""

SHAPES: tuple[str, ...] = FACE + LAYERS["breath"]
"""The channels that are shape keys."""


def of_parts(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the channels of `parts`, face before head.

    Raises:
        ValueError: A part is unknown, or `parts` is empty.
    """
    unknown = set(parts) - set(PARTS)
    if unknown or not parts:
        raise ValueError(f"parts must be some of {sorted(PARTS)}. Got {parts}.")
    return tuple(name for part in PARTS if part in parts for name in PARTS[part])


def of_request(parts: tuple[str, ...], layers: Layers) -> tuple[str, ...]:
    """Return the channels of a request's Motion: its parts', with `breathIn` after the face's if breath is on."""
    names = of_parts(parts)
    if "face" not in parts or layers.breath is None:
        return names
    return SHAPES + names[len(FACE) :]


LOOK_DEGREES: dict[str, float] = {"Down": 20.0, "Up": 18.0, "In": 26.0, "Out": 26.0}
"""How far the bundled head's eyes turn at weight 1 of `eyeLook...`; ARKit itself states no angle."""

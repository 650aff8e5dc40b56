"""The columns of a Motion: the 52 ARKit face weights and the head's rotation vector."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .types import GenerateRequest, Layers

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

TONGUE: tuple[str, ...] = ("tongueTipUp", "tongueBodyUp")
"""Channels of the tongue's articulation, which ARKit does not have: the tip at the ridge behind the upper teeth (t, d,
n, l), and the body at the palate (k, g)."""

SPEECH: tuple[str, ...] = FACE + TONGUE
"""The face's channels that follow from speech, with the tongue's."""

EDITED: tuple[str, ...] = SPEECH + HEAD
"""The channels that edits regenerate."""

ARTICULATION: tuple[str, ...] = ("articulation tip", "articulation body", "articulation out")
"""Columns of a sampled motion that do not reach the result: how far each row of the speech asks the tongue to raise its
tip, to raise its body, and to put its tip between the teeth, 0 to 1 (`layers.tongue`)."""

LAYER_CHANNELS: frozenset[str] = frozenset(name for names in LAYERS.values() for name in names)
"""The channels of the layers that have a seed: generated from it and the phrases, not by the models."""

SHAPES: tuple[str, ...] = FACE + LAYERS["breath"] + TONGUE
"""The channels that are shape keys."""

_REGION_PREFIXES = {
    "lips": ("mouth",), "jaw": ("jaw",), "cheeks": ("cheek", "nose"), "brows": ("brow",), "eyes": ("eye",),
    "tongue": ("tongue",), "head": ("head_",),
}  # fmt: skip
REGIONS: dict[str, tuple[str, ...]] = {
    region: tuple(name for name in SPEECH + HEAD if name.startswith(prefixes))
    for region, prefixes in _REGION_PREFIXES.items()
}
"""The groups of channels that a user pins or regenerates together; every one of SPEECH and HEAD is in one."""

LANDMARKS: tuple[str, ...] = ("left_eye", "right_eye", "left_mouth_corner", "right_mouth_corner", "chin")
"""Points of a face that a user may pick, of the character's left and right."""


def of_parts(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the channels of `parts`, face before head.

    Raises:
        ValueError: A part is unknown, or `parts` is empty.
    """
    unknown = set(parts) - set(PARTS)
    if unknown or not parts:
        raise ValueError(f"parts must be some of {sorted(PARTS)}. Got {parts}.")
    return tuple(name for part in PARTS if part in parts for name in PARTS[part])


def of_samples(request: GenerateRequest) -> tuple[str, ...]:
    """Return the columns of the sampled motion of a request: its parts', and ARTICULATION if it moves the tongue."""
    return of_parts(request.parts) + (ARTICULATION if request.moves_tongue else ())


def of_request(parts: tuple[str, ...], layers: Layers) -> tuple[str, ...]:
    """Return the channels of a request's Motion: its parts', with those of breath and tongue after the face's."""
    names = of_parts(parts)
    if "face" not in parts:
        return names
    added = LAYERS["breath"] if layers.breath is not None else ()
    added += TONGUE if layers.tongue is not None else ()
    return FACE + added + names[len(FACE) :]


LOOK_DEGREES: dict[str, float] = {"Down": 20.0, "Up": 18.0, "In": 26.0, "Out": 26.0}
"""How far the bundled head's eyes turn at weight 1 of `eyeLook...`; ARKit itself states no angle."""

"""Characters with other shape keys: placeholders without displacement, VRoid-like, numbered, and visemes alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from . import armature_kind
from .bundled_parts import arkit_shapes
from .kinds import PLAIN, Built, Placement
from .recipes import VISEMES, VROID, mixed_shapes
from .skeleton import VROID as VROID_BONES

EMPTY = (
    "jawOpen", "jawForward", "jawLeft", "jawRight", "mouthClose", "mouthFunnel", "mouthRollLower", "mouthRollUpper",
    "mouthShrugLower", "mouthShrugUpper", "cheekPuff", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
"""The ARKit names of a placeholder character that move nothing."""


def build_placeholders(placement: Placement = PLAIN) -> Built:
    """Build a VRoid-like character with all 52 ARKit names, of which EMPTY move nothing; visemes move the mouth."""
    shapes = mixed_shapes(VROID) | arkit_shapes() | mixed_shapes(VISEMES)
    shapes |= {name: np.zeros_like(shapes[name]) for name in EMPTY}
    return _build(shapes, placement, "placeholders", tuple(arkit_shapes()))


def build_vroid(placement: Placement = PLAIN) -> Built:
    """Build a VRoid-like character: no ARKit name, eyes that only bones turn."""
    return _build(mixed_shapes(VROID), placement, "VRoid-like")


def build_numbered(placement: Placement = PLAIN) -> Built:
    """Build a character whose shape keys are numbered, as glTF files without names of targets are imported."""
    built = armature_kind.build(
        armature_kind.Options(placement, keep_empty=tuple(arkit_shapes()), label="numbered shapes")
    )
    for face in built.faces:
        for name in set(arkit_shapes()) - set(face.data.shape_keys.key_blocks.keys()):
            face.shape_key_add(name=name, from_mix=False)
        for number, name in enumerate(arkit_shapes()):
            face.data.shape_keys.key_blocks[name].name = f"target_{number}"
    return replace(built, opens_mouth=f"target_{list(arkit_shapes()).index('jawOpen')}")


def build_visemes(placement: Placement = PLAIN) -> Built:
    """Build a character whose face has the 15 visemes of Oculus LipSync and two blinks."""
    blinks = {name: arkit_shapes()[name] for name in ("eyeBlinkLeft", "eyeBlinkRight")}
    built = armature_kind.build(
        armature_kind.Options(placement, shapes=mixed_shapes(VISEMES) | blinks, label="visemes alone")
    )
    return replace(built, opens_mouth="viseme_aa", solved=True)


def _build(shapes: dict[str, np.ndarray], placement: Placement, label: str, keep: tuple[str, ...] = ()) -> Built:
    built = armature_kind.build(
        armature_kind.Options(placement, VROID_BONES, shapes, keep, eyes_by_bones=True, label=label)
    )
    return replace(built, opens_mouth="Fcl_MTH_A", solved=True)

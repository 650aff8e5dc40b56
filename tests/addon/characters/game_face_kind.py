"""The bundled head without face shapes, on the face bones that games have: no controls, no constraints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import bpy
import numpy as np

from .armature_kind import Options, build
from .bundled_parts import PARTS, FloatArray, arkit_shapes, bundled_head, lips_of_skin, vertices_of
from .eye_and_tongue_bones import new_bone
from .kinds import PLAIN, Built, Placement

SECOND_LIFE = {
    "LipUpper0": "mFaceLipUpperCenter", "LipUpper1": "mFaceLipUpperLeft", "LipUpper-1": "mFaceLipUpperRight",
    "LipLower0": "mFaceLipLowerCenter", "LipLower1": "mFaceLipLowerLeft", "LipLower-1": "mFaceLipLowerRight",
    "Corner1": "mFaceLipCornerLeft", "Corner-1": "mFaceLipCornerRight", "BrowIn1": "mFaceEyebrowInnerLeft",
    "BrowIn-1": "mFaceEyebrowInnerRight", "BrowOut1": "mFaceEyebrowOuterLeft", "BrowOut-1": "mFaceEyebrowOuterRight",
}  # fmt: skip
"""What a bone does, and where -> its name in Second Life's skeleton."""
METAHUMAN = {
    "LipUpper0": "FACIAL_C_LipUpper", "LipUpper1": "FACIAL_L_LipUpper", "LipUpper-1": "FACIAL_R_LipUpper",
    "LipLower0": "FACIAL_C_LipLower", "LipLower1": "FACIAL_L_LipLower", "LipLower-1": "FACIAL_R_LipLower",
    "Corner1": "FACIAL_L_LipCorner", "Corner-1": "FACIAL_R_LipCorner", "BrowIn1": "FACIAL_L_EyebrowInner",
    "BrowIn-1": "FACIAL_R_EyebrowInner", "BrowOut1": "FACIAL_L_EyebrowOuter", "BrowOut-1": "FACIAL_R_EyebrowOuter",
}  # fmt: skip
REACH = 0.008
"""Standard deviation in metres of the weights around a bone."""


def build_game_face(names: Mapping[str, str], placement: Placement = PLAIN) -> Built:
    """Build the character: lips and brows by bones, the jaw by one that the lower lip is below."""
    built = build(Options(placement, shapes={}, with_jaw=True, label="face of a game"))
    places = _places()
    for obj in bpy.context.selected_objects:
        obj.select_set(False)
    bpy.context.view_layer.objects.active = built.armature
    bpy.ops.object.mode_set(mode="EDIT")
    bones = built.armature.data.edit_bones
    for what, place in places.items():
        parent = bones["Jaw" if what.startswith("LipLower") else "Head"]
        new_bone(bones, names[what], parent, place, place + (0.0, -0.01, 0.0), placement)
    bpy.ops.object.mode_set(mode="OBJECT")
    _skin(built, {names[what]: (what, place) for what, place in places.items()})
    bpy.context.view_layer.update()
    return replace(built, label="face bones of a game", faces=(built.main,), lips=lips_of_skin())


def _places() -> dict[str, FloatArray]:
    """Return where the bones are on the bundled head."""
    head = bundled_head()
    points = {name: head.vertices[vertices].astype(float) for name, vertices in head.landmarks.items()}
    found = {}
    for lip, landmark in (("LipUpper", "upper_inner_lip"), ("LipLower", "lower_inner_lip")):
        rim = points[landmark][np.argsort(points[landmark][:, 0])]
        found |= {f"{lip}{side}": rim[6 + 3 * side] for side in (-1, 0, 1)}
    corners = points["mouth_corners"]
    brows = points["brows"]
    for side in (-1, 1):
        found[f"Corner{side}"] = corners[(side * corners[:, 0]).argmax()]
        own = brows[side * brows[:, 0] > 0]
        found[f"BrowIn{side}"] = own[np.abs(own[:, 0]).argmin()]
        found[f"BrowOut{side}"] = own[np.abs(own[:, 0]).argmax()]
    return found


def _skin(built: Built, bones: Mapping[str, tuple[str, FloatArray]]) -> None:
    """Weight the skin around each bone to it; lips apart."""
    chosen = vertices_of(*PARTS["Head"])
    points = bundled_head().vertices[chosen].astype(float)
    drop = -arkit_shapes()["jawOpen"][chosen][:, 2]
    is_lower = drop > 0.4 * drop.max()
    weights = {}
    for name, (what, place) in bones.items():
        near = np.exp(-0.5 * ((points - place) ** 2).sum(axis=1) / REACH**2)
        weights[name] = near * (is_lower if what.startswith("LipLower") else ~is_lower if "Lip" in what else 1.0)
    total = np.sum(list(weights.values()), axis=0)
    scale = np.minimum(total, 1.0) / np.maximum(total, 1e-9)
    head, left = built.part("Head"), 1.0 - np.minimum(total, 1.0)
    for group in head.vertex_groups:
        for vertex in np.flatnonzero(total > 1e-3).tolist():
            old = next((e.weight for e in head.data.vertices[vertex].groups if e.group == group.index), 0.0)
            if old:
                group.add([vertex], old * float(left[vertex]), "REPLACE")
    for name, values in weights.items():
        group = head.vertex_groups.new(name=name)
        for vertex in np.flatnonzero(values * scale > 1e-3).tolist():
            group.add([vertex], float(values[vertex] * scale[vertex]), "REPLACE")

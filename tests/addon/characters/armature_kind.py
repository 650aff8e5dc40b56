"""Separate parts under an armature: the kind that game avatars are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import bpy
import numpy as np

from .body import add_body, body_weights
from .bundled_parts import PARTS, Shapes, add_mesh, arkit_shapes, placed, standing, vertices_of
from .kinds import PLAIN as PLACED
from .kinds import Built, Placement
from .skeleton import PLAIN, add_armature, add_walk, neck_weights, skin
from .surfaces import positions


@dataclass(frozen=True)
class Options:
    """How a character under an armature is built.

    Attributes:
        placement: Where it stands.
        bone_names: PLAIN, VROID, MIXAMO or others: bone of PLAIN -> its name.
        shapes: Shape keys of all meshes; ARKit's 52 if None.
        keep_empty: Names of `shapes` that the main mesh has although they move nothing.
        with_jaw: Add a jaw bone that moves the lower face and teeth, besides the shape keys.
        eyes_by_bones: Leave the eyeLook shapes out of the eye meshes, so that only bones can turn the eyes.
        with_walk: Animate the armature, as body animation that is already there.
        label: Names it in tables.
    """

    placement: Placement = PLACED
    bone_names: Mapping[str, str] = field(default_factory=lambda: PLAIN)
    shapes: Shapes | None = None
    keep_empty: tuple[str, ...] = ()
    with_jaw: bool = False
    eyes_by_bones: bool = False
    with_walk: bool = False
    label: str = "parts under an armature"


def build(options: Options | None = None) -> Built:
    """Build the character in the current scene."""
    options = options or Options()
    place, names = options.placement, options.bone_names
    bones = tuple(bone for bone in PLAIN if bone != "Jaw" or options.with_jaw)
    armature = add_armature(names, place.data, bones)
    armature.pose.bones[names["Head"]].rotation_mode = place.rotation_mode
    parts = {part: _add_part(part, armature, options) for part in PARTS}
    armature.matrix_world = place.root
    if options.with_walk:
        add_walk(armature, names)
    bpy.context.view_layer.update()
    main, body = parts.pop("Head"), parts.pop("Body")
    shaped = tuple(obj for obj in parts.values() if obj.data.shape_keys)
    return Built(
        options.label, main, (main, *shaped), tuple(parts.values()), (body,), armature,
        head_bone=names["Head"], skull=skull_of_skin(), torso=torso_of_skin(),
        world=place.root @ place.data,
    )  # fmt: skip


def skull_of_skin() -> np.ndarray:
    """Return the vertices of a mesh of the skin that only the head moves: the scalp behind the ears and above."""
    points = standing()[vertices_of("skin")]
    still = _still(vertices_of("skin"))
    return np.flatnonzero(still & (points[:, 2] > standing()[vertices_of("eyeball_left")][:, 2].max()))


def torso_of_skin() -> np.ndarray:
    """Return the vertices of a mesh of the skin that only the spine moves."""
    points = standing()[vertices_of("skin")]
    return np.flatnonzero(neck_weights(points, PLAIN)["Spine"] >= 1.0)


def _still(chosen: np.ndarray) -> np.ndarray:
    return np.max([np.abs(offsets[chosen]).max(axis=1) for offsets in arkit_shapes().values()], axis=0) < 1e-4


def _add_part(part: str, armature: bpy.types.Object, options: Options) -> bpy.types.Object:
    data, names = options.placement.data, options.bone_names
    if part == "Body":
        obj = add_body(data)
        heights = placed(positions(obj.data.vertices), data.inverted())[:, 2]
        skin(obj, armature, body_weights(heights, names["Hips"], names["Spine"]))
        return obj
    shapes = dict(arkit_shapes() if options.shapes is None else options.shapes)
    if part == "Hair" or (options.eyes_by_bones and part.startswith("Eye")):
        shapes = {}
    chosen = vertices_of(*PARTS[part])
    obj = add_mesh(part, chosen, shapes, data, options.keep_empty if part == "Head" else ())
    skin(obj, armature, _weights(part, chosen, options))
    return obj


def _weights(part: str, chosen: np.ndarray, options: Options) -> dict[str, np.ndarray]:
    names, everywhere = options.bone_names, np.ones(len(chosen))
    if part.startswith("Eye"):
        return {names[f"{part.removeprefix('Eye')}Eye"]: everywhere}
    weights = neck_weights(standing()[chosen], names) if part == "Head" else {names["Head"]: everywhere}
    if options.with_jaw and part in ("Head", "Teeth"):
        opening = np.linalg.norm(arkit_shapes()["jawOpen"], axis=1)
        jaw = np.clip(opening[chosen] / np.median(opening[vertices_of("lower_teeth")]), 0.0, 1.0)
        weights = {bone: values * (1.0 - jaw) for bone, values in weights.items()} | {names["Jaw"]: jaw}
    return weights

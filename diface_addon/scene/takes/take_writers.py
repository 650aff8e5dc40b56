"""Writers of the parts of a take, one for each kind: ARKit shape keys, custom shapes as keys or cache, and the head."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import bpy
from mathutils import Quaternion

from ...core import channels, placement, types
from ...rig.head_target import can_turn, head_target
from ...rig.mapping import hand_rows
from ..animation import body_rotation
from ..animation.head_obstacles import obstacle_notes
from ..keys import head_pose
from ..keys.write_keys import SampledCurve
from ..provenance import rest_pose
from ..provenance.rest_pose import rest_delta, rest_rotation
from ..vertex_animation import motion_shape_keys
from . import bone_curves, face_curves

CANNOT_TURN = "Only the face was generated: no bone or object turns the head alone. Choose one under Character."


@dataclass(frozen=True)
class CustomShapes:
    """Shapes that a face's motion has weights of, and whether it becomes a vertex cache or shape keys."""

    shapes: types.Shapes
    as_cache: bool


@dataclass(frozen=True)
class TakePart:
    """What one writer adds to a take.

    Attributes:
        curves: The main Action's curves by kind of data-block: 'KEY', 'OBJECT', 'KEY:1' ...
        layers: Each layer's curves by kind of data-block.
        fields: Fields of the stored request.
        notes: Notes for the user.
    """

    curves: dict[str, list[SampledCurve]]
    layers: dict[str, dict[str, list[SampledCurve]]] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class TakeWriter(Protocol):
    """Prepares one part of a take."""

    def write(self, obj: bpy.types.Object, motion: types.Motion, take: dict[str, Any]) -> TakePart:
        """Add to `obj` what the part needs, and return its curves. `take` is the stored request so far."""
        ...


class ShapeKeyWriter:
    """Writes ARKit's channels to the shape keys of the character's meshes."""

    def write(self, obj: bpy.types.Object, motion: types.Motion, take: dict[str, Any]) -> TakePart:
        """Return the curves of the shape keys, and of each layer."""
        face = tuple(channel for channel in motion.channels if channel in channels.SHAPES)
        moved = motion.select(face)
        curves, layers, notes = face_curves.build_face_curves(obj, moved, take.get("layers"))
        of_bones, bone_layers = bone_curves.build_bone_curves(obj, moved, take.get("layers"))
        _join(curves, of_bones)
        for layer, of_layer in bone_layers.items():
            _join(layers.setdefault(layer, {}), of_layer)
        return TakePart(curves, layers, notes=[*notes, *hand_rows.problems(obj)])


@dataclass(frozen=True)
class CustomShapeWriter:
    """Writes weights of custom shapes to new shape keys, or to a vertex cache. placed: placement of the FLAME mesh."""

    custom: CustomShapes
    placed: placement.Placement | None

    def write(self, obj: bpy.types.Object, motion: types.Motion, take: dict[str, Any]) -> TakePart:
        """Add shape keys to `obj` or write a cache, and return the shape keys' curves."""
        shapes, weights = self.custom.shapes, motion.select(self.custom.shapes.names).values
        fields, curves, notes = motion_shape_keys.write_motion(
            obj, weights, shapes, self.placed, self.custom.as_cache, take["take"], take["name"]
        )
        return TakePart({"KEY": curves} if curves else {}, fields=fields, notes=notes)


@dataclass(frozen=True)
class HeadWriter:
    """Writes the head's rotation vectors to an object or a bone. placed: placement of a FLAME mesh."""

    placed: placement.Placement | None

    def write(self, obj: bpy.types.Object, motion: types.Motion, take: dict[str, Any]) -> TakePart:
        """Return the curves of the rotation, and of the delta location of a head with another pivot."""
        target = head_target(obj)
        if not can_turn(obj):
            return TakePart({}, notes=[CANNOT_TURN])
        is_added = body_rotation.is_animated_below(obj, target)
        rest, delta = Quaternion() if is_added else rest_rotation(obj), rest_delta(obj)
        vectors = target.share * motion.select(channels.HEAD).values
        placed = self.placed or target.placed
        if placed:
            vectors = placed.rotations_to_local(vectors)
        curves = head_pose.rotation_curves(target, vectors, rest)
        if placed:
            curves += head_pose.pivot_compensation(target, vectors, rest, placed.neck, delta)
        fields = {"rest_rotation": list(rest), "rest_delta": list(delta), **rest_pose.rotation_fields(target)}
        curves += bone_curves.build_neck_curves(obj, motion).get(target.kind, [])
        fields |= {body_rotation.ADDED: True} if is_added else {}
        return TakePart({target.kind: curves}, fields=fields, notes=obstacle_notes(target.owner, target.bone))


def _join(curves: dict[str, list[SampledCurve]], others: dict[str, list[SampledCurve]]) -> None:
    """Add curves to others by kind of data-block."""
    for kind, of_kind in others.items():
        curves[kind] = [*curves.get(kind, ()), *of_kind]


def find_writers(
    motion: types.Motion, placed: placement.Placement | None, custom_shapes: CustomShapes | None
) -> list[TakeWriter]:
    """Return the writers of the parts that a motion has, the face's first."""
    writers: list[TakeWriter] = []
    if set(channels.SHAPES) & set(motion.channels):
        writers.append(ShapeKeyWriter())
    elif custom_shapes is not None:
        writers.append(CustomShapeWriter(custom_shapes, placed))
    if channels.HEAD[0] in motion.channels:
        writers.append(HeadWriter(placed))
    return writers

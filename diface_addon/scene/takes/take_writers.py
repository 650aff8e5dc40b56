"""Writers of the parts of a take, one for each kind: ARKit shape keys, custom shapes as keys or cache, and the head."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import bpy

from ...core import channels, placement, types
from ..keys import head_pose
from ..keys.write_keys import SampledCurve
from ..provenance.rest_pose import rest_delta, rest_rotation
from ..vertex_animation import motion_shape_keys
from . import face_curves


@dataclass(frozen=True)
class CustomShapes:
    """Shapes that a face's motion has weights of, and whether it becomes a vertex cache or shape keys."""

    shapes: types.Shapes
    as_cache: bool


@dataclass(frozen=True)
class TakePart:
    """What one writer adds to a take.

    Attributes:
        curves: The main Action's curves by kind of data-block: 'KEY', 'OBJECT'.
        layers: Each layer's curves, all of kind 'KEY'.
        fields: Fields of the stored request.
        notes: Notes for the user.
    """

    curves: dict[str, list[SampledCurve]]
    layers: dict[str, list[SampledCurve]] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class TakeWriter(Protocol):
    """Prepares one part of a take."""

    def write(self, obj: bpy.types.Object, motion: types.Motion, take: dict[str, Any]) -> TakePart:
        """Add to `obj` what the part needs, and return its curves. `take` is the stored request so far."""
        ...


class ShapeKeyWriter:
    """Writes ARKit's channels to the character's shape keys."""

    def write(self, obj: bpy.types.Object, motion: types.Motion, take: dict[str, Any]) -> TakePart:
        """Return the curves of the shape keys, and of each layer."""
        face = tuple(channel for channel in motion.channels if channel in channels.SHAPES)
        curves, layers, notes = face_curves.build_face_curves(obj, motion.select(face), take.get("layers"))
        return TakePart({"KEY": curves}, layers, notes=notes)


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
    """Writes the head's rotation vectors to the object's rotation. placed: placement of a FLAME mesh."""

    placed: placement.Placement | None

    def write(self, obj: bpy.types.Object, motion: types.Motion, take: dict[str, Any]) -> TakePart:
        """Return the curves of the rotation, and of the delta location of a FLAME mesh."""
        rest, delta = rest_rotation(obj), rest_delta(obj)
        vectors = motion.select(channels.HEAD).values
        if self.placed:
            vectors = self.placed.rotations_to_local(vectors)
        curves = head_pose.rotation_curves(obj, vectors, rest)
        if self.placed:
            curves += head_pose.pivot_compensation(obj, vectors, rest, self.placed.neck, delta)
        fields = {"rest_rotation": list(rest), "rest_delta": list(delta), "rotation_mode": obj.rotation_mode}
        return TakePart({"OBJECT": curves}, fields=fields, notes=_driver_notes(obj))


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


def _driver_notes(obj: bpy.types.Object) -> list[str]:
    drivers = obj.animation_data.drivers if obj.animation_data else ()
    is_driven = any(curve.data_path == head_pose.rotation_path(obj.rotation_mode) for curve in drivers)
    note = f"A driver sets the rotation of {obj.name}, so the head does not turn as generated."
    return [note] if is_driven else []

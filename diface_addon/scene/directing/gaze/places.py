"""Where objects and bones are over time, without moving the scene's frame.

What only F-curves move is read from these. Others are evaluated in a temporary scene of Empties that follow them, which
depends on nothing else: no mesh is deformed, and hidden objects and those of other scenes count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import bpy
import numpy as np

from .... import compat
from .. import temporary_scene
from . import keyed_places
from .place import FloatArray, Place, moves

STATIC = {
    "COPY_LOCATION", "COPY_ROTATION", "COPY_SCALE", "COPY_TRANSFORMS", "LIMIT_DISTANCE", "LIMIT_LOCATION",
    "LIMIT_ROTATION", "LIMIT_SCALE", "MAINTAIN_VOLUME", "DAMPED_TRACK", "LOCKED_TRACK", "STRETCH_TO", "TRACK_TO",
    "CHILD_OF", "PIVOT", "FLOOR",
}  # fmt: skip
"""Constraints that move nothing while their targets are still."""


def sample(places: Sequence[Place], frames: FloatArray) -> list[FloatArray]:
    """Return the world matrices of places, each (T, 4, 4) at `frames` (T,), or (1, 4, 4) if nothing moves it."""
    known = {number: keyed_places.matrices(place, frames) for number, place in enumerate(places)}
    found = {number: rows for number, rows in known.items() if rows is not None}
    unknown = [number for number in range(len(places)) if number not in found]
    still = [number for number in unknown if is_still(places[number])]
    moving = [number for number in unknown if number not in still]
    for numbers, at in ((still, frames[:1]), (moving, frames)):
        if numbers:
            found |= dict(zip(numbers, _evaluated([places[number] for number in numbers], at), strict=True))
    return [found[number] for number in range(len(places))]


def _evaluated(places: Sequence[Place], frames: FloatArray) -> list[FloatArray]:
    """Return the world matrices (T, 4, 4) of places at every frame."""
    found = np.empty((len(places), len(frames), 4, 4))
    with temporary_scene.temporary_scene() as scene:
        empties: list[bpy.types.Object] = []
        for place in places:
            empties.append(_follower(place))
            scene.collection.objects.link(empties[-1])
        for row, graph in temporary_scene.at_frames(scene, frames):
            for number, empty in enumerate(empties):
                found[number, row] = empty.evaluated_get(graph).matrix_world
    return list(found)


def _follower(place: Place) -> bpy.types.Object:
    """Return a new Empty at a place."""
    empty, obj = bpy.data.objects.new(".diface_place", None), place.obj
    if obj is None:
        return empty
    if place.of_parent:
        if obj.parent is not None:
            empty.parent, empty.parent_type, empty.parent_bone = obj.parent, obj.parent_type, obj.parent_bone
            empty.matrix_parent_inverse = obj.matrix_parent_inverse
        return empty
    follow = empty.constraints.new("COPY_TRANSFORMS")
    follow.target, follow.subtarget = obj, place.bone
    return empty


def is_still(place: Place) -> bool:
    """Return whether nothing moves a place over time."""
    return all(not _is_moved(obj, bone) for obj, bone in dependencies(place))


def dependencies(place: Place) -> Iterator[tuple[bpy.types.Object, str]]:
    """Yield the objects that a place depends on, and of armatures each bone ("": the object), every one once."""
    if place.obj is None:
        return
    seen: set[tuple[int, str]] = set()
    waiting = _parents(place.obj) if place.of_parent else [(place.obj, place.bone)]
    while waiting:
        obj, bone = waiting.pop()
        if obj is None or (obj.session_uid, bone) in seen:
            continue
        seen.add((obj.session_uid, bone))
        yield obj, bone
        posed = obj.pose.bones.get(bone) if bone and obj.type == "ARMATURE" else None
        if posed is not None:
            waiting += [(obj, ""), (obj, posed.parent.name if posed.parent else "")]
        else:
            waiting += _parents(obj)
        for constraint in (posed or obj).constraints:
            if not constraint.mute:
                waiting.append((getattr(constraint, "target", None), getattr(constraint, "subtarget", "")))
                for item in getattr(constraint, "targets", ()):
                    waiting.append((item.target, getattr(item, "subtarget", "")))


def _parents(obj: bpy.types.Object) -> list[tuple[bpy.types.Object | None, str]]:
    return [(obj.parent, obj.parent_bone if obj.parent_type == "BONE" else "")]


def _follows_shape(obj: bpy.types.Object) -> bool:
    """Return whether an object follows vertices or a curve that may be animated."""
    is_on_path = obj.parent is not None and obj.parent.type == "CURVE" and obj.parent.data.use_path
    return is_on_path or obj.parent_type in ("VERTEX", "VERTEX_3")


def _is_moved(obj: bpy.types.Object, bone: str) -> bool:
    """Return whether animation, physics or a constraint moves an object or a bone over time."""
    posed = obj.pose.bones.get(bone) if bone and obj.type == "ARMATURE" else None
    if any(not constraint.mute and constraint.type not in STATIC for constraint in (posed or obj).constraints):
        return True
    if posed is None and (obj.rigid_body is not None or _follows_shape(obj)):
        return True
    animation = obj.animation_data
    if animation is None:
        return False
    if len(animation.drivers) and any(moves(curve.data_path, bone) for curve in animation.drivers):
        return True
    sources = [animation] if animation.action else []
    sources += [strip for track in animation.nla_tracks for strip in track.strips if strip.action]
    bags = [compat.active_channelbag(source) for source in sources]
    return any(moves(curve.data_path, bone) for bag in bags if bag for curve in bag.fcurves)

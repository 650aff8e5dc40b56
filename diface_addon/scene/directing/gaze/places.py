"""Where objects and bones are over time, without moving the scene's frame.

They are evaluated in a temporary scene of Empties that follow them, which depends on nothing else: no mesh is deformed,
hidden objects and those of other scenes count, and a frame takes a tenth of a millisecond.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from .... import compat

FloatArray = npt.NDArray[np.float64]

STATIC = {
    "COPY_LOCATION", "COPY_ROTATION", "COPY_SCALE", "COPY_TRANSFORMS", "LIMIT_DISTANCE", "LIMIT_LOCATION",
    "LIMIT_ROTATION", "LIMIT_SCALE", "MAINTAIN_VOLUME", "DAMPED_TRACK", "LOCKED_TRACK", "STRETCH_TO", "TRACK_TO",
    "CHILD_OF", "PIVOT", "FLOOR",
}  # fmt: skip
"""Constraints that move nothing while their targets are still."""
MOVING = ("location", "rotation", "scale", "delta_", "constraints", "matrix")
"""What the RNA paths begin with of properties that move an object or a bone."""


@dataclass(frozen=True)
class Place:
    """An object, a bone of an armature, or what moves an object besides its own transformation.

    Attributes:
        obj: The object; None: the world's origin.
        bone: Name of the bone; "": the object itself.
        of_parent: Whether it is the parent's transformation of the object.
    """

    obj: bpy.types.Object | None
    bone: str = ""
    of_parent: bool = False


def sample(places: Sequence[Place], frames: FloatArray) -> list[FloatArray]:
    """Return the world matrices of places, each (T, 4, 4) at `frames` (T,), or (1, 4, 4) if nothing moves it."""
    still = [is_still(place) for place in places]
    with_time = [number for number, is_fixed in enumerate(still) if not is_fixed]
    found = dict(zip(range(len(places)), _evaluated(places, frames[:1]), strict=True))
    if with_time and len(frames) > 1:
        moving = _evaluated([places[number] for number in with_time], frames)
        found |= dict(zip(with_time, moving, strict=True))
    return [found[number] for number in range(len(places))]


def _evaluated(places: Sequence[Place], frames: FloatArray) -> list[FloatArray]:
    """Return the world matrices (T, 4, 4) of places at every frame."""
    scene = bpy.data.scenes.new(".diface_places")
    empties: list[bpy.types.Object] = []
    try:
        for place in places:
            empties.append(_follower(place))
            scene.collection.objects.link(empties[-1])
        found = np.empty((len(places), len(frames), 4, 4))
        for row, frame in enumerate(frames.tolist()):
            whole = int(np.floor(frame))
            scene.frame_set(whole, subframe=frame - whole)
            graph = scene.view_layers[0].depsgraph
            for number, empty in enumerate(empties):
                found[number, row] = empty.evaluated_get(graph).matrix_world
    finally:
        for empty in empties:
            bpy.data.objects.remove(empty)
        bpy.data.scenes.remove(scene)
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


def _is_moved(obj: bpy.types.Object, bone: str) -> bool:
    """Return whether animation, physics or a constraint moves an object or a bone over time."""
    posed = obj.pose.bones.get(bone) if bone and obj.type == "ARMATURE" else None
    if any(not constraint.mute and constraint.type not in STATIC for constraint in (posed or obj).constraints):
        return True
    if posed is None and (obj.rigid_body is not None or obj.parent_type in ("VERTEX", "VERTEX_3")):
        return True
    animation = obj.animation_data
    if animation is None:
        return False
    if len(animation.drivers) and any(_moves(curve.data_path, bone) for curve in animation.drivers):
        return True
    sources = [animation] if animation.action else []
    sources += [strip for track in animation.nla_tracks for strip in track.strips if strip.action]
    bags = [compat.active_channelbag(source) for source in sources]
    return any(_moves(curve.data_path, bone) for bag in bags if bag for curve in bag.fcurves)


def _moves(path: str, bone: str) -> bool:
    """Return whether a property at an RNA path moves the bone, or for "" the object itself."""
    if bone:
        prefix = f'pose.bones["{bpy.utils.escape_identifier(bone)}"].'
        return path.startswith(prefix) and path.removeprefix(prefix).startswith(MOVING)
    return path.startswith(MOVING)

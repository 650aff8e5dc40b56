"""What a character looks at, and where it is in the head's coordinates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import bpy
import numpy as np

from ....core import errors, eye_response, gaze_geometry
from ....rig import parts
from ....rig.discovery.find_character import find_character
from ....rig.gaze.eyes import Eye
from ...characters import bundled_head, flame_mesh
from .head_at_rest import world_to_head
from .head_frame import HeadFrame
from .place import FloatArray, Place
from .places import dependencies, sample

LookAt = Literal["OBJECT", "CAMERA"]
FACE_SHARES = (0.4, 0.4, 0.2)
"""How often one looks at the left and the right eye and at the mouth of a face; see `diface_core/layers/gaze.py`."""
MOUTH_BELOW = 1.0
"""How far the mouth is below the eyes, in distances between the eyes."""
ORIGIN_DISTANCE = 1e-3
"""Distance between eyes that are not known."""


@dataclass(frozen=True)
class Aim:
    """What a character looks at: the object, or the camera of the scene."""

    look_at: LookAt
    target: bpy.types.Object | None = None


@dataclass(frozen=True)
class _Seen:
    """Points to look at: where they move with, and their places (K, 3) there."""

    place: Place
    points: FloatArray
    shares: FloatArray


def problem(main: bpy.types.Object, aim: Aim) -> str:
    """Return why a character cannot look at its target; "" if it can. Fast enough for a panel."""
    for _first, target in _targets(aim):
        if target is None:
            return "Choose what to look at" if aim.look_at == "OBJECT" else "The scene has no camera"
        if not target.users_scene:
            return f"{target.name} was deleted"
        if _is_own(main, target):
            return f"{target.name} is the character itself"
        if _moves_with_head(main, target):
            return f"{target.name} moves with the head: parent it to the body"
    return ""


def _targets(aim: Aim) -> list[tuple[int, bpy.types.Object | None]]:
    """Return the targets with the frame from which each counts, the first also before: cameras change at markers."""
    if aim.look_at == "OBJECT":
        return [(0, aim.target)]
    scene = bpy.context.scene
    bound = [(marker.frame, marker.camera) for marker in scene.timeline_markers if marker.camera is not None]
    return sorted(bound, key=lambda pair: pair[0]) if bound else [(0, scene.camera)]


def followed(main: bpy.types.Object, aim: Aim) -> Iterator[bpy.types.Object]:
    """Yield the objects that the gaze of a character depends on."""
    frame = HeadFrame.of(main, find_character(main))
    for place in [frame.base, *(_seen(target).place for _first, target in _targets(aim) if target is not None)]:
        yield from (obj for obj, _bone in dependencies(place))


def geometry(main: bpy.types.Object, aim: Aim, frames: FloatArray) -> gaze_geometry.GazeGeometry:
    """Return where a target and the eyes of a character are at `frames` (T,).

    Raises:
        SceneError: The character cannot look at the target; see `problem`.
    """
    reason = problem(main, aim)
    if reason:
        raise errors.SceneError(f"{reason}.", "Choose another target in the panel Gaze.")
    frame = HeadFrame.of(main, find_character(main))
    targets = _targets(aim)
    seen = [_seen(target) for _first, target in targets if target is not None]
    base, *matrices = sample([frame.base, *(each.place for each in seen)], frames)
    world = [_moved(matrix, each.points) for matrix, each in zip(matrices, seen, strict=True)]
    points, cuts = _by_frame(world, [first for first, _target in targets], frames)
    matrix = world_to_head(frame, base, frames)
    points = np.einsum("tij,tkj->tki", matrix[:, :3, :3], points) + matrix[:, None, :3, 3]
    centres, responses = _own_eyes(frame)
    joints, shares = frame.joints()
    return gaze_geometry.GazeGeometry(points, seen[0].shares, centres, responses, joints, shares, cuts)


def _by_frame(
    world: list[FloatArray], first: list[int], frames: FloatArray
) -> tuple[FloatArray, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Return the points (T or 1, K, 3) of the target that counts at each frame, and where another one begins."""
    if len(world) == 1:
        return world[0], np.zeros(0, bool)
    number = np.maximum(np.searchsorted(first, frames, side="right") - 1, 0)
    rows = np.arange(len(frames))
    stacked = np.stack([np.broadcast_to(points, (len(frames), *points.shape[1:])) for points in world])
    return stacked[number, rows], np.diff(number, prepend=number[:1]) != 0


def _moved(matrices: FloatArray, points: FloatArray) -> FloatArray:
    """Return points (K, 3) in the world, (T, K, 3), for matrices (T, 4, 4)."""
    return np.einsum("tij,kj->tki", matrices[:, :3, :3], points) + matrices[:, None, :3, 3]


def _seen(target: bpy.types.Object) -> _Seen:
    """Return what one looks at: eyes and mouth of a character, of any other object its origin."""
    found = find_character(target) if target.type in ("MESH", "ARMATURE") else None
    main = target if bundled_head.MARK in target or flame_mesh.is_flame(target) else found and found.main
    if main is not None and main.type == "MESH" and main.data.shape_keys is not None:
        frame = HeadFrame.of(main, found)
        eyes = frame.eyes()
        if eyes is not None:
            left, right = (eye.centre for eye in eyes)
            apart = float(np.linalg.norm(left - right))
            mouth = (left + right) / 2 + apart * np.array([0.0, -0.3, -MOUTH_BELOW])
            points = np.stack([left, right, mouth]) @ frame.axes.T
            return _Seen(frame.place, points, np.array(FACE_SHARES))
    return _Seen(Place(target), np.zeros((1, 3)), np.ones(1))


def _own_eyes(frame: HeadFrame) -> tuple[FloatArray, tuple[eye_response.EyeResponse, eye_response.EyeResponse]]:
    """Return the centres (2, 3) of a character's eyes and how its channels turn them."""
    eyes = frame.eyes()
    if eyes is None:
        middle = frame.joints()[0][-1]
        eyes = tuple(Eye(middle + np.array([x, 0.0, 0.0]), None) for x in (ORIGIN_DISTANCE, -ORIGIN_DISTANCE))
    left, right = (
        eye.response or eye_response.EyeResponse(side, kind="SHAPE")
        for eye, side in zip(eyes, eye_response.SIDES, strict=True)
    )
    return np.stack([eye.centre for eye in eyes]), (left, right)


def _is_own(main: bpy.types.Object, target: bpy.types.Object) -> bool:
    """Return whether a target is an object of the character."""
    if target in parts.numbered_objects(main).values():
        return True
    if target.type not in ("MESH", "ARMATURE"):
        return False
    found = find_character(main)
    own: tuple[bpy.types.Object | None, ...] = ()
    if found is not None:
        own = (*found.faces, *found.on_head, *found.body, found.armature)
    return target in own


def _moves_with_head(main: bpy.types.Object, target: bpy.types.Object) -> bool:
    """Return whether the head's own rotation moves a target."""
    frame = HeadFrame.of(main, find_character(main))
    owner, turning = frame.target.owner, frame.turning_bones()
    for obj, bone in dependencies(Place(target)):
        if obj == owner and (bone in turning if frame.target.bone else True):
            return True
    return False

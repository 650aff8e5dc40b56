"""Which way a head looks, how large it is, and which point it turns about.

The proportions are in units of the distance between the mouth and the point between the eyes, measured on the bundled
head (whose origin is the top of the spine), on FLAME's template (its neck joint) and on a Rocketbox avatar (its head
bone). The single joint of a head stands for the whole cervical spine, so it lies below the top of the spine:
below and behind the mouth, where rigs place the joint between neck and head.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from .landmarks import Landmarks

TILT = np.radians(12.0)
"""How far the line from the mouth to the eyes leans back from the head's up axis."""
SNAP = np.radians(20.0)
"""Axes of the object or armature within this angle of the estimated axes are the head's axes."""
PIVOT_BACK, PIVOT_DOWN = 1.6, 0.35
"""The joint of the head from the mouth."""
NEAR_ORIGIN = 1.1
"""An origin within this distance of the estimated joint is where the maker of the mesh placed the joint."""
CROWN, CHIN = 2.65, 0.72
"""Crown above and chin below the mouth."""

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Placement:
    """The placement of a head in world coordinates.

    Attributes:
        facing: (3, 3) rotation; columns: left, back, up.
        unit: Distance between mouth and eyes; 0.0 if unknown.
        joint: (3,) the estimated joint; None if unknown.
        size: Height of the head; 0.0 if unknown.
    """

    facing: FloatArray
    unit: float = 0.0
    joint: FloatArray | None = None
    size: float = 0.0


def place(
    obj: bpy.types.Object, marks: Landmarks, armature: bpy.types.Object | None, eyes: FloatArray | None = None
) -> Placement:
    """Return the placement of a head.

    Args:
        obj: The main mesh.
        marks: Its landmarks.
        armature: Its armature; None without any.
        eyes: (2, 3) world coordinates of the left and the right eye bone; None without any.
    """
    frames = [_axes(owner) for owner in (obj, armature) if owner is not None] + [np.eye(3)]
    facing = _facing(marks, frames, eyes)
    between = eyes.mean(axis=0) if eyes is not None and marks.eyes is None else marks.eyes
    if marks.mouth is None:
        return Placement(facing)
    back, up = facing[:, 1], facing[:, 2]
    crown = _crown(marks, up)
    unit = float(abs((between - marks.mouth) @ up)) if between is not None else crown / CROWN
    if unit <= 0:
        return Placement(facing)
    joint = _on_midline(marks, facing) + unit * (PIVOT_BACK * back - PIVOT_DOWN * up)
    return Placement(facing, unit, joint, crown + CHIN * unit)


def _on_midline(marks: Landmarks, facing: FloatArray) -> FloatArray:
    """Return the centre of the mouth, moved to the plane between the sides of the face."""
    assert marks.mouth is not None
    if marks.eyes is None:
        return marks.mouth
    left = facing[:, 0]
    return marks.mouth + left * ((marks.eyes - marks.mouth) @ left) / 2


def _crown(marks: Landmarks, up: FloatArray) -> float:
    """Return how far the top of the head is above the mouth: of the vertices above the face."""
    assert marks.mouth is not None
    offsets = marks.surface - marks.mouth
    heights = offsets @ up
    reach = float(np.linalg.norm(np.ptp(marks.points, axis=0))) if len(marks.points) else np.inf
    aside = np.linalg.norm(offsets - np.outer(heights, up), axis=1)
    near = heights[aside <= max(reach, 1e-12)]
    return float(near.max(initial=0.0))


def _facing(marks: Landmarks, frames: list[FloatArray], eyes: FloatArray | None) -> FloatArray:
    """Return the axes of the head: estimated, and those of the object or armature if they are near."""
    up, forward = _estimate(marks, frames[0], eyes)
    if up is None or forward is None:
        return _without_evidence(frames[0])
    estimated = _frame(up, forward)
    for frame in frames:
        snapped = _frame(_nearest_axis(frame, up), _nearest_axis(frame, estimated[:, 1] * -1))
        cosine = (np.trace(estimated.T @ snapped) - 1) / 2
        if np.arccos(np.clip(cosine, -1.0, 1.0)) <= SNAP:
            return snapped
    return estimated


def _estimate(
    marks: Landmarks, frame: FloatArray, eyes: FloatArray | None
) -> tuple[FloatArray | None, FloatArray | None]:
    """Return the estimated up and forward directions of a head; None where there is no evidence."""
    between = marks.eyes if marks.eyes is not None else None if eyes is None else eyes.mean(axis=0)
    lateral = marks.lateral if marks.lateral is not None else None if eyes is None else eyes[0] - eyes[1]
    up = None
    if between is not None and marks.mouth is not None:
        up = _unit(between - marks.mouth)
    elif marks.opening is not None:
        up = _nearest_axis(frame, -marks.opening)
    if up is None:
        return None, None
    if lateral is not None:
        side = _unit(lateral - up * (lateral @ up))
        forward = np.cross(side, up)
        if marks.outward is not None and forward @ marks.outward < 0:
            forward = -forward  # a mirrored object: its sides are exchanged
    elif marks.outward is None:
        return up, None
    else:
        forward = _unit(marks.outward - up * (marks.outward @ up))
    if between is not None and marks.mouth is not None:
        up, forward = np.cos(TILT) * up + np.sin(TILT) * forward, np.cos(TILT) * forward - np.sin(TILT) * up
    return up, forward


def _without_evidence(frame: FloatArray) -> FloatArray:
    """Return the axes of a head of which nothing is known: upright, looking along the object's -Y."""
    up = _nearest_axis(frame, np.array([0.0, 0.0, 1.0]))
    forward = -frame[:, 1] if abs(up @ frame[:, 1]) < 0.5 else frame[:, 2]
    return _frame(up, forward)


def _frame(up: FloatArray, forward: FloatArray) -> FloatArray:
    """Return the rotation (3, 3) of a head with this up and about this forward direction."""
    up = _unit(up)
    forward = _unit(forward - up * (forward @ up))
    return np.stack([np.cross(up, forward), -forward, up], axis=1)


def _nearest_axis(frame: FloatArray, direction: FloatArray) -> FloatArray:
    """Return the axis of a frame, or its opposite, that is nearest to a direction."""
    cosines = frame.T @ _unit(direction)
    index = int(np.argmax(np.abs(cosines)))
    return frame[:, index] * np.sign(cosines[index])


def _axes(obj: bpy.types.Object) -> FloatArray:
    """Return the directions (3, 3) of the axes of an object in the world, as columns."""
    matrix = np.array(obj.matrix_world)[:3, :3]
    lengths = np.linalg.norm(matrix, axis=0)
    return matrix / lengths if lengths.min() > 0 else np.eye(3)


def _unit(vector: FloatArray) -> FloatArray:
    length = float(np.linalg.norm(vector))
    return vector / length if length > 0 else np.array([0.0, 0.0, 1.0])


def pivot_near(joint: FloatArray, unit: float, obj: bpy.types.Object) -> FloatArray:
    """Return the origin of an object if it lies where the joint is expected, else the expected joint."""
    origin = np.array(obj.matrix_world.translation)
    return origin if np.linalg.norm(origin - joint) <= NEAR_ORIGIN * unit else joint

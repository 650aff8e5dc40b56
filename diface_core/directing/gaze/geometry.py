"""Where the target and the eyes are, and in which direction each eye has to look."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...motion import head_angles
from ...types import BoolArray, Float64Array
from .eye_response import EyeResponse

MAX_VERGENCE = 12.0
"""Degrees that the eyes converge at most, as for a point at 30 cm: nearer targets are looked at as if they were there,
so that nobody is cross-eyed."""
FRONT = np.array([0.0, -1.0, 0.0])


def _no_rows() -> BoolArray:
    return np.zeros(0, bool)


@dataclass(frozen=True)
class GazeGeometry:
    """The target, the eyes and the joints of the head.

    All points are in the axes of the head at rest (x to its left, y back, z up), which move with the body but not with
    the head. Any unit, and any origin.

    Attributes:
        points: (T, K, 3), or (1, K, 3) if they stay: the K points that one looks at, as both eyes and the mouth of a
            face; one point of anything else.
        shares: (K,) how often each point is looked at; positive.
        eyes: (2, 3) centres of the left and the right eyeball while the head is at rest.
        responses: How the channels turn the left and the right eye.
        joints: (J, 3) the joints that the head turns about while it is at rest, from the lowest.
        joint_shares: (J,) share of the head's rotation at each; their sum is 1.
        cuts: (T,) rows at which the target is another one, as the camera after a cut: the eyes are there at once.
            Empty: none.
    """

    points: Float64Array
    shares: Float64Array
    eyes: Float64Array
    responses: tuple[EyeResponse, EyeResponse]
    joints: Float64Array
    joint_shares: Float64Array
    cuts: BoolArray = field(default_factory=_no_rows)

    def __post_init__(self) -> None:
        count = len(self.shares)
        if self.points.ndim != 3 or self.points.shape[1:] != (count, 3) or not self.points.size:
            raise ValueError(f"points must be (T, {count}, 3), with T at least 1. Got {self.points.shape}.")
        if self.eyes.shape != (2, 3) or self.joints.shape != (len(self.joint_shares), 3) or not len(self.joints):
            raise ValueError("eyes must be (2, 3), and joints (J, 3) with a share each.")
        if not all(np.isfinite(array).all() for array in (self.points, self.shares, self.eyes, self.joints)):
            raise ValueError("points, shares, eyes and joints must be finite.")

    @property
    def limits(self) -> Float64Array:
        """The degrees (2,) that both eyes reach sideways, and up or down."""
        return np.min([response.limits() for response in self.responses], axis=0)

    @property
    def eye_distance(self) -> float:
        """The distance between the centres of the eyeballs."""
        return float(np.linalg.norm(self.eyes[0] - self.eyes[1]))

    def points_of(self, rows: int) -> Float64Array:
        """Return the points (rows, K, 3)."""
        return np.broadcast_to(self.points, (rows, *self.points.shape[1:]))

    def from_eyes(self, points: Float64Array, head: Float64Array) -> Float64Array:
        """Return the offsets (T, 2, 3) of points (T, 3) from each eye in the axes of the head as it is turned.

        The point is moved out to where the eyes converge by MAX_VERGENCE if it is nearer.

        Args:
            points: (T, 3) in the axes of the head at rest.
            head: (T, 3) the head's rotation vectors in radians.
        """
        eyes = np.stack([self._placed(eye, head) for eye in self.eyes], axis=1)
        middle = eyes.mean(axis=1)
        nearest = self.eye_distance / 2 / np.tan(np.radians(MAX_VERGENCE / 2))
        away = points - middle
        distance = np.linalg.norm(away, axis=1, keepdims=True)
        front = head_angles.rotate(head, np.broadcast_to(FRONT, away.shape))
        direction = np.where(distance > 1e-9, away / np.maximum(distance, 1e-9), front)
        moved = middle + direction * np.maximum(distance, nearest)
        offsets = moved[:, None] - eyes
        return np.stack([head_angles.rotate(-head, offsets[:, side]) for side in (0, 1)], axis=1)

    def from_middle(self, points: Float64Array, head: Float64Array) -> Float64Array:
        """Return the offsets (T, 3) of points (T, 3) from between the eyes, in the axes of the head as it is turned."""
        middle = self._placed(self.eyes.mean(axis=0), head)
        return head_angles.rotate(-head, points - middle)

    def _placed(self, eye: Float64Array, head: Float64Array) -> Float64Array:
        """Return where a point (3,) of the head at rest is (T, 3) while the head is turned."""
        ends = np.concatenate([self.joints[1:], eye[None]])
        place = np.broadcast_to(self.joints[0], head.shape)
        turned = 0.0
        for joint, end, share in zip(self.joints, ends, self.joint_shares.tolist(), strict=True):
            turned += share
            place = place + head_angles.rotate(turned * head, np.broadcast_to(end - joint, head.shape))
        return place


def angles(directions: Float64Array) -> Float64Array:
    """Return yaw and pitch (..., 2) in degrees, left and up positive, of directions (..., 3)."""
    x, y, z = np.moveaxis(directions, -1, 0)
    return np.degrees(np.stack([np.arctan2(x, -y), np.arctan2(z, np.hypot(x, y))], axis=-1))


def unit_directions(degrees: Float64Array) -> Float64Array:
    """Return unit directions (..., 3) of yaw and pitch (..., 2) in degrees: the inverse of `angles`."""
    yaw, pitch = np.moveaxis(np.radians(degrees), -1, 0)
    return np.stack([np.sin(yaw) * np.cos(pitch), -np.cos(yaw) * np.cos(pitch), np.sin(pitch)], axis=-1)


def angle_between(one: Float64Array, other: Float64Array) -> Float64Array:
    """Return the angles (...) in degrees between directions (..., 3) of any length."""
    across = np.linalg.norm(np.cross(one, other), axis=-1)
    return np.degrees(np.arctan2(across, np.sum(one * other, axis=-1)))

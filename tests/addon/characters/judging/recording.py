"""What is seen of a character over the frames of the scene, in the character's space."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import bpy
import numpy as np

from ..bundled_parts import FloatArray, placed
from ..kinds import Built
from ..surfaces import surface


@dataclass(frozen=True)
class Recording:
    """Vertices over frames, and the head's rigid motion.

    Attributes:
        frames: (T,) of the scene.
        points: Mesh -> (T, V, 3) in metres of the character's space.
        turns: (T, 3, 3) rotation of the head against the first of `rest`.
        shifts: (T, 3): a point p of the head at rest is at turns[t] @ p + shifts[t].
    """

    frames: np.ndarray
    points: dict[bpy.types.Object, FloatArray]
    turns: FloatArray
    shifts: FloatArray

    def on_rest_head(self, obj: bpy.types.Object) -> FloatArray:
        """Return the vertices (T, V, 3) of a mesh without the head's rigid motion."""
        return np.einsum("tvi,tij->tvj", self.points[obj] - self.shifts[:, None], self.turns)


def at_rest(built: Built) -> dict[bpy.types.Object, FloatArray]:
    """Return the vertices (V, 3) of all meshes at the scene's frame."""
    return {obj: placed(surface(obj), built.world.inverted()) for obj in built.meshes}


def record(built: Built, rest: dict[bpy.types.Object, FloatArray], frames: Iterable[int]) -> Recording:
    """Record all meshes at `frames`, and fit the motion of the vertices `built.skull` against those at rest."""
    chosen = np.array(list(frames))
    seen: dict[bpy.types.Object, list[FloatArray]] = {obj: [] for obj in built.meshes}
    scene = bpy.context.scene
    for frame in chosen.tolist():
        scene.frame_set(frame)
        for obj, points in at_rest(built).items():
            seen[obj].append(points.astype(np.float32))
    points = {obj: np.stack(found) for obj, found in seen.items()}
    fits = [rigid_fit(rest[built.main][built.skull], now[built.skull]) for now in points[built.main]]
    return Recording(chosen, points, np.stack([fit[0] for fit in fits]), np.stack([fit[1] for fit in fits]))


def rigid_fit(before: FloatArray, after: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the rotation (3, 3) and the translation (3,) that move points (N, 3) best onto others (Kabsch 1976)."""
    middle, moved = before.mean(axis=0), after.mean(axis=0)
    left, _, right = np.linalg.svd((after - moved).T @ (before - middle))
    sign = np.sign(np.linalg.det(left @ right))
    turn = left @ np.diag([1.0, 1.0, sign]) @ right
    return turn, moved - turn @ middle

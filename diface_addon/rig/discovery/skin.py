"""Which bones move the vertices of an object, on a sample of its vertices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from . import shapes
from .scene_index import FOLLOWING, constraint_targets

SAMPLES = 1200
"""Vertices that are looked at: reading weights takes 1 microsecond each."""


@dataclass(frozen=True)
class Skin:
    """The bones that move an object.

    Attributes:
        bones: Names (B,) of the bones of the armature that move it.
        weights: (S, B) share of each bone in each sampled vertex. Rows sum to 1, or less where other things move it.
        points: (S, 3) world coordinates of the vertices at rest.
    """

    bones: tuple[str, ...]
    weights: npt.NDArray[np.float64]
    points: npt.NDArray[np.float64]

    def share(self, bones: Iterable[str]) -> npt.NDArray[np.float64]:
        """Return the share (S,) that `bones` have together in each vertex."""
        wanted = set(bones)
        return self.weights[:, [name in wanted for name in self.bones]].sum(axis=1)

    def mean_share(self, bones: Iterable[str]) -> float:
        """Return the mean of `share` over the vertices; 0.0 without any."""
        return float(self.share(bones).mean()) if len(self.points) else 0.0


def read_skin(obj: bpy.types.Object, armature: bpy.types.Object, vertices: npt.NDArray[np.intp] | None = None) -> Skin:
    """Return the bones of `armature` that move an object.

    Args:
        obj: Any object.
        armature: The armature.
        vertices: Indices of the vertices to look at; None for all.
    """
    rest = _points_of(obj)
    chosen = sampled(np.arange(len(rest)) if vertices is None else vertices)
    matrix = np.array(obj.matrix_world)
    points = rest[chosen] @ matrix[:3, :3].T + matrix[:3, 3]
    if obj.type == "MESH" and any(mod.type == "ARMATURE" and mod.object == armature for mod in obj.modifiers):
        names, weights = _vertex_weights(obj, armature, chosen)
        return Skin(names, weights, points)
    bone = followed_bone(obj, armature)
    return Skin((bone,) if bone else (), np.ones((len(points), 1 if bone else 0)), points)


def sampled(vertices: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Return those of some vertices that `read_skin` looks at."""
    return vertices[:: max(1, -(-len(vertices) // SAMPLES))]


def followed_bone(obj: bpy.types.Object, armature: bpy.types.Object) -> str:
    """Return the bone of `armature` that a rigid object follows: its parent's, or by a constraint; "" for none."""
    current: bpy.types.Object | None = obj
    while current:
        for constraint in current.constraints:
            if constraint.type in FOLLOWING and not constraint.mute:
                for target, bone in constraint_targets(constraint):
                    if target == armature and bone:
                        return bone
        if current.parent == armature and current.parent_type == "BONE":
            return current.parent_bone
        current = current.parent
    return ""


def _points_of(obj: bpy.types.Object) -> npt.NDArray[np.float64]:
    if obj.type == "MESH" and len(obj.data.vertices):
        return np.asarray(shapes.rest_vertices(obj.data), np.float64)
    return np.array([tuple(corner) for corner in obj.bound_box], np.float64)


def _vertex_weights(
    obj: bpy.types.Object, armature: bpy.types.Object, vertices: npt.NDArray[np.intp]
) -> tuple[tuple[str, ...], npt.NDArray[np.float64]]:
    """Return the names (B,) of the bones with vertex groups, and their shares (S, B) in the vertices."""
    bones = armature.data.bones
    columns: dict[int, int] = {}
    names = []
    for group in obj.vertex_groups:
        bone = bones.get(group.name)
        if bone is not None and bone.use_deform:
            columns[group.index] = len(names)
            names.append(group.name)
    weights = np.zeros((len(vertices), len(names)))
    for row, vertex in enumerate(vertices.tolist()):
        for element in obj.data.vertices[vertex].groups:
            column = columns.get(element.group)
            if column is not None:
                weights[row, column] = element.weight
    sums = weights.sum(axis=1, keepdims=True)
    return tuple(names), np.divide(weights, sums, out=np.zeros_like(weights), where=sums > 0)

"""Recipes of poses as measured on a character's mesh: how far its viseme "aa" opens its mouth, say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from ...core import channels, displacements, pose_set
from .. import stored_json
from ..shape_displacement import positions

RECIPES = "diface_pose_recipes"
"""Custom property of the main mesh: name of a shape key -> channel -> value, as JSON."""
SMALLEST = 0.01
"""Values of a recipe below it are not stored."""


def with_measured_recipes(poses: pose_set.PoseSet, mesh: bpy.types.Object) -> pose_set.PoseSet:
    """Return poses with the recipes that were measured on the main mesh in place of those by name."""
    measured = stored_json.read(mesh, RECIPES, _recipes) or {}
    if not measured.keys() & set(poses.names):
        return poses
    recipes = poses.recipes.copy()
    for number, name in enumerate(poses.names):
        if name in measured:
            recipes[number] = measured[name]
    return pose_set.PoseSet(poses.names, recipes, poses.low, poses.high)


def is_measured(mesh: bpy.types.Object, name: str) -> bool:
    """Return whether the recipe of a pose was measured on the main mesh."""
    return name in (stored_json.read(mesh, RECIPES, _recipes) or {})


def measure_recipes(
    mesh: bpy.types.Object, poses: pose_set.PoseSet, direct: Mapping[str, str], facing: npt.NDArray[np.float64]
) -> dict[str, npt.NDArray[np.float32]]:
    """Return the recipe (52,) of each pose of the main mesh that can be measured.

    Args:
        mesh: The main mesh.
        poses: Its poses with recipes by name.
        direct: Name of a shape key -> the channel that it is, to place the face.
        facing: (3, 3) the head's axes in world coordinates.
    """
    keys = mesh.data.shape_keys
    known = pose_set.joined(poses, pose_set.channel_poses(dict(direct)))
    names = [name for name in known.names if name in keys.key_blocks]
    to_face = np.array(mesh.matrix_world.to_3x3()).T @ facing
    rest = positions(keys.reference_key) @ to_face
    shapes = [keys.key_blocks[name] for name in names]
    deltas = np.stack([(positions(key) - positions(key.relative_key)) @ to_face for key in shapes])
    measured = displacements.poses_from_displacements(names, rest, deltas.astype(np.float32), known)
    if measured is None:
        return {}
    found = zip(measured.poses.names, measured.poses.recipes, strict=True)
    return {name: recipe for name, recipe in found if name in poses.names and recipe.any()}


def store_recipes(mesh: bpy.types.Object, recipes: Mapping[str, npt.NDArray[np.float32]]) -> None:
    """Store recipes (52,) with the main mesh; none removes what is stored."""
    fields = {
        name: {channels.FACE[n]: round(float(recipe[n]), 4) for n in np.flatnonzero(np.abs(recipe) > SMALLEST)}
        for name, recipe in recipes.items()
    }
    stored_json.write(mesh, RECIPES, fields)


def _recipes(stored: Any) -> dict[str, npt.NDArray[np.float32]]:
    return {
        str(name): np.array([float(recipe.get(channel, 0.0)) for channel in channels.FACE], np.float32)
        for name, recipe in stored.items()
    }

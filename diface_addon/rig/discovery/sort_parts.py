"""Sorts the objects of a character: those that move with the head, and the body."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np
import numpy.typing as npt

from .movers import Movers
from .placement import Placement
from .scene_index import ancestors, followed
from .skin import Skin

ON_HEAD = 0.9
"""Share of its weight by which a part hangs on the head."""
BUST = 2.4
"""Height of a head, with neck and shoulders at most, in heights of the head."""
BUST_WIDTH = 3.2
LEVEL = 0.3
"""A part without bones belongs to the head if its centre is at most this much below the joint, in head sizes."""

FloatArray = npt.NDArray[np.float64]


def is_bust(points: FloatArray, placed: Placement) -> bool:
    """Return whether a mesh ends at the shoulders, so that it can be rotated as a whole."""
    if placed.size <= 0 or not len(points):
        return False
    extent = np.ptp(points @ placed.facing, axis=0)
    return bool(extent[2] <= BUST * placed.size and max(extent[0], extent[1]) <= BUST_WIDTH * placed.size)


def follows_bone(obj: bpy.types.Object, skin: Skin, movers: Movers, head: str, main: bpy.types.Object) -> bool:
    """Return whether an object moves with a head bone: by weights, as a child of the bone, or on the face's surface."""
    if skin.mean_share(movers.reach(head)) >= ON_HEAD:
        return True
    on_surface = obj.parent == main and obj.parent_type.startswith("VERTEX")
    return on_surface or main in followed(obj)


def lies_on_head(points: FloatArray, placed: Placement) -> bool:
    """Return whether an object without bones lies at the head and not below it."""
    if placed.joint is None or not len(points):
        return False
    local = (points - placed.joint) @ placed.facing / placed.size
    low, high = local.min(axis=0), local.max(axis=0)
    centre = (low + high) / 2
    return bool(centre[2] >= -LEVEL and np.abs(centre[:2]).max() <= 1.5 and (high - low).max() <= BUST_WIDTH)


def rotated_object(
    main: bpy.types.Object, on_head: Sequence[bpy.types.Object], body: Sequence[bpy.types.Object], main_is_bust: bool
) -> bpy.types.Object | None:
    """Return the object to rotate where no bone turns the head; None if that would tear the character apart.

    Args:
        main: The main mesh.
        on_head: All objects of the head, `main` included.
        body: The other objects.
        main_is_bust: Whether the main mesh is only a head, or a bust.
    """
    if not main_is_bust:
        return None
    chains = [[obj, *ancestors(obj)] for obj in on_head]
    common = next((obj for obj in chains[0] if all(obj in chain for chain in chains[1:])), None)
    if common is None or any(common in [obj, *ancestors(obj)] for obj in body):
        return None
    return common

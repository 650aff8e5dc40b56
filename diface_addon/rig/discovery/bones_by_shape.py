"""Jaw and eye bones whose names say nothing: by where they are in the head and what they move.

Distances are in units of the distance between mouth and eyes, along the head's axes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .find_bones import Rig

MOST = 0.5
"""A vertex is moved by a bone that has at least this share of it."""
FEWEST = 4
ROUND = 0.6
"""Smallest extent of an eyeball relative to its largest; lids are flat."""

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Measures:
    """The head in which bones are looked for.

    Attributes:
        facing: (3, 3) the head's axes: left, back, up.
        mouth: (3,) the centre of the mouth.
        unit: Distance between mouth and eyes.
    """

    facing: FloatArray
    mouth: FloatArray
    unit: float

    def local(self, points: FloatArray) -> FloatArray:
        """Return world points (..., 3) from the mouth, in the head's axes and units."""
        return (points - self.mouth) @ self.facing / self.unit


def jaw(rig: Rig, head: str, measures: Measures) -> str:
    """Return the bone in the middle, behind the mouth, that moves the chin and not the eyes; "" without one."""
    found = []
    for bone, place, moved in _moving_bones(rig, head, measures):
        in_middle = abs(place[0]) < 0.3 and place[1] > 0.4 and -1.0 < place[2] < 1.2
        if in_middle and np.mean(moved[:, 2] < 0.3) > 0.9 and moved[:, 1].mean() < place[1]:
            found.append((len(moved), bone))
    return max(found, default=(0, ""))[1]


def eyes(rig: Rig, head: str, measures: Measures) -> tuple[str, str]:
    """Return the left and the right bone in the centre of an eyeball; "" for one that is not found."""
    found: dict[bool, list[tuple[float, str]]] = {True: [], False: []}
    for bone, place, moved in _moving_bones(rig, head, measures):
        extent = np.ptp(moved, axis=0)
        off_centre = float(np.linalg.norm((moved.min(axis=0) + moved.max(axis=0)) / 2 - place))
        beside = 0.2 < abs(place[0]) < 1.0 and abs(place[2] - 1.0) < 0.5
        if beside and extent.max() < 0.9 and extent.min() > ROUND * extent.max() and off_centre < 0.3 * extent.max():
            found[bool(place[0] > 0)].append((off_centre, bone))
    return min(found[True], default=(0.0, ""))[1], min(found[False], default=(0.0, ""))[1]


def _moving_bones(rig: Rig, head: str, measures: Measures) -> Iterator[tuple[str, FloatArray, FloatArray]]:
    """Yield the bones below the head bone with their places (3,) and the vertices (N, 3) that they move."""
    inner = {bone.name for bone in rig.armature.data.bones[head].children_recursive}
    for bone in sorted(inner & rig.movers.all_leaders({name for skin in rig.skins for name in skin.bones})):
        reach = rig.movers.reach(bone)
        moved = np.concatenate([skin.points[skin.share(reach) >= MOST] for skin in rig.skins])
        if len(moved) >= FEWEST:
            yield bone, measures.local(rig.world(bone)), measures.local(moved)

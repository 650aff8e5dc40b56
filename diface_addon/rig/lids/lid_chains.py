"""How a blink moves the bones of lids that run along their rims, as Rigify's do: until the two rims meet."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
LEAST_BONES = 3
"""Bones of each lid, corners included, from which they run along it."""
SCALES = (0.6, 1.3)
"""Limits of the opening of the mesh, relative to that between the bones."""
ASIDE, BACK, UP = 0, 1, 2


def chain_ways(
    upper: Mapping[str, FloatArray], lower: Mapping[str, FloatArray], shares: tuple[float, float]
) -> dict[str, FloatArray]:
    """Return how far the bones go, (3,) to the left, back and up; empty if they run along no rims.

    Args:
        upper: Joints (3,) of the bones of the upper lid, to the left, back and up.
        lower: Those of the lower lid.
        shares: How far down the opening the upper lid goes, and the lower one up to.
    """
    joints = {**upper, **lower}
    order = sorted(joints, key=lambda bone: float(joints[bone][ASIDE]))
    if len(joints) < 2 * LEAST_BONES or min(len(upper), len(lower)) < LEAST_BONES:
        return {}
    corners = order[0], order[-1]
    rims = [_rim([*lid.values(), *(joints[corner] for corner in corners)]) for lid in (upper, lower)]
    found = {}
    for bone, joint in joints.items():
        if bone not in corners:
            top, bottom = (_at(rim, float(joint[ASIDE])) for rim in rims)
            meeting = top + shares[0 if bone in upper else 1] * (bottom - top)
            meeting[BACK] = min(top[BACK], bottom[BACK])  # in front of the eyeball
            found[bone] = (meeting - (top if bone in upper else bottom)) * (0.0, 1.0, 1.0)
    return found


def opening(upper: Mapping[str, FloatArray], lower: Mapping[str, FloatArray]) -> float:
    """Return the opening between the bones in the middle of an eye."""
    joints = [*upper.values(), *lower.values()]
    middle = (min(joint[ASIDE] for joint in joints) + max(joint[ASIDE] for joint in joints)) / 2
    top, bottom = (_at(_rim(list(lid.values())), float(middle)) for lid in (upper, lower))
    return float(top[UP] - bottom[UP])


def _rim(points: list[FloatArray]) -> FloatArray:
    """Return points (N, 3) in the order in which they lie from side to side."""
    rim = np.unique(np.array(points), axis=0)
    return rim[np.argsort(rim[:, ASIDE])]


def _at(rim: FloatArray, aside: float) -> FloatArray:
    return np.array([aside, *(np.interp(aside, rim[:, ASIDE], rim[:, axis]) for axis in (BACK, UP))])

"""How the bundled head's surface moves at the places of face bones.

A place at lips or brows is given by how far along it is, another one by where it lies beside and above the mouth.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ...core import head_file
from .face_bone_names import LIPS, Part

FloatArray = npt.NDArray[np.float64]
ALONG = 0.12
"""Standard deviation of the weights of vertices along a brow, from its inner end (0) to its outer end (1)."""
NEAR = 0.006
"""The same elsewhere, in metres of the bundled head."""
UNDER_BROW = 0.5
"""Share of the brow's motion that the fold below it has."""


@lru_cache(maxsize=1)
def _head() -> head_file.Head:
    return head_file.load_head()


@lru_cache(maxsize=1)
def mouth() -> FloatArray:
    """Return the point (3,) between the corners of the mouth."""
    return np.asarray(_points("mouth_corners").mean(axis=0), np.float64)


@lru_cache(maxsize=1)
def eye_height() -> float:
    """Return how far, in metres, the eyes are above the mouth."""
    eyes = [_points(f"eyeball_{side}").mean(axis=0) for side in ("left", "right")]
    return float(np.mean(eyes, axis=0)[2] - mouth()[2])


def motion_at(part: Part, place: FloatArray, along: float) -> FloatArray:
    """Return the displacements (C, 3) in metres of the channels of `channels.FACE` at the place of a bone.

    Args:
        part: What the bone moves.
        place: (3,) to the left, back and above the mouth, in metres of the bundled head.
        along: Of lips, from the right corner (-1) to the left one (1); of brows, from the inner (0) to the outer end.
    """
    if part in LIPS:
        return _of_lip("lower" if part == "lower lip" else "upper", along)
    if part in ("brow", "under brow"):
        return _of_brow(place[0] >= 0, along) * (UNDER_BROW if part == "under brow" else 1.0)
    found = _head().landmarks["face"]
    offsets = (_points("face") - mouth() - place)[:, [0, 2]]
    return _weighted(found, (offsets**2).sum(axis=1) / NEAR**2)


def _of_lip(which: str, along: float) -> FloatArray:
    found = _head().landmarks[f"{which}_inner_lip"]
    beside = _points(f"{which}_inner_lip")[:, 0]
    deltas = _head().deltas[:, found].astype(np.float64)
    order, at = np.argsort(beside), along * float(np.abs(beside).max())
    columns = [np.interp(at, beside[order], deltas[c, order, k]) for c in range(len(deltas)) for k in range(3)]
    return np.array(columns).reshape(-1, 3)


def _of_brow(is_left: bool, along: float) -> FloatArray:
    found, beside = _head().landmarks["brows"], _points("brows")[:, 0]
    own = beside > 0 if is_left else beside < 0
    found, beside = found[own], np.abs(beside[own])
    share = (beside - beside.min()) / np.ptp(beside)
    return _weighted(found, ((share - along) / ALONG) ** 2)


def _weighted(found: npt.NDArray[np.integer], squares: FloatArray) -> FloatArray:
    """Return the mean displacements (C, 3) of vertices, by squared distances in standard deviations."""
    weights = np.exp(-0.5 * (squares - squares.min()))
    weights /= weights.sum()
    return np.asarray(np.einsum("cvk,v->ck", _head().deltas[:, found], weights), np.float64)


def _points(landmark: str) -> FloatArray:
    return _head().vertices[_head().landmarks[landmark]].astype(np.float64)

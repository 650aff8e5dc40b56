"""Eyelids that close over the eyeballs and follow the gaze."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ....channels import FACE
from ..makehuman import Float64Array, Int64Array
from ..skin import Skin
from .eyeball import Eyeball

RIM = 2  # the lids' ring that meets in a blink
RING_SHARES = (  # fraction of the rim's movement per ring, from inside the lid to the brow or the cheek
    (0.97, 1.0, 1.0, 0.97, 0.90, 0.78, 0.60, 0.36, 0.12),
    (0.97, 1.0, 1.0, 0.95, 0.85, 0.70, 0.50, 0.28, 0.10),
)
FOLLOW_DOWN, FOLLOW_UP = 0.06, 0.3  # share of a blink, of eyeWide: what the lids add when the eye looks down or up
WIDE_SCALE = 0.7  # MakeHuman's eyeWide is exaggerated
LOWER_LID_SHARE = 0.12  # fraction of the closing distance that the lower lid moves


def with_closing_lids(skin: Skin, eyes: dict[str, Eyeball]) -> Skin:
    """Return the skin with blinks that close and lids that follow the gaze."""
    deltas = skin.deltas.copy()
    for side, eye in eyes.items():
        blink = blink_offsets(skin, skin.lids[side], eye)
        deltas[FACE.index(f"eyeBlink{side}")] = blink
        deltas[FACE.index(f"eyeWide{side}")] *= WIDE_SCALE
        deltas[FACE.index(f"eyeLookDown{side}")] += FOLLOW_DOWN * blink
        deltas[FACE.index(f"eyeLookUp{side}")] += FOLLOW_UP * deltas[FACE.index(f"eyeWide{side}")]
    return replace(skin, deltas=deltas)


def blink_offsets(skin: Skin, lids: Int64Array, eye: Eyeball) -> Float64Array:
    """Return offsets (V, 3) that slide the lids' rims over the eyeball until they meet; the lids' skin follows."""
    upper, lower = skin.vertices[lids[RIM]]
    meeting = lower + LOWER_LID_SHARE * (upper - lower)
    depth = np.maximum(*(np.linalg.norm(rim - eye.centre, axis=1) for rim in (upper, lower)))
    meeting = at_distance(meeting, eye, depth)

    deltas = np.zeros_like(skin.vertices)
    for lid, rim in enumerate((upper, lower)):
        for ring, share in zip(lids[:, lid, 1:-1], RING_SHARES[lid], strict=True):
            rest = skin.vertices[ring]
            moved = rest + share * (meeting - rim)[1:-1]
            # A lid slides around the eye: its distance from the centre is kept.
            deltas[ring] = at_distance(moved, eye, np.linalg.norm(rest - eye.centre, axis=1)) - rest
    deltas[lids[RIM]] = meeting - skin.vertices[lids[RIM]]
    return deltas


def at_distance(points: Float64Array, eye: Eyeball, distances: Float64Array) -> Float64Array:
    """Return `points` (N, 3) moved along their rays from the eye's centre to `distances` (N,)."""
    rays = points - eye.centre
    return eye.centre + rays * (distances / np.linalg.norm(rays, axis=1))[:, None]

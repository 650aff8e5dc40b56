"""Eyebrows and lashes: single hairs that move with the skin they are rooted in."""

from __future__ import annotations

import numpy as np

from ....channels import FACE
from ..crop import DARK, LIGHT
from ..makehuman import Float64Array, Int64Array
from ..parts import BROWS, Part, join_parts, make_part
from ..skin import Skin
from ..surface import project_front
from .eyeball import Eyeball
from .lids import RIM

MM = 0.001
# Brow: x outward and z up from the eyeball's centre in mm; the hairs' direction in degrees up from outward, and mm.
BROW = (
    (-15.5, 15.5, 58, 6.0), (-9.0, 18.2, 44, 8.0), (0.0, 20.6, 22, 8.5), (9.0, 21.3, 6, 8.0), (17.0, 18.6, -18, 7.0),
    (23.5, 14.2, -32, 5.5),
)  # fmt: skip
BROW_HAIRS, BROW_WIDTH = 155, 4.4
UPPER_LASHES, LOWER_LASHES = 40, 22


def brows_part(skin: Skin, eyes: dict[str, Eyeball], random: np.random.RandomState) -> Part:
    """Return the brows and lashes of both eyes."""
    return join_parts(
        [make(skin, eye, side, random) for side, eye in eyes.items() for make in (brow_part, lashes_part)]
    )


def brow_part(skin: Skin, eye: Eyeball, side: str, random: np.random.RandomState) -> Part:
    """Return one eyebrow: tapered hairs that lie on the brow."""
    outward = 1.0 if side == "Left" else -1.0
    line = np.array(BROW)
    t = np.sort(random.uniform(0, 1, BROW_HAIRS)) ** 0.92 * (len(BROW) - 1)
    x, z, angle, length = (np.interp(t, np.arange(len(BROW)), line[:, k]) for k in range(4))
    taper = np.interp(t, (0, 0.5, 2.5, 4, 5), (0.8, 1.0, 1.0, 0.7, 0.35))
    up = random.uniform(-0.5, 0.5, BROW_HAIRS) * BROW_WIDTH * taper
    # Hairs under the line grow up towards it, those above it down.
    angle = np.radians(angle - up * 7.0 + random.uniform(-13, 13, BROW_HAIRS))
    length = length * random.uniform(0.75, 1.1, BROW_HAIRS)
    root = np.stack([x, z + up], axis=1)
    along = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    beside = np.stack([-along[:, 1], along[:, 0]], axis=1) * 0.26
    flat = np.stack([root - beside, root + beside, root + along * length[:, None]], axis=1)  # (N, 3, 2)
    flat = flat.reshape(-1, 2) * MM * [outward, 1.0]
    hits = project_front(skin.vertices, skin.faces, eye.centre[0] + flat[:, 0], eye.centre[2] + flat[:, 1])
    raised = np.tile([0.5, 0.5, 1.1], BROW_HAIRS)[:, None] * MM
    order = [0, 1, 2] if outward > 0 else [1, 0, 2]
    faces = np.arange(BROW_HAIRS * 3).reshape(-1, 3)[:, order]
    faces = np.concatenate([faces, np.full((BROW_HAIRS, 1), -1)], axis=1)
    colours = np.repeat(DARK + (LIGHT - DARK) * random.uniform(0.35, 1.4, (BROW_HAIRS, 1)), 3, axis=0)
    return make_part(hits.points + hits.normals * raised, faces, BROWS, colours, hits.interpolate(skin.deltas))


def lashes_part(skin: Skin, eye: Eyeball, side: str, random: np.random.RandomState) -> Part:
    """Return both rows of one eye's lashes; they rotate with the lid about the eyeball."""
    outward = 1.0 if side == "Left" else -1.0
    rows = [
        lash_row_part(skin, eye, skin.lids[side][RIM, 0], outward, random, UPPER_LASHES, 7.5, 38.0),
        lash_row_part(skin, eye, skin.lids[side][RIM, 1], outward, random, LOWER_LASHES, 4.0, -34.0),
    ]
    return join_parts(rows)


def lash_row_part(
    skin: Skin,
    eye: Eyeball,
    rim: Int64Array,
    outward: float,
    random: np.random.RandomState,
    count: int,
    length: float,
    rise: float,
) -> Part:
    """Return `count` lashes of `length` mm along the rim's vertices, their tips raised by `rise` degrees."""
    place = np.linspace(1.6, len(rim) - 1.7, count) + random.uniform(-0.12, 0.12, count)
    first = place.astype(int)
    share = (place - first)[:, None]
    root = (1 - share) * skin.vertices[rim[first]] + share * skin.vertices[rim[first + 1]]
    root_deltas = (1 - share) * skin.deltas[:, rim[first]] + share * skin.deltas[:, rim[first + 1]]  # (52, N, 3)

    fan = np.interp(place, (0, 5, len(rim) - 1), (-22, 0, 42)) + random.uniform(-7, 7, count)
    fan, climb = np.radians(fan), np.radians(rise + random.uniform(-6, 6, count))
    size = length * np.interp(place, (1, 4, 9, 13), (0.55, 0.85, 1.1, 0.8)) * random.uniform(0.85, 1.1, count) * MM

    def towards(climb: Float64Array) -> Float64Array:
        level = np.cos(climb)
        return np.stack([np.sin(fan) * level * outward, -np.cos(fan) * level, np.sin(climb)], axis=1).astype(np.float64)

    half = root + towards(climb * 0.35) * size[:, None] * 0.5
    tip = half + towards(climb * 1.6) * size[:, None] * 0.5
    beside = np.stack([np.cos(fan), np.sin(fan) * outward, 0 * fan], axis=1) * 0.16 * MM
    points = np.stack(
        [root - beside, root + beside, half + 0.7 * beside, half - 0.7 * beside, tip], axis=1
    )  # (N, 5, 3)

    deltas = np.stack([rotate_lashes(points, root, root_delta, eye) for root_delta in root_deltas])
    base = np.arange(count)[:, None] * 5
    none = np.full((count, 1), -1)
    faces = np.concatenate([base + [[0, 1, 2, 3]], np.concatenate([base + [[3, 2, 4]], none], axis=1)])
    return make_part(points.reshape(-1, 3), faces, BROWS, DARK * 0.5, deltas.reshape(len(FACE), -1, 3))


def rotate_lashes(points: Float64Array, root: Float64Array, root_delta: Float64Array, eye: Eyeball) -> Float64Array:
    """Return offsets (N, 5, 3) of lashes whose roots (N, 3) move around the eyeball by `root_delta` (N, 3)."""
    before, after = root - eye.centre, root + root_delta - eye.centre
    angle = np.arctan2(after[:, 2], -after[:, 1]) - np.arctan2(before[:, 2], -before[:, 1])
    c, s = np.cos(angle)[:, None], np.sin(angle)[:, None]
    arm = points - root[:, None]
    # Looking along +x: a rising root (towards +z from -y) turns y and z by minus the angle.
    y = c * arm[..., 1] + s * arm[..., 2]
    z = -s * arm[..., 1] + c * arm[..., 2]
    swung = np.stack([arm[..., 0], y, z], axis=2)
    return swung - arm + root_delta[:, None]

"""Short hair: combed locks on the skull, and loose tips that break up their edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...channels import FACE
from .features.hairline import SKULL_RADIUS, Hairline
from .makehuman import Float64Array, Int64Array
from .parts import HAIR, Part, grid_faces, join_parts, make_part
from .skin import Skin
from .surface import cast_rays
from .topology import smoothstep

MM = 0.001
DARK, LIGHT = np.array([0.105, 0.072, 0.055]), np.array([0.27, 0.185, 0.135])  # sRGB
COLUMNS, RINGS = 104, 15
TOP = 13.0  # mm of hair at the whorl
WISPS = 4  # loose tips for each column
WISP_HALF = 0.0085  # radians of azimuth from a tip's middle to its root's corner


@dataclass(frozen=True)
class Locks:
    """Hair columns: azimuths and ends (COLUMNS,), relative distance of each ring, thickness (RINGS, COLUMNS) mm."""

    azimuth: Float64Array
    polar: Float64Array
    thickness_at_end: Float64Array
    share: Float64Array
    ridge: Float64Array
    growth: Float64Array
    thickness: Float64Array


def hair_part(skin: Skin, line: Hairline, random: np.random.RandomState) -> Part:
    """Return the hair on the skull; it moves with the forehead."""
    locks = comb_locks(line, random)
    return join_parts([hair_shell(skin, line, locks), hair_wisps(skin, line, locks, random)])


def comb_locks(line: Hairline, random: np.random.RandomState) -> Locks:
    """Return columns from the whorl to the end of the modelled hair, ridged like locks."""
    azimuth = (np.arange(COLUMNS) + 0.5) * 2 * np.pi / COLUMNS - np.pi
    polar = np.interp(np.abs(azimuth), line.azimuth, line.modelled) + random.uniform(-0.03, 0.012, COLUMNS)
    full = np.interp(np.abs(azimuth), line.azimuth, line.fullness)
    share = np.linspace(0.05, 1.0, RINGS)[:, None] ** 0.9
    strands = np.convolve(np.tile(random.uniform(0, 1, COLUMNS), 3), [0.25, 0.5, 0.25], "same")[COLUMNS : 2 * COLUMNS]
    ridge = 0.6 * strands + 0.4 * random.uniform(0, 1, (RINGS, COLUMNS))
    grown = smoothstep(1.0, 0.80, share)
    body = (1 - share**2) * TOP + share**2 * full
    thick = grown * body * (0.72 + 0.42 * ridge) - (1 - grown) * 0.8  # the edge goes under the skin
    return Locks(azimuth, polar, full, share, ridge, grown, thick)


def hair_shell(skin: Skin, line: Hairline, locks: Locks) -> Part:
    """Return the closed surface of the hair."""
    outward = line.rays(locks.azimuth + 0 * locks.share, locks.share * locks.polar)
    hits = cast_rays(skin.vertices, skin.faces, np.tile(line.centre, (len(outward), 1)), outward)
    points = hits.points + outward * locks.thickness.reshape(-1, 1) * MM
    points = np.concatenate([points, [points[:COLUMNS].mean(axis=0)]])
    shade = (0.1 + 0.8 * locks.ridge) * (0.6 + 0.4 * locks.growth)
    colours = np.concatenate([DARK + (LIGHT - DARK) * shade.reshape(-1, 1), [DARK]])

    count, here = RINGS * COLUMNS, np.arange(COLUMNS)
    pole = np.stack([np.full(COLUMNS, count), here, np.roll(here, -1), np.full(COLUMNS, -1)], axis=1)
    faces = np.concatenate([grid_faces(RINGS, COLUMNS, closed=True)[:, ::-1], pole])
    moved = np.concatenate([hits.interpolate(skin.deltas), np.zeros((len(FACE), 1, 3))], axis=1)
    ends = np.stack(np.broadcast_arrays(locks.azimuth, locks.share), axis=-1).reshape(-1, 2)
    return make_part(points, faces, HAIR, colours, moved, strand_uvs(np.concatenate([ends, [[0.0, 0.0]]]), faces))


def hair_wisps(skin: Skin, line: Hairline, locks: Locks, random: np.random.RandomState) -> Part:
    """Return thin triangles from the hair's last rings to slightly beyond its end."""
    column = np.repeat(np.arange(COLUMNS), WISPS)
    count = len(column)
    at = locks.azimuth[column] + random.uniform(-0.5, 0.5, count) * 2 * np.pi / COLUMNS
    reach = (
        random.uniform(1.5, 6.0, count) / SKULL_RADIUS * np.interp(locks.thickness_at_end[column], (3, 10), (0.6, 1.0))
    )
    end = locks.polar[column]
    root, tip = end * random.uniform(0.91, 0.985, count), end + reach
    lean = random.uniform(-0.02, 0.02, count)
    azimuth = np.stack([at - WISP_HALF, at + WISP_HALF, at + lean], axis=1)
    outward = line.rays(azimuth, np.stack([root, root, tip], axis=1))
    hits = cast_rays(skin.vertices, skin.faces, np.tile(line.centre, (len(outward), 1)), outward)

    ring = np.interp(root / end, locks.share[:, 0], np.arange(RINGS)).astype(int)
    above = locks.thickness[ring, column] - 0.9  # rooted inside the shell
    rise = np.stack([above, above, np.full(count, 0.9)], axis=1).reshape(-1, 1)
    faces = np.concatenate([np.arange(3 * count).reshape(-1, 3)[:, ::-1], np.full((count, 1), -1)], axis=1)
    colours = np.repeat(DARK + (LIGHT - DARK) * random.uniform(0.1, 0.8, (count, 1)), 3, axis=0)
    ends = np.stack([azimuth, np.tile([0.9, 0.9, 1.0], (count, 1))], axis=2).reshape(-1, 2)
    return make_part(
        hits.points + outward * rise * MM, faces, HAIR, colours, hits.interpolate(skin.deltas), strand_uvs(ends, faces)
    )


def strand_uvs(ends: Float64Array, faces: Int64Array) -> Float64Array:
    """Return UVs (F, 4, 2) for vertices at azimuth and fraction along the strand.

    Args:
        ends: (V, 2) azimuth and fraction.
        faces: (F, 4); faces do not wrap around.
    """
    corners = np.where(faces < 0, faces[:, :1], faces)
    uvs = ends[corners]
    around = uvs[..., 0] / (2 * np.pi) + 0.5
    wraps = np.ptp(around, axis=1, keepdims=True) > 0.5
    uvs[..., 0] = np.where(wraps & (around > 0.5), around - 1.0, around)
    return uvs

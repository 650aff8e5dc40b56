"""A short crop, eyebrows and lashes: modelled strands that move with the skin they stand on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...channels import FACE
from .eyes import RIM, Eyeball
from .makehuman import Floats, Ints
from .parts import HAIR, Part, grid_faces, joined, part
from .skin import Skin
from .surface import cast, on_face
from .topology import smoothstep

MM = 0.001
DARK, LIGHT = np.array([0.105, 0.072, 0.055]), np.array([0.27, 0.185, 0.135])

COLUMNS, RINGS = 104, 15
SKULL = (0.0, 70.0, 22.0)  # mm from the midpoint of the eyes
EAR = 0.074  # m from the middle: what stands out further is ear
WHORL = np.array([0.0, 0.42, 0.91])  # the direction from the skull's centre that the hair grows away from
# The hairline on the left, from the forehead's middle to the nape's: x, y, z in mm from the midpoint of the eyes; how
# far above it the modelled hair ends (between the two the skin is painted: clipped short); and how thick it is, in mm.
HAIRLINE = (
    (0, -18, 67, 0, 12), (18, -14, 67, 0, 12), (34, -4, 65, 0, 11), (46, 8, 57, 2, 9), (54, 20, 46, 5, 7),
    (62, 34, 26, 9, 5), (68, 44, 4, 12, 4), (70, 52, -8, 14, 3), (72, 58, 2, 12, 3), (74, 68, 14, 10, 3),
    (74, 82, 15, 10, 3), (72, 96, 2, 12, 3), (68, 108, -18, 18, 3), (60, 124, -40, 24, 4), (44, 138, -58, 27, 4),
    (22, 146, -66, 28, 4), (0, 148, -68, 28, 4),
)  # fmt: skip
TOP = 13.0
SKULL_RADIUS = 95.0  # mm, to turn lengths on the skull into angles
WISPS = 4  # loose tips for each column, to break the edge

# Brow: x outward and z up from the eyeball's centre in mm; the hairs' direction in degrees up from outward, and mm.
BROW = (
    (-15.5, 15.5, 68, 6.5), (-9.0, 18.2, 44, 8.0), (0.0, 20.6, 22, 8.5), (9.0, 21.3, 6, 8.0), (17.0, 18.6, -18, 7.0),
    (23.5, 14.2, -32, 5.5),
)  # fmt: skip
BROW_HAIRS, BROW_WIDTH = 130, 4.2
UPPER_LASHES, LOWER_LASHES = 40, 22


def hair_part(skin: Skin, eyes: dict[str, Eyeball]) -> Part:
    """All hair with its offsets."""
    random = np.random.RandomState(11)
    middle = (eyes["Left"].centre + eyes["Right"].centre) / 2
    strands = [crop(skin, middle, random)]
    for side, eye in eyes.items():
        strands.append(brow(skin, eye, side, random))
        strands.append(lashes(skin, eye, side, random))
    return joined(strands)


def scalp(skin: Skin, eyes: dict[str, Eyeball]) -> Floats:
    """How dense the painted hair is at each vertex (V,): 1 under the modelled hair, 0 below the hairline."""
    middle = (eyes["Left"].centre + eyes["Right"].centre) / 2
    centre, axis, side, forward = frame(middle)
    line = hairline(middle - centre, axis, side, forward)
    away = skin.vertices - centre
    azimuth = np.abs(np.arctan2(away @ side, away @ forward))
    polar = np.arccos(away @ axis / np.linalg.norm(away, axis=1))
    end = np.interp(azimuth, line.azimuth, line.polar)
    shorn = np.interp(azimuth, line.azimuth, line.modelled)
    dense = np.clip((end + 0.05 - polar) / (end - shorn + 0.10), 0.0, 1.0)
    return dense * (np.abs(skin.vertices[:, 0]) < EAR)


def frame(middle: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """The skull's centre, the direction to the whorl, the character's left, and forward across the whorl."""
    axis, side = WHORL / np.linalg.norm(WHORL), np.array([1.0, 0.0, 0.0])
    return middle + np.array(SKULL) * MM, axis, side, np.cross(side, axis)


def crop(skin: Skin, middle: Floats, random: np.random.RandomState) -> Part:
    """The hair on the skull: columns that run from the whorl to their ends, ridged like combed locks."""
    centre, axis, side, forward = frame(middle)
    line = hairline(middle - centre, axis, side, forward)
    azimuth = (np.arange(COLUMNS) + 0.5) * 2 * np.pi / COLUMNS - np.pi
    polar = np.interp(np.abs(azimuth), line.azimuth, line.modelled) + random.uniform(-0.03, 0.012, COLUMNS)
    full = np.interp(np.abs(azimuth), line.azimuth, line.fullness)

    def rays(azimuth: Floats, polar: Floats) -> Floats:
        across = np.sin(azimuth)[..., None] * side + np.cos(azimuth)[..., None] * forward
        return (np.cos(polar)[..., None] * axis + np.sin(polar)[..., None] * across).reshape(-1, 3)

    share = np.linspace(0.05, 1.0, RINGS) ** 0.9
    outward = rays(azimuth + 0 * share[:, None], share[:, None] * polar)
    hits = cast(skin.vertices, skin.faces, np.tile(centre, (len(outward), 1)), outward)

    locks = np.convolve(np.tile(random.uniform(0, 1, COLUMNS), 3), [0.25, 0.5, 0.25], "same")[COLUMNS : 2 * COLUMNS]
    ridge = 0.6 * locks + 0.4 * random.uniform(0, 1, (RINGS, COLUMNS))
    body = (1 - share[:, None] ** 2) * TOP + share[:, None] ** 2 * full
    grown = smoothstep(1.0, 0.80, share)[:, None]
    thick = grown * body * (0.72 + 0.42 * ridge) - (1 - grown) * 0.8
    points = hits.points + outward * thick.reshape(-1, 1) * MM
    shade = (0.1 + 0.8 * ridge) * (0.6 + 0.4 * grown)
    colours = DARK + (LIGHT - DARK) * shade.reshape(-1, 1)

    # Loose tips: thin triangles from the third ring before the end to a little past it.
    which = np.repeat(np.arange(COLUMNS), WISPS)
    at = azimuth[which] + random.uniform(-0.5, 0.5, len(which)) * 2 * np.pi / COLUMNS
    reach = random.uniform(1.5, 6.0, len(which)) / SKULL_RADIUS * np.interp(full[which], (3, 10), (0.6, 1.0))
    root, tip = polar[which] * random.uniform(0.86, 0.97, len(which)), polar[which] + reach
    lean = random.uniform(-0.02, 0.02, len(which))
    half = 0.0085
    corners = np.stack([rays(at - half, root), rays(at + half, root), rays(at + lean, tip)], axis=1).reshape(-1, 3)
    wisps = cast(skin.vertices, skin.faces, np.tile(centre, (len(corners), 1)), corners)
    low = np.interp(root / polar[which], share, np.arange(RINGS)).astype(int)
    rise = np.stack([thick[low, which] + 0.5] * 2 + [np.full(len(which), 0.9)], axis=1).reshape(-1, 1)
    tips = wisps.points + corners * rise * MM
    tip_colours = np.repeat(DARK + (LIGHT - DARK) * random.uniform(0.1, 0.8, (len(which), 1)), 3, axis=0)

    count = RINGS * COLUMNS
    whorl = points[:COLUMNS].mean(axis=0)
    here = np.arange(COLUMNS)
    pole = np.stack([np.full(COLUMNS, count), here, np.roll(here, -1), np.full(COLUMNS, -1)], axis=1)
    loose = np.arange(len(tips)).reshape(-1, 3) + count + 1
    loose = np.concatenate([loose, np.full((len(loose), 1), -1)], axis=1)
    faces = np.concatenate([grid_faces(RINGS, COLUMNS, closed=True)[:, ::-1], pole, loose])
    still = np.zeros((len(FACE), 1, 3))
    moved = np.concatenate([hits.carried(skin.deltas), still, wisps.carried(skin.deltas)], axis=1)
    ends = np.stack([np.tile(azimuth, RINGS), np.repeat(share, COLUMNS)], axis=1)
    loose_ends = np.stack([at[:, None] + [-half, half, 0], np.tile([0.9, 0.9, 1.0], (len(at), 1))], axis=2)
    uvs = strand_uvs(np.concatenate([ends, [[0.0, 0.0]], loose_ends.reshape(-1, 2)]), faces)
    return part(
        np.concatenate([points, [whorl], tips]),
        faces,
        HAIR,
        np.concatenate([colours, [DARK], tip_colours]),
        moved,
        uvs,
    )


def strand_uvs(ends: Floats, faces: Ints) -> Floats:
    """UVs (F, 4, 2) of vertices at azimuth and share along the strand `ends` (V, 2); faces do not wrap around."""
    uvs = ends[faces.clip(0)]
    around = uvs[..., 0] / (2 * np.pi) + 0.5
    wraps = np.ptp(around, axis=1, keepdims=True) > 0.5
    uvs[..., 0] = np.where(wraps & (around > 0.5), around - 1.0, around)
    return uvs


@dataclass(frozen=True)
class Hairline:
    """The hairline by azimuth from the front (N,): its polar angle, the modelled hair's, and its thickness in mm."""

    azimuth: Floats
    polar: Floats
    modelled: Floats
    fullness: Floats


def hairline(offset: Floats, axis: Floats, side: Floats, forward: Floats) -> Hairline:
    """The hairline about the whorl's axis; `offset` (3,) leads from the skull's centre to the midpoint of the eyes."""
    table = np.array(HAIRLINE)
    points = table[:, :3] * MM + offset
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    azimuth = np.maximum.accumulate(np.abs(np.arctan2(points @ side, points @ forward)))
    polar = np.arccos(points @ axis)
    return Hairline(azimuth, polar, polar - table[:, 3] / SKULL_RADIUS, table[:, 4])


def brow(skin: Skin, eye: Eyeball, side: str, random: np.random.RandomState) -> Part:
    """One eyebrow: tapered hairs that lie on the brow."""
    outward = 1.0 if side == "Left" else -1.0
    line = np.array(BROW)
    t = np.sort(random.uniform(0, 1, BROW_HAIRS)) ** 0.92 * (len(BROW) - 1)
    x, z, angle, length = (np.interp(t, np.arange(len(BROW)), line[:, k]) for k in range(4))
    taper = np.interp(t, (0, 0.5, 2.5, 4, 5), (0.75, 1.0, 1.0, 0.65, 0.3))
    up = random.uniform(-0.5, 0.5, BROW_HAIRS) * BROW_WIDTH * taper
    # Hairs under the line grow up towards it, those above it down.
    angle = np.radians(angle - up * 7.0 + random.uniform(-9, 9, BROW_HAIRS))
    length = length * random.uniform(0.75, 1.1, BROW_HAIRS)
    root = np.stack([x, z + up], axis=1)
    along = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    beside = np.stack([-along[:, 1], along[:, 0]], axis=1) * 0.30
    flat = np.stack([root - beside, root + beside, root + along * length[:, None]], axis=1)  # (N, 3, 2)
    flat = flat.reshape(-1, 2) * MM * [outward, 1.0]
    hits = on_face(skin.vertices, skin.faces, eye.centre[0] + flat[:, 0], eye.centre[2] + flat[:, 1])
    raised = np.tile([0.5, 0.5, 1.1], BROW_HAIRS)[:, None] * MM
    order = [0, 1, 2] if outward > 0 else [1, 0, 2]
    faces = np.arange(BROW_HAIRS * 3).reshape(-1, 3)[:, order]
    faces = np.concatenate([faces, np.full((BROW_HAIRS, 1), -1)], axis=1)
    colours = np.repeat(DARK + (LIGHT - DARK) * random.uniform(0.3, 1.1, (BROW_HAIRS, 1)), 3, axis=0)
    return part(hits.points + hits.normals * raised, faces, HAIR, colours, hits.carried(skin.deltas))


def lashes(skin: Skin, eye: Eyeball, side: str, random: np.random.RandomState) -> Part:
    """Both rows of one eye's lashes; they turn with the lid about the eyeball."""
    outward = 1.0 if side == "Left" else -1.0
    rows = [
        lash_row(skin, eye, skin.lids[side][RIM, 0], outward, random, UPPER_LASHES, 7.5, 38.0),
        lash_row(skin, eye, skin.lids[side][RIM, 1], outward, random, LOWER_LASHES, 4.0, -34.0),
    ]
    return joined(rows)


def lash_row(
    skin: Skin,
    eye: Eyeball,
    rim: Floats,
    outward: float,
    random: np.random.RandomState,
    count: int,
    length: float,
    rise: float,
) -> Part:
    """`count` lashes of `length` mm along the rim's vertices, their tips raised by `rise` degrees."""
    place = np.linspace(1.6, len(rim) - 1.7, count) + random.uniform(-0.12, 0.12, count)
    first = place.astype(int)
    share = (place - first)[:, None]
    root = (1 - share) * skin.vertices[rim[first]] + share * skin.vertices[rim[first + 1]]
    carried = (1 - share) * skin.deltas[:, rim[first]] + share * skin.deltas[:, rim[first + 1]]  # (52, N, 3)

    fan = np.interp(place, (0, 5, len(rim) - 1), (-22, 0, 42)) + random.uniform(-7, 7, count)
    fan, climb = np.radians(fan), np.radians(rise + random.uniform(-6, 6, count))
    size = length * np.interp(place, (1, 4, 9, 13), (0.55, 0.85, 1.1, 0.8)) * random.uniform(0.85, 1.1, count) * MM

    def towards(climb: Floats) -> Floats:
        level = np.cos(climb)
        return np.stack([np.sin(fan) * level * outward, -np.cos(fan) * level, np.sin(climb)], axis=1)

    half = root + towards(climb * 0.35) * size[:, None] * 0.5
    tip = half + towards(climb * 1.6) * size[:, None] * 0.5
    beside = np.stack([np.cos(fan), np.sin(fan) * outward, 0 * fan], axis=1) * 0.16 * MM
    points = np.stack(
        [root - beside, root + beside, half + 0.7 * beside, half - 0.7 * beside, tip], axis=1
    )  # (N, 5, 3)

    deltas = np.stack([turned(points, root, root_delta, eye) for root_delta in carried])
    base = np.arange(count)[:, None] * 5
    none = np.full((count, 1), -1)
    faces = np.concatenate([base + [[0, 1, 2, 3]], np.concatenate([base + [[3, 2, 4]], none], axis=1)])
    return part(points.reshape(-1, 3), faces, HAIR, DARK * 0.5, deltas.reshape(len(FACE), -1, 3))


def turned(points: Floats, root: Floats, root_delta: Floats, eye: Eyeball) -> Floats:
    """Offsets (N, 5, 3) of lashes whose roots (N, 3) move around the eyeball by `root_delta` (N, 3)."""
    before, after = root - eye.centre, root + root_delta - eye.centre
    angle = np.arctan2(after[:, 2], -after[:, 1]) - np.arctan2(before[:, 2], -before[:, 1])
    c, s = np.cos(angle)[:, None], np.sin(angle)[:, None]
    arm = points - root[:, None]
    # Looking along +x: a rising root (towards +z from -y) turns y and z by minus the angle.
    y = c * arm[..., 1] + s * arm[..., 2]
    z = -s * arm[..., 1] + c * arm[..., 2]
    swung = np.stack([arm[..., 0], y, z], axis=2)
    return swung - arm + root_delta[:, None]

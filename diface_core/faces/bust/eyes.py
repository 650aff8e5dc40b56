"""Eyeballs that turn, and lids that close over them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...channels import FACE
from .makehuman import Floats, Ints, MakeHuman
from .parts import EYE, Part, grid_faces, part
from .skin import Skin
from .topology import smoothstep

CLEARANCE = (
    0.0004  # m between eyeball and lids: less than the lids' thickness, more than the arc of a closing lid needs
)
CORNEA_RISE = 0.0004  # m
SEGMENTS = 28
LOOK_ANGLES = {"Down": 20.0, "Up": 18.0, "In": 26.0, "Out": 26.0}  # degrees at weight 1
RIM = 2  # the lids' ring that meets in a blink
FOLLOWS = (  # how much of the rim's way each ring goes, from inside the lid to the brow or the cheek
    (0.97, 1.0, 1.0, 0.97, 0.90, 0.78, 0.60, 0.36, 0.12),
    (0.97, 1.0, 1.0, 0.95, 0.85, 0.70, 0.50, 0.28, 0.10),
)
FOLLOW_DOWN, FOLLOW_UP = 0.06, 0.3  # of a blink, of a wide eye: what the lids add when the eye looks down or up
WIDE = 0.7  # MakeHuman's wide eye is a stare
LOWER_LID_SHARE = 0.12  # of the way to meet that the lower lid goes

# From the middle of the pupil: angle as a share of the iris's, and sRGB.
IRIS = (
    (0.00, (0.012, 0.010, 0.010)),
    (0.34, (0.012, 0.010, 0.010)),
    (0.38, (0.16, 0.10, 0.06)),
    (0.50, (0.42, 0.29, 0.17)),
    (0.65, (0.37, 0.26, 0.17)),
    (0.82, (0.29, 0.21, 0.15)),
    (0.92, (0.15, 0.11, 0.09)),
    (1.00, (0.13, 0.10, 0.09)),
    (1.10, (0.62, 0.57, 0.54)),
    (1.22, (0.86, 0.83, 0.81)),
)
SCLERA, SCLERA_EDGE = (0.88, 0.86, 0.84), (0.80, 0.66, 0.61)
STREAKS = (0.5, 0.65, 0.82)


@dataclass(frozen=True)
class Eyeball:
    """A sphere: `centre` (3,) and `radius` in metres, and the angle (radians) of the iris's edge from its axis."""

    centre: Floats
    radius: float
    iris_angle: float


def eyeball_of(human: MakeHuman, vertices: Floats, side: str, iris_radius: float) -> Eyeball:
    """The sphere through MakeHuman's eye on one side."""
    eye = vertices[np.unique(human.faces[human.faces_of(f"helper-{side[0].lower()}-eye")])]
    *centre, rest = np.linalg.lstsq(np.c_[2 * eye, np.ones(len(eye))], (eye**2).sum(axis=1), rcond=None)[0]
    radius = float(np.sqrt(rest + np.square(centre).sum())) - CLEARANCE
    return Eyeball(np.array(centre), radius, float(np.arcsin(iris_radius / radius)))


def eyeball_part(eye: Eyeball, side: str) -> Part:
    """The painted eyeball, turned by the four looks of its side."""
    shares = [share for share, _ in IRIS]
    rings = np.r_[np.array(shares[1:]) * eye.iris_angle, np.radians([45, 60, 80, 105, 135, 162])]
    azimuth = np.arange(SEGMENTS) * 2 * np.pi / SEGMENTS
    bulge = CORNEA_RISE * (1 - smoothstep(0.55, 1.25, rings / eye.iris_angle))
    radius = (eye.radius + bulge)[:, None]
    sideways, forward = radius * np.sin(rings)[:, None], radius * np.cos(rings)[:, None]
    ball = np.stack([sideways * np.cos(azimuth), -forward + 0 * azimuth, sideways * np.sin(azimuth)], axis=-1)
    front, back = [0, -(eye.radius + CORNEA_RISE), 0], [0, eye.radius, 0]
    local = np.concatenate([ball.reshape(-1, 3), [front, back]])

    faces = np.concatenate([grid_faces(len(rings), SEGMENTS, closed=True), *caps(len(rings))])
    return part(eye.centre + local, faces, EYE, painted(rings, eye), look_deltas(local, side), flat_uvs(local, faces))


def caps(rings: int) -> tuple[Ints, Ints]:
    """Triangles that close the first ring over vertex rings * SEGMENTS and the last over the one after."""
    here = np.arange(SEGMENTS)
    there, last = np.roll(here, -1), (rings - 1) * SEGMENTS
    pole, none = np.full(SEGMENTS, rings * SEGMENTS), np.full(SEGMENTS, -1)
    return np.stack([pole, there, here, none], 1), np.stack([pole + 1, here + last, there + last, none], 1)


def painted(rings: Floats, eye: Eyeball) -> Floats:
    """sRGB colours of the eyeball's vertices."""
    colours = np.empty((len(rings), SEGMENTS, 3))
    streaks = np.random.RandomState(3).uniform(-1, 1, (len(rings), SEGMENTS, 1))
    for index, angle in enumerate(rings):
        if index < len(IRIS) - 1:
            share, colour = IRIS[index + 1]
            colours[index] = np.array(colour) * (1 + 0.22 * streaks[index] * (share in STREAKS))
        else:
            edge = smoothstep(0.5, 1.6, np.array(angle))
            colours[index] = (1 - edge) * np.array(SCLERA) + edge * np.array(SCLERA_EDGE)
    return np.concatenate([colours.reshape(-1, 3), [IRIS[0][1], SCLERA_EDGE]])


def look_deltas(local: Floats, side: str) -> Floats:
    """Offsets (52, V, 3) of the eyeball's vertices `local` about its centre."""
    deltas = np.zeros((len(FACE), *local.shape))
    outward = 1.0 if side == "Left" else -1.0
    for look, angle in LOOK_ANGLES.items():
        turn = np.radians(angle) * {"Down": 1.0, "Up": -1.0, "In": -outward, "Out": outward}[look]
        c, s = np.cos(turn), np.sin(turn)
        about_x = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
        about_z = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
        rotation = about_x if look in ("Down", "Up") else about_z
        deltas[FACE.index(f"eyeLook{look}{side}")] = local @ rotation.T - local
    return deltas


def flat_uvs(local: Floats, faces: Ints) -> Floats:
    """The eyeball seen from the front, filling the unit square."""
    return (local[:, [0, 2]] / (2 * np.abs(local).max()) + 0.5)[faces.clip(0)]


def with_closing_lids(skin: Skin, eyes: dict[str, Eyeball]) -> Skin:
    """The skin with blinks that close, and with lids that follow the gaze."""
    deltas = skin.deltas.copy()
    for side, eye in eyes.items():
        blink = closing(skin, skin.lids[side], eye)
        deltas[FACE.index(f"eyeBlink{side}")] = blink
        deltas[FACE.index(f"eyeWide{side}")] *= WIDE
        deltas[FACE.index(f"eyeLookDown{side}")] += FOLLOW_DOWN * blink
        deltas[FACE.index(f"eyeLookUp{side}")] += FOLLOW_UP * deltas[FACE.index(f"eyeWide{side}")]
    return replace(skin, deltas=deltas)


def closing(skin: Skin, lids: Ints, eye: Eyeball) -> Floats:
    """Offsets (V, 3) that slide the lids' rims over the eyeball until they meet, and the lids' skin after them."""
    upper, lower = skin.vertices[lids[RIM]]
    meeting = lower + LOWER_LID_SHARE * (upper - lower)
    depth = np.maximum(*(np.linalg.norm(rim - eye.centre, axis=1) for rim in (upper, lower)))
    meeting = at_depth(meeting, eye, depth)

    deltas = np.zeros_like(skin.vertices)
    for lid, rim in enumerate((upper, lower)):
        for ring, share in zip(lids[:, lid, 1:-1], FOLLOWS[lid], strict=True):
            rest = skin.vertices[ring]
            moved = rest + share * (meeting - rim)[1:-1]
            # A lid slides around the eye: it keeps its distance from the centre.
            deltas[ring] = at_depth(moved, eye, np.linalg.norm(rest - eye.centre, axis=1)) - rest
    deltas[lids[RIM]] = meeting - skin.vertices[lids[RIM]]
    return deltas


def at_depth(points: Floats, eye: Eyeball, depth: Floats) -> Floats:
    """`points` (N, 3) moved along their rays from the eye's centre to the distances `depth` (N,)."""
    rays = points - eye.centre
    return eye.centre + rays * (depth / np.linalg.norm(rays, axis=1))[:, None]

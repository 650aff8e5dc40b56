"""Painted eyeballs that rotate with the gaze shapes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ....channels import FACE, LOOK_DEGREES
from ..makehuman import Float64Array, Int64Array, MakeHuman
from ..parts import EYE, IRIS, PUPIL, Part, grid_faces, make_part
from ..topology import smoothstep

# Metres between eyeball and lids: less than the lids' thickness, more than the arc of a closing lid needs.
CLEARANCE = 0.0004
CORNEA_RISE = 0.0004  # m
SEGMENTS = 28
# From the middle of the pupil: angle as a share of the iris's, and sRGB.
PAINT = (
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
PUPIL_EDGE = 0.38
STREAKS = (0.5, 0.65, 0.82)


@dataclass(frozen=True)
class Eyeball:
    """A sphere: `centre` (3,) and `radius` in metres, and the angle (radians) of the iris's edge from its axis."""

    centre: Float64Array
    radius: float
    iris_angle: float


def fit_eyeball(human: MakeHuman, vertices: Float64Array, side: str, iris_radius: float) -> Eyeball:
    """Fit a sphere to MakeHuman's eye on one side."""
    eye = vertices[np.unique(human.faces[human.faces_of(f"helper-{side[0].lower()}-eye")])]
    *centre, rest = np.linalg.lstsq(np.c_[2 * eye, np.ones(len(eye))], (eye**2).sum(axis=1), rcond=None)[0]
    radius = float(np.sqrt(rest + np.square(centre).sum())) - CLEARANCE
    return Eyeball(np.array(centre), radius, float(np.arcsin(iris_radius / radius)))


def eyeball_part(eye: Eyeball, side: str) -> Part:
    """Return the painted eyeball, rotated by the four gaze shapes of its side."""
    shares = [share for share, _ in PAINT]
    rings = np.r_[np.array(shares[1:]) * eye.iris_angle, np.radians([45, 60, 80, 105, 135, 162])]
    azimuth = np.arange(SEGMENTS) * 2 * np.pi / SEGMENTS
    bulge = CORNEA_RISE * (1 - smoothstep(0.55, 1.25, rings / eye.iris_angle))
    radius = (eye.radius + bulge)[:, None]
    sideways, forward = radius * np.sin(rings)[:, None], radius * np.cos(rings)[:, None]
    ball = np.stack([sideways * np.cos(azimuth), -forward + 0 * azimuth, sideways * np.sin(azimuth)], axis=-1)
    front, back = [0, -(eye.radius + CORNEA_RISE), 0], [0, eye.radius, 0]
    local = np.concatenate([ball.reshape(-1, 3), [front, back]])

    faces = np.concatenate([grid_faces(len(rings), SEGMENTS, closed=True)[:, ::-1], *cap_faces(len(rings))])
    ball = make_part(
        eye.centre + local, faces, EYE, eyeball_colours(rings, eye), look_deltas(local, side), front_uvs(local, faces)
    )
    return replace(ball, materials=eyeball_materials(local, faces, eye))


def eyeball_materials(local: Float64Array, faces: Int64Array, eye: Eyeball) -> Int64Array:
    """Return material indices: pupil, iris or sclera, so that the gaze is visible where only materials are shown."""
    middle = local[faces.clip(0)].mean(axis=1, where=(faces >= 0)[..., None])
    share = np.arctan2(np.hypot(middle[:, 0], middle[:, 2]), -middle[:, 1]) / eye.iris_angle
    return np.select([share < PUPIL_EDGE, share < 1.0], [PUPIL, IRIS], EYE)


def cap_faces(rings: int) -> tuple[Int64Array, Int64Array]:
    """Return triangles that close the first ring over vertex rings * SEGMENTS and the last over the one after."""
    here = np.arange(SEGMENTS)
    after, last = np.roll(here, -1), (rings - 1) * SEGMENTS
    pole, none = np.full(SEGMENTS, rings * SEGMENTS), np.full(SEGMENTS, -1)
    return np.stack([pole, here, after, none], 1), np.stack([pole + 1, after + last, here + last, none], 1)


def eyeball_colours(rings: Float64Array, eye: Eyeball) -> Float64Array:
    """Return sRGB colours of the eyeball's vertices."""
    colours = np.empty((len(rings), SEGMENTS, 3))
    streaks = np.random.RandomState(3).uniform(-1, 1, (len(rings), SEGMENTS, 1))
    for index, angle in enumerate(rings):
        if index < len(PAINT) - 1:
            share, colour = PAINT[index + 1]
            colours[index] = np.array(colour) * (1 + 0.22 * streaks[index] * (share in STREAKS))
        else:
            edge = smoothstep(0.5, 1.6, np.array(angle))
            colours[index] = (1 - edge) * np.array(SCLERA) + edge * np.array(SCLERA_EDGE)
    return np.concatenate([colours.reshape(-1, 3), [PAINT[0][1], SCLERA_EDGE]])


def look_deltas(local: Float64Array, side: str) -> Float64Array:
    """Return offsets (52, V, 3) of the eyeball's vertices `local` about its centre."""
    deltas = np.zeros((len(FACE), *local.shape))
    outward = 1.0 if side == "Left" else -1.0
    for gaze, angle in LOOK_DEGREES.items():
        turn = np.radians(angle) * {"Down": 1.0, "Up": -1.0, "In": -outward, "Out": outward}[gaze]
        c, s = np.cos(turn), np.sin(turn)
        about_x = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
        about_z = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
        rotation = about_x if gaze in ("Down", "Up") else about_z
        deltas[FACE.index(f"eyeLook{gaze}{side}")] = local @ rotation.T - local
    return deltas


def front_uvs(local: Float64Array, faces: Int64Array) -> Float64Array:
    """Return UVs of the eyeball seen from the front, filling the unit square."""
    return (local[:, [0, 2]] / (2 * np.abs(local).max()) + 0.5)[faces.clip(0)]

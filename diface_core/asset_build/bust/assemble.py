"""Assemble all parts of the bust, with the origin at the head's pivot and named landmarks."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...channels import FACE
from . import breathing, identity, paint, shirt
from . import crop as crops
from . import skin as skins
from .features import brows, eyeball, hairline, lids, lips, teeth, tongue
from .makehuman import Float64Array, Int64Array, MakeHuman
from .parts import MOUTH, SKIN, Part, join_parts, make_part
from .skin import CONTACT, INSIDE, Skin

MM = 0.001
HAIR_SEED = 11
IRIS_RADIUS = 6.0 * MM


@dataclass(frozen=True)
class Bust:
    """The whole mesh about its pivot, deltas (55, V, 3) for channels.SHAPES, and vertex indices by landmark name."""

    mesh: Part
    landmarks: dict[str, Int64Array]


def build_bust(human: MakeHuman) -> Bust:
    """Build the bundled head from MakeHuman's data."""
    vertices = identity.mix_identity(human)
    balls = {side: eyeball.fit_eyeball(human, vertices, side, IRIS_RADIUS) for side in ("Left", "Right")}
    skin = lids.with_closing_lids(lips.with_meeting_lips(skins.cut_skin(human, vertices)), balls)
    line, random = hairline.fit_hairline(balls), np.random.RandomState(HAIR_SEED)
    parts = {
        "skin": skin_part(skin, balls, line),
        "eyeball_left": eyeball.eyeball_part(balls["Left"], "Left"),
        "eyeball_right": eyeball.eyeball_part(balls["Right"], "Right"),
        **teeth.teeth_parts(human, vertices),
        "tongue": tongue.tongue_part(human, vertices),
        "hair": crops.hair_part(skin, line, random),
        "brows": brows.brows_part(skin, balls, random),
        "shirt": shirt.shirt_part(skin),
    }
    pivot = vertices[human.vertices_of("joint-head")].mean(axis=0)
    mesh, span = join_parts(list(parts.values())), part_vertices(parts)
    points = mesh.vertices - pivot
    deltas = np.concatenate([mesh.deltas, added_offsets(points, span)])
    return Bust(replace(mesh, vertices=points, deltas=deltas), {**span, **find_landmarks(skin, balls)})


def added_offsets(points: Float64Array, span: dict[str, Int64Array]) -> Float64Array:
    """Return the offsets (3, V, 3) m of the shapes that ARKit does not have: breathIn, tongueTipUp, tongueBodyUp."""
    offsets = np.zeros((3, *points.shape))
    offsets[0] = breathing.breath_offsets(points, span["skin"], span["shirt"])
    own = points[span["tongue"]]
    offsets[1:, span["tongue"]] = tongue.tip_up_offsets(own), tongue.body_up_offsets(own)
    return offsets


def skin_part(skin: Skin, eyeballs: dict[str, eyeball.Eyeball], hairline_angles: hairline.Hairline) -> Part:
    """Return the painted skin; the mouth's lining has the mouth's material."""
    colours = paint.skin_colours(skin, eyeballs, hairline.scalp_density(skin, hairline_angles))
    whole = make_part(skin.vertices, skin.faces, SKIN, colours, skin.deltas, skin.uvs)
    lining = np.zeros(len(skin.vertices), bool)
    lining[paint.mouth_lining(skin)] = True
    return replace(whole, materials=np.where(lining[skin.faces].all(axis=1), MOUTH, SKIN))


def part_vertices(parts: dict[str, Part]) -> dict[str, Int64Array]:
    """Return the vertex indices of each part in the joined mesh."""
    ends = np.cumsum([len(p.vertices) for p in parts.values()])
    return {name: np.arange(end - len(p.vertices), end) for (name, p), end in zip(parts.items(), ends, strict=True)}


def find_landmarks(skin: Skin, eyeballs: dict[str, eyeball.Eyeball]) -> dict[str, Int64Array]:
    """Return the vertex indices of lips, lids, jaw and face on the skin."""
    upper, lower = lips.lip_pairs(skin)
    at, nose = skin.vertices, skin.vertices[np.argmin(skin.vertices[:, 1])]
    opened = np.linalg.norm(skin.deltas[FACE.index("jawOpen")], axis=1)
    eye = eyeballs["Left"].centre
    chin = at[skin.upper_lip(), 2].min() - 50 * MM
    face = (at[:, 1] < eye[1] + 45 * MM) & (at[:, 2] > chin) & (at[:, 2] < eye[2] + 60 * MM)
    face[paint.mouth_lining(skin)] = False
    return {
        "upper_inner_lip": upper,
        "lower_inner_lip": lower,
        "mouth_corners": skin.upper_lip()[[0, -1]],
        "outer_lip": skin.mouth[0],
        "lips": np.unique(skin.mouth[:INSIDE]),
        **{f"upper_lid_{side.lower()}": skin.lids[side][lids.RIM, 0] for side in eyeballs},
        **{f"lower_lid_{side.lower()}": skin.lids[side][lids.RIM, 1] for side in eyeballs},
        "face": np.flatnonzero(face),
        "upper_face": np.flatnonzero(face & (at[:, 2] > nose[2])),
        "jaw": np.flatnonzero((opened > 0.5 * opened.max()) & ~np.isin(np.arange(len(at)), skin.mouth[CONTACT:])),
        "neck_border": skin.neck[0],
    }

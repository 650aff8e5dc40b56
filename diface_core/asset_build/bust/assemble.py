"""All parts of the bust put together, the origin at the head's pivot, and its landmarks named."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...channels import FACE
from . import breathing, identity, paint, shirt
from . import crop as crops
from . import skin as skins
from .features import brows, eyeball, hairline, lids, lips, teeth, tongue
from .makehuman import Ints, MakeHuman
from .parts import MOUTH, SKIN, Part, joined, part
from .skin import CONTACT, INSIDE, Skin

MM = 0.001
HAIR_SEED = 11
IRIS_RADIUS = 6.0 * MM


@dataclass(frozen=True)
class Bust:
    """The whole mesh about its pivot, deltas (53, V, 3) for channels.SHAPES, and vertex indices by landmark name."""

    mesh: Part
    landmarks: dict[str, Ints]


def bust(human: MakeHuman) -> Bust:
    """The bundled head out of MakeHuman's data."""
    vertices = identity.mixed(human)
    balls = {side: eyeball.eyeball_of(human, vertices, side, IRIS_RADIUS) for side in ("Left", "Right")}
    skin = lids.with_closing_lids(lips.with_meeting_lips(skins.cut(human, vertices)), balls)
    line, random = hairline.hairline(balls), np.random.RandomState(HAIR_SEED)
    parts = {
        "skin": skin_part(skin, balls, line),
        "eyeball_left": eyeball.eyeball_part(balls["Left"], "Left"),
        "eyeball_right": eyeball.eyeball_part(balls["Right"], "Right"),
        **teeth.teeth_parts(human, vertices),
        "tongue": tongue.tongue_part(human, vertices),
        "hair": crops.crop(skin, line, random),
        "brows": brows.brows_part(skin, balls, random),
        "shirt": shirt.shirt_part(skin),
    }
    pivot = vertices[human.vertices_of("joint-head")].mean(axis=0)
    mesh, span = joined(list(parts.values())), spans(parts)
    points = mesh.vertices - pivot
    deltas = np.concatenate([mesh.deltas, breathing.breath_in(points, span["skin"], span["shirt"])[None]])
    return Bust(replace(mesh, vertices=points, deltas=deltas), {**span, **landmarks(skin, balls)})


def skin_part(skin: Skin, balls: dict[str, eyeball.Eyeball], line: hairline.Hairline) -> Part:
    """The painted skin; the mouth's lining has the mouth's material."""
    colours = paint.skin_colours(skin, balls, hairline.scalp(skin, line))
    whole = part(skin.vertices, skin.faces, SKIN, colours, skin.deltas, skin.uvs)
    lining = np.zeros(len(skin.vertices), bool)
    lining[paint.inside_mouth(skin)] = True
    return replace(whole, materials=np.where(lining[skin.faces].all(axis=1), MOUTH, SKIN))


def spans(parts: dict[str, Part]) -> dict[str, Ints]:
    """The vertices of each part."""
    ends = np.cumsum([len(p.vertices) for p in parts.values()])
    return {name: np.arange(end - len(p.vertices), end) for (name, p), end in zip(parts.items(), ends, strict=True)}


def landmarks(skin: Skin, balls: dict[str, eyeball.Eyeball]) -> dict[str, Ints]:
    """Where lips, lids, jaw and face are on the skin."""
    upper, lower = lips.pairs(skin)
    at, nose = skin.vertices, skin.vertices[np.argmin(skin.vertices[:, 1])]
    opened = np.linalg.norm(skin.deltas[FACE.index("jawOpen")], axis=1)
    eye = balls["Left"].centre
    chin = at[skin.upper_lip(), 2].min() - 50 * MM
    face = (at[:, 1] < eye[1] + 45 * MM) & (at[:, 2] > chin) & (at[:, 2] < eye[2] + 60 * MM)
    face[paint.inside_mouth(skin)] = False
    return {
        "upper_inner_lip": upper,
        "lower_inner_lip": lower,
        "mouth_corners": skin.upper_lip()[[0, -1]],
        "outer_lip": skin.mouth[0],
        "lips": np.unique(skin.mouth[:INSIDE]),
        **{f"upper_lid_{side.lower()}": skin.lids[side][lids.RIM, 0] for side in balls},
        **{f"lower_lid_{side.lower()}": skin.lids[side][lids.RIM, 1] for side in balls},
        "face": np.flatnonzero(face),
        "upper_face": np.flatnonzero(face & (at[:, 2] > nose[2])),
        "jaw": np.flatnonzero((opened > 0.5 * opened.max()) & ~np.isin(np.arange(len(at)), skin.mouth[CONTACT:])),
        "neck_border": skin.neck[0],
    }

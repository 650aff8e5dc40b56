"""Pieces of the bust, each with its colours and shape offsets; the head is many of them joined."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...channels import FACE
from .makehuman import Float64Array, Int64Array

MATERIALS = ("Skin", "Mouth", "Teeth", "Eye", "Hair", "Brows", "Shirt", "Iris", "Pupil")
SKIN, MOUTH, TEETH, EYE, HAIR, BROWS, SHIRT, IRIS, PUPIL = range(len(MATERIALS))


@dataclass(frozen=True)
class Part:
    """A piece of the bust.

    Attributes:
        vertices: (V, 3) m.
        faces: (F, 4); a triangle's last index is -1.
        uvs: (F, 4, 2).
        materials: (F,) indices of MATERIALS.
        colours: (V, 3) sRGB, 0 to 1.
        deltas: (52, V, 3) m in the order of channels.FACE.
    """

    vertices: Float64Array
    faces: Int64Array
    uvs: Float64Array
    materials: Int64Array
    colours: Float64Array
    deltas: Float64Array


def make_part(
    vertices: Float64Array,
    faces: Int64Array,
    material: int,
    colours: Float64Array,
    deltas: Float64Array | None = None,
    uvs: Float64Array | None = None,
) -> Part:
    """Return a Part of one material.

    Args:
        vertices: (V, 3) m.
        faces: (F, 4); a triangle's last index is -1.
        material: An index of MATERIALS.
        colours: (V, 3) or (3,) sRGB, 0 to 1.
        deltas: (52, V, 3) m. Without them no shape moves the part.
        uvs: (F, 4, 2). Without them the part is projected from the front.
    """
    count = len(vertices)
    return Part(
        vertices,
        faces,
        vertices[:, [0, 2]][faces.clip(0)] if uvs is None else uvs,
        np.full(len(faces), material),
        np.broadcast_to(colours, (count, 3)).astype(float),
        np.zeros((len(FACE), count, 3)) if deltas is None else deltas,
    )


def join_parts(parts: list[Part]) -> Part:
    """Join parts into one, in their order."""
    first = np.cumsum([0] + [len(p.vertices) for p in parts])
    faces = [np.where(p.faces < 0, -1, p.faces + start) for p, start in zip(parts, first, strict=False)]
    return Part(
        np.concatenate([p.vertices for p in parts]),
        np.concatenate(faces),
        np.concatenate([p.uvs for p in parts]),
        np.concatenate([p.materials for p in parts]),
        np.concatenate([p.colours for p in parts]),
        np.concatenate([p.deltas for p in parts], axis=1),
    )


def grid_faces(rows: int, columns: int, closed: bool = False) -> Int64Array:
    """Return quads over vertices laid out (rows, columns); `closed` joins the last column to the first."""
    index = np.arange(rows * columns).reshape(rows, columns)
    if closed:
        index = np.concatenate([index, index[:, :1]], axis=1)
    return np.stack([index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]], axis=-1).reshape(-1, 4)

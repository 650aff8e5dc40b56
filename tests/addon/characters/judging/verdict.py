"""The judge of a performance: numbers from what is seen, without a look at how it was made."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from ..bundled_parts import FloatArray
from ..kinds import Built
from ..surfaces import positions
from .lips import Lips
from .recording import Recording
from .teeth import deepest

SHUT = ("M", "B", "P")
STILL = 1e-3
"""Largest offset of a vertex that a face shape does not move, in sizes of its mesh."""
FEW = 10
ON_HEAD, BODY, CORRELATION, SOLVED_CORRELATION, GAP_MM, TEETH_MM = 0.02, 0.01, 0.85, 0.7, 1.0, 1.0
"""Limits: parts on the head and the body in sizes of the head, the mouth, lips on m, b, p and teeth in mm."""
LEAST_OPENING = 0.4
"""Least of the greatest opening of the mouth, in those of the bundled head."""


@dataclass(frozen=True)
class Verdict:
    """What was measured over a performance.

    Attributes:
        turned: Range of the head's rotation in degrees.
        on_head: Part -> its greatest distance from the head's rigid motion, in sizes of the head.
        body: Greatest movement of the body against what it did before, in sizes of the head.
        correlation: Of the mouth's opening with that of the bundled head; 0 for a mouth that does not move.
        opening: Greatest opening of the mouth in mm of a head of 20 cm.
        gaps: The closest lips of each m, b, p in mm, without the gap that the lips have at rest.
        teeth: Greatest depth of teeth outside a lip in mm; nan if it was not measured.
        neutral: Greatest change of a shape key that must keep its value.
    """

    turned: float
    on_head: dict[str, float]
    body: float
    correlation: float
    opening: float
    gaps: tuple[float, ...]
    teeth: float
    neutral: float


def judge(
    built: Built, lips: Lips, rest: dict[bpy.types.Object, FloatArray], before: Recording, after: Recording,
    model: FloatArray, shut: list[np.ndarray],
) -> Verdict:  # fmt: skip
    """Measure a performance.

    Args:
        built: The character.
        lips: Its lips.
        rest: Its meshes at rest.
        before: At the same frames, before the speech was generated.
        after: The performance.
        model: (T,) the opening of the bundled head's mouth at these frames, in mm.
        shut: For each m, b, p the indices of its frames.
    """
    face = after.on_rest_head(built.main)
    opening = lips.aperture(face)
    gaps = tuple(max(0.0, float(opening[rows].min()) - lips.resting) for rows in shut)
    off = [_off(built, obj, after.on_rest_head(obj), rest[obj]) / lips.head_size for obj in built.on_head]
    return Verdict(
        turned=_turned(before, after),
        on_head=dict(zip((obj.name for obj in built.on_head), off, strict=True)),
        body=max([_moved(built, obj, before, after) for obj in (built.main, *built.body)]) / lips.head_size,
        correlation=float(np.corrcoef(opening, model)[0, 1]) if np.ptp(opening) > 0.1 else 0.0,
        opening=float(opening.max()), gaps=gaps,
        teeth=_teeth(built, face, after),
        neutral=max((abs(_value(built, name) - value) for name, value in built.neutral.items()), default=0.0),
    )  # fmt: skip


def _turned(before: Recording, after: Recording) -> float:
    """Return the range in degrees of the rotation that the performance added."""
    added = np.einsum("tji,tjk->tik", before.turns, after.turns)
    return float(degrees_between(added, added[:1]).max())


def degrees_between(one: FloatArray, other: FloatArray) -> FloatArray:
    """Return the angles (T,) between rotations (T, 3, 3)."""
    cosine = (np.einsum("tij,tij->t", one, np.broadcast_to(other, one.shape)) - 1) / 2
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def _off(built: Built, obj: bpy.types.Object, points: FloatArray, rest: FloatArray) -> float:
    """Return the greatest distance of a part from its place on the head."""
    still = _still(built, obj)
    if obj.name.startswith("Eye") or still.sum() < FEW:  # eyes turn about their middle
        return float(np.linalg.norm(points.mean(axis=1) - rest.mean(axis=0), axis=1).max())
    return float(np.linalg.norm(points[:, still] - rest[still], axis=2).max())


def _still(built: Built, obj: bpy.types.Object) -> np.ndarray:
    """Return which vertices (V,) of a part no face shape moves."""
    still = np.ones(len(obj.data.vertices), bool)
    if obj.data.shape_keys is None:
        return still
    basis, *others = (key for key in obj.data.shape_keys.key_blocks if key.name not in built.neutral)
    first = positions(basis.data)
    for key in others:
        still &= np.abs(positions(key.data) - first).max(axis=1) < STILL * np.ptp(first)
    return still


def _moved(built: Built, obj: bpy.types.Object, before: Recording, after: Recording) -> float:
    chosen = built.torso if obj == built.main else slice(None)
    moved = np.linalg.norm(after.points[obj][:, chosen] - before.points[obj][:, chosen], axis=2)
    return float(moved.max(initial=0.0))


def _value(built: Built, name: str) -> float:
    return built.main.data.shape_keys.key_blocks[name].value


def _teeth(built: Built, face: FloatArray, after: Recording) -> float:
    teeth = next((obj for obj in built.on_head if obj.name.startswith("Teeth")), None)
    if teeth is None:
        return float("nan")
    return max(deepest(skin, row) for skin, row in zip(face[::6], after.on_rest_head(teeth)[::6], strict=True))

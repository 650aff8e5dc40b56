"""The user's FLAME head as a Blender object: Blender's way up, its origin in the neck joint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import bpy
import numpy as np

from ...core import errors, flame_model, placement
from ...core import identities as core_identities

NAME = "FLAME Head"
MARK = "diface_flame"
"""Custom property of the object: whose head it is, a speaker's name, "seed 7" or "template"."""


@dataclass(frozen=True)
class Identity:
    """Whose head: a speaker's of VOCASET, else one drawn by a seed other than 0, else FLAME's own template.

    strength: how far a drawn head is from the template, 1 as people are.
    """

    speaker: str = ""
    seed: int = 0
    strength: float = 1.0

    @property
    def label(self) -> str:
        """A name for it, none for the template's."""
        return self.speaker or (f"seed {self.seed}" if self.seed else "")


def add_flame_head(
    context: bpy.types.Context, file: Path, identity: Identity, templates: Path | None, location: Sequence[float]
) -> bpy.types.Object:
    """A new FLAME head at `location` (metres), the only selected object and the active one.

    templates: VOCASET's, for its speakers. Raises ModelError where a file cannot be read, has no such speaker or
    nothing to draw a head from; the scene is then unchanged.
    """
    model = flame_model.load_flame(file)
    vertices = _vertices(model, identity, templates)
    neck = model.joints(vertices)[flame_model.JOINTS.index("neck")]
    local = (vertices - neck) @ placement.FROM_BLENDER

    mesh = bpy.data.meshes.new(NAME)
    mesh.from_pydata(local.tolist(), [], model.faces.tolist())
    mesh.shade_smooth()
    obj = bpy.data.objects.new(f"{NAME} {identity.label}".strip(), mesh)
    obj.location = location
    obj[MARK] = identity.label or "template"
    context.collection.objects.link(obj)
    for other in context.view_layer.objects:
        other.select_set(False)
    context.view_layer.objects.active = obj
    obj.select_set(True)
    return obj


def _vertices(model: flame_model.Flame, identity: Identity, templates: Path | None) -> np.ndarray:
    if identity.speaker:
        return core_identities.find_identity(speaker_heads(templates), identity.speaker)
    return core_identities.random_identity(model, identity.seed, identity.strength) if identity.seed else model.template


def speaker_heads(templates: Path | None) -> dict[str, np.ndarray]:
    """Speaker -> head at rest (5023, 3) of VOCASET's templates. Raises ModelError."""
    if templates is None:
        hint = "Name VOCASET's templates.pkl in DiFACE's preferences."
        raise errors.ModelError("VOCASET's templates are not set.", hint)
    return _load_speaker_heads(templates, templates.stat().st_mtime_ns if templates.is_file() else 0)


@lru_cache(maxsize=1)
def _load_speaker_heads(templates: Path, _modified: int) -> dict[str, np.ndarray]:
    return core_identities.load_identities(templates)

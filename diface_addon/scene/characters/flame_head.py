"""Add a head of the user's FLAME model as a Blender object, Z up, with its origin in the neck joint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import bpy
import numpy as np

from ...core import errors, flame_model, placement
from ...core import identities as core_identities
from .selection import select_only

NAME = "FLAME Head"
MARK = "diface_flame"
"""Custom property of the object: its identity, a speaker's name, "seed 7" or "template"."""


@dataclass(frozen=True)
class Identity:
    """The identity of a head: a speaker of VOCASET, else a random one, else FLAME's template.

    Attributes:
        speaker: Name of the speaker, or "".
        seed: Seed of the random identity; 0 for the template.
        strength: Difference of a random identity from the template; 1 is the variation between people.
    """

    speaker: str = ""
    seed: int = 0
    strength: float = 1.0

    @property
    def label(self) -> str:
        """The label of the identity; "" for the template."""
        return self.speaker or (f"seed {self.seed}" if self.seed else "")


def add_flame_head(
    context: bpy.types.Context, file: Path, identity: Identity, templates: Path | None, location: Sequence[float]
) -> bpy.types.Object:
    """Add a FLAME head, and make it the active and only selected object.

    Args:
        context: Names the collection and the view layer.
        file: The FLAME file.
        identity: The identity of the head.
        templates: VOCASET's templates.pkl, for its speakers.
        location: Where it is added, in metres.

    Raises:
        ModelError: A file cannot be read, or does not contain the identity. The scene is unchanged.
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
    select_only(context, obj)
    return obj


def _vertices(model: flame_model.Flame, identity: Identity, templates: Path | None) -> np.ndarray:
    if identity.speaker:
        return core_identities.find_identity(speaker_heads(templates), identity.speaker)
    return core_identities.random_identity(model, identity.seed, identity.strength) if identity.seed else model.template


def speaker_heads(templates: Path | None) -> dict[str, np.ndarray]:
    """Return speaker -> head at rest (5023, 3) in metres, from VOCASET's templates. Raises ModelError."""
    if templates is None:
        hint = "Set VOCASET's templates.pkl in DiFACE's preferences."
        raise errors.ModelError("VOCASET's templates are not set.", hint)
    return _load_speaker_heads(templates, templates.stat().st_mtime_ns if templates.is_file() else 0)


@lru_cache(maxsize=1)
def _load_speaker_heads(templates: Path, _modified: int) -> dict[str, np.ndarray]:
    return core_identities.load_identities(templates)

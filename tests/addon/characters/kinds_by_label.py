"""Every character that a whole performance is measured on, by its label."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from . import armature_kind, changes, empties_kind, game_face_kind, other_makers, rigify_kind, vocabulary_kinds
from .kinds import Built

BUILT: dict[str, Callable[[], Built]] = {
    "parts under an armature": armature_kind.build,
    "walking, with a jaw bone": lambda: armature_kind.build(
        armature_kind.Options(with_walk=True, with_jaw=True, label="walking, with a jaw bone")
    ),
    "custom body": lambda: changes.add_custom_shapes(armature_kind.build(armature_kind.Options(label="custom body"))),
    "parts under empties": empties_kind.build,
    "placeholders": vocabulary_kinds.build_placeholders,
    "VRoid-like": vocabulary_kinds.build_vroid,
    "numbered shapes": vocabulary_kinds.build_numbered,
    "visemes alone": vocabulary_kinds.build_visemes,
}

OF_BONES: dict[str, Callable[[], Built]] = {
    "Rigify": lambda: rigify_kind.build_rigify(upgraded=False),
    "Rigify, upgraded face": lambda: rigify_kind.build_rigify(upgraded=True),
    "face bones of a game": lambda: game_face_kind.build_game_face(game_face_kind.SECOND_LIFE),
}
"""Faces without a shape key."""


def labels(shared: Path) -> list[str]:
    """Return the labels of all characters that can be made; `shared` is the folder of reference data."""
    there = (shared / "characters").is_dir()
    return [*BUILT, *OF_BONES, *(other_makers.CHARACTERS if there else ())]


def make(label: str, shared: Path) -> Built:
    """Make a character in the current scene; those of other makers open their file."""
    built = BUILT | OF_BONES
    return built[label]() if label in built else other_makers.load(label, shared / "characters")

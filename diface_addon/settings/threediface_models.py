"""The user's own 3DiFACE models, as the settings and the preferences name them."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..core import errors, types
from . import choices, preferences, threediface_files

CACHE_TOLERANCE, SHAPE_KEY_TOLERANCE = 0.0, 1e-5
"""Metres that a vertex may be off: a cache holds anything, shape keys shall be few."""


def models_from_settings(context: bpy.types.Context) -> types.ThreeDiface | None:
    """The models that the scene asks for; None is DiFACE's own. Raises ModelError where they are not there."""
    settings = context.scene.diface
    if settings.engine == "DIFACE":
        return None
    chosen, parts = settings.threediface, choices.PARTS_BY_CHOICE[settings.parts]
    listener = _find_general_model()
    return types.ThreeDiface(
        face=_find_checkpoint("face", chosen.face) if "face" in parts else None,
        head=_find_checkpoint("head", chosen.head) if "head" in parts else None,
        listener=listener or _find_checkpoint("face", chosen.face),
        wav2vec2=preferences.wav2vec2_folder(),
        condition=int(chosen.condition),
        steps=None if chosen.all_steps else chosen.steps,
        tolerance=CACHE_TOLERANCE if chosen.motion_as == "CACHE" else SHAPE_KEY_TOLERANCE,
    )


def is_cache(engine: types.ThreeDiface) -> bool:
    """Whether the face's motion was asked for as a vertex cache."""
    return engine.tolerance == CACHE_TOLERANCE


def _find_checkpoint(kind: str, name: str) -> Path:
    """The folder of the checkpoint `name`, or of the one that is taken where none is named."""
    folder = preferences.checkpoints_folder()
    names = threediface_files.checkpoint_names(folder, kind)
    if name and name not in names:
        hint = (
            f"Choose one of {', '.join(names)}." if names else "Set the folder of checkpoints in DiFACE's preferences."
        )
        raise errors.ModelError(f"There is no 3DiFACE {kind} model called {name}.", hint)
    if not names:
        hint = "Set it in DiFACE's preferences (Edit > Preferences > Add-ons)."
        raise errors.ModelError(
            f"No 3DiFACE {kind} model was found. {threediface_files.checkpoints_status(folder).message}.", hint
        )
    return threediface_files.find_checkpoints(folder)[name or names[0]][0]


def _find_general_model() -> Path | None:
    """The general face model, with which all the published ones hear."""
    found = threediface_files.find_checkpoints(preferences.checkpoints_folder())
    return found[threediface_files.GENERAL_FACE_MODEL][0] if threediface_files.GENERAL_FACE_MODEL in found else None

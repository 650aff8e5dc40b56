"""The user's 3DiFACE models: chosen by the settings, found in the folders of the preferences."""

from __future__ import annotations

import dataclasses
from pathlib import Path, PureWindowsPath

from ..core import errors, types
from . import choices, preferences, threediface_files
from .performance_settings import DifacePerformance

CACHE_TOLERANCE, SHAPE_KEY_TOLERANCE = 0.0, 1e-5
"""Maximum vertex error in metres: a cache stores any motion exactly, shape keys must be few."""
CHECKPOINTS_HINT = "Set 3DiFACE Checkpoints in DiFACE's preferences (Edit > Preferences > Add-ons)."


def models_from_settings(settings: DifacePerformance) -> types.ThreeDiface | None:
    """Return the models that a performance uses; None for DiFACE's models. Raises ModelError if one is not found."""
    if settings.engine == "DIFACE":
        return None
    chosen, parts = settings.threediface, choices.PARTS_BY_CHOICE[settings.parts]
    return types.ThreeDiface(
        face=_find_checkpoint("face", chosen.face) if "face" in parts else None,
        head=_find_checkpoint("head", chosen.head) if "head" in parts else None,
        listener=_find_general_model() or _find_checkpoint("face", chosen.face),
        wav2vec2=preferences.wav2vec2_folder(),
        condition=int(chosen.condition),
        steps=None if chosen.all_steps else chosen.steps,
        tolerance=CACHE_TOLERANCE if chosen.motion_as == "CACHE" else SHAPE_KEY_TOLERANCE,
    )


def by_name(request: types.GenerateRequest) -> types.GenerateRequest:
    """Return a request whose 3DiFACE models are named without their folders, as takes store it."""
    return _map_models(request, lambda _kind, path: Path(_folder_name(path)))


def resolve(request: types.GenerateRequest) -> types.GenerateRequest:
    """Return the request of a take with its 3DiFACE models in the folders that the preferences name.

    Only the names of the stored paths are used: a .blend from elsewhere must not choose which files the worker opens.

    Raises:
        ModelError: A model is not in the folder that the preferences name, or that folder is not set.
    """
    return _map_models(request, lambda kind, path: _find_stored(kind, _folder_name(path)))


def is_cache(engine: types.ThreeDiface) -> bool:
    """Return whether the motion of the face is a vertex cache."""
    return engine.tolerance == CACHE_TOLERANCE


def _map_models(request: types.GenerateRequest, new_path) -> types.GenerateRequest:
    """Replace the paths of a request's models by new_path(kind, path)."""
    if request.engine is None:
        return request
    kinds = {"face": "face", "head": "head", "listener": "face", "wav2vec2": "wav2vec2"}
    paths = {name: (kind, getattr(request.engine, name)) for name, kind in kinds.items()}
    changed = {name: new_path(kind, path) for name, (kind, path) in paths.items() if path is not None}
    return dataclasses.replace(request, engine=dataclasses.replace(request.engine, **changed))


def _folder_name(path: Path) -> str:
    """Return the last part of a path of this or another operating system."""
    return PureWindowsPath(str(path)).name


def _find_stored(kind: str, name: str) -> Path:
    """Return the folder of a model that a take was generated with."""
    if kind != "wav2vec2":
        return _find_checkpoint(kind, name)
    folder = preferences.wav2vec2_folder()
    if folder is None:
        message = f"The take was generated with {name}, and wav2vec2 is not set."
        raise errors.ModelError(message, "Set wav2vec2 in DiFACE's preferences (Edit > Preferences > Add-ons).")
    return folder


def _find_checkpoint(kind: str, name: str) -> Path:
    """Return the folder of the checkpoint `name`, or of the default one if `name` is empty."""
    folder = preferences.checkpoints_folder()
    names = threediface_files.checkpoint_names(folder, kind)
    if name and name not in names:
        others = f"Choose {' or '.join(names)}. Or: " if names else ""
        raise errors.ModelError(f"There is no 3DiFACE {kind} model called {name}.", others + CHECKPOINTS_HINT)
    if not names:
        status = threediface_files.checkpoints_status(folder).message
        raise errors.ModelError(f"No 3DiFACE {kind} model was found. {status}.", CHECKPOINTS_HINT)
    return threediface_files.find_checkpoints(folder)[name or names[0]][0]


def _find_general_model() -> Path | None:
    """Return the folder of the general face model, whose audio encoder the published models use."""
    checkpoints = threediface_files.find_checkpoints(preferences.checkpoints_folder())
    if threediface_files.GENERAL_FACE_MODEL not in checkpoints:
        return None
    return checkpoints[threediface_files.GENERAL_FACE_MODEL][0]

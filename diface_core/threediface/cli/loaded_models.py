"""The models, the face and the style that an evaluation config names, loaded once for all its sounds."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml

from ...errors import DifaceError, ModelError
from ...faces.flame.flame_model import Flame, load_flame
from ...faces.flame.identities import find_identity, load_identities
from ...runtime.device import best
from ...types import Float32Array
from ..checkpoint import FaceModel, HeadModel, find_checkpoint, load_face, load_head
from .config import BEST, PUBLISHED_LISTENER, PUBLISHED_LISTENER_CKPT, EvaluationConfig, FaceModelKeys
from .user_files import UserFiles

log = logging.getLogger(__name__)

TEMPLATES = "templates.pkl"


def parse_device(name: str | None) -> torch.device:
    """Where the networks run: on a GPU where there is one, if nothing is said. Raises DifaceError for none that is."""
    if name is None:
        return best()
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as reason:
        raise DifaceError(
            f"--device must be one that torch has here. Got {name}.", "Try cpu, or leave it out."
        ) from reason
    return device


@dataclass(frozen=True)
class LoadedModels:
    """Who performs. `listener` is whose speech features the head hears.

    template: the face at rest (5023, 3) m that displacements are of; None where there is no face to make.
    style: which of the face model's styles.
    """

    face: FaceModel | None
    head: HeadModel | None
    listener: FaceModel | None
    template: Float32Array | None
    flame: Flame | None
    style: int

    @classmethod
    def load(cls, config: EvaluationConfig, user_files: UserFiles, device: torch.device) -> LoadedModels:
        """Raises DifaceError for what is missing, damaged, or of another kind than its key says."""
        method = config.exp_cfg.method
        face, head, listener, style = None, None, None, 0
        if method != "head":
            keys = config.face_motion_model
            folder = _require_folder(keys.model_path, "face_motion_model.model_path", "--face_model_path")
            face = _load_with_encoder(folder, keys.model_ckpt, user_files, device)
            style = style_index(keys, folder)
        if method != "face":
            keys = config.head_motion_model
            folder = _require_folder(keys.model_path, "head_motion_model.model_path", "--model_path")
            head = load_head(folder, keys.model_ckpt)
            head.network.to(device)
            listener = _load_listener(config, face, user_files, device)
        flame = load_flame(user_files.flame) if user_files.flame else None
        return cls(face, head, listener, _load_template(config, user_files, flame, face), flame, style)


def style_index(keys: FaceModelKeys, folder: Path) -> int:
    """condition_index; without it the place of condition_for_tesing among the speakers of the model's training.

    Raises DifaceError where the model was not trained on that speaker.
    """
    subject = keys.condition_for_tesing
    trained = _train_subjects(folder)
    if keys.condition_index is not None:
        if subject in trained and trained.index(subject) != keys.condition_index:
            log.warning("condition_index %d is used, not that of %s.", keys.condition_index, subject)
        return keys.condition_index
    if subject is None:
        return 0
    if subject not in trained:
        known = f"one of {', '.join(trained)}" if trained else "nobody that args.yml names"
        raise DifaceError(
            f"face_motion_model.condition_for_tesing must be {known}. Got {subject}.",
            "Name one of them, or say condition_index, 0 to 7: a personalised model has the style that it began with.",
        )
    return trained.index(subject)


def _train_subjects(folder: Path) -> list[str]:
    """The subjects that args.yml names, in the order of their styles; the model has been loaded from it before."""
    arguments: Any = yaml.safe_load((folder / "args.yml").read_text("utf-8"))
    subjects = (arguments["motion_model"].get("params") or {}).get("train_subjects") or ""
    return subjects.split() if isinstance(subjects, str) else [str(subject) for subject in subjects]


def _load_listener(
    config: EvaluationConfig, face: FaceModel | None, user_files: UserFiles, device: torch.device
) -> FaceModel:
    """The general face model: as named, or as published and lying beside the others, or else the face model."""
    keys, own_face = config.listener_model, config.face_motion_model
    paths = [config.head_motion_model.model_path, own_face.model_path]
    beside = [path.absolute().parent / PUBLISHED_LISTENER for path in paths if path]
    found = keys.model_path or next((folder for folder in beside if folder.is_dir()), None)
    if found is None:
        if own_face.model_path is None:
            hint = f"Give the folder of {PUBLISHED_LISTENER} with --listener_model_path, or put it beside the head's."
            raise ModelError("A 3DiFACE head hears by the general face model, and there is none.", hint)
        log.warning("%s is not there: the head hears by the face model. It should be given.", PUBLISHED_LISTENER)
        if face is not None:
            return face
    folder = _require_folder(found or own_face.model_path, "listener_model.model_path", "--listener_model_path")
    ckpt = keys.model_ckpt or (own_face.model_ckpt if found is None else _published_checkpoint(folder))
    same = own_face.model_path is not None and folder.resolve() == own_face.model_path.resolve()
    if face is not None and same and find_checkpoint(folder, ckpt) == find_checkpoint(folder, own_face.model_ckpt):
        return face
    return _load_with_encoder(folder, ckpt, user_files, device)


def _load_with_encoder(folder: Path, ckpt: str, user_files: UserFiles, device: torch.device) -> FaceModel:
    """A face model with its speech encoder."""
    face = load_face(folder, ckpt, user_files.wav2vec2)
    if face.network.audio_encoder is None:
        message = f"The 3DiFACE model {folder.name} has no speech encoder in its checkpoint, and there is no wav2vec2."
        raise ModelError(message, "Give the folder of wav2vec2-base-960h with --wav2vec2, or set WAV2VEC_PATH.")
    face.network.to(device)
    return face


def _published_checkpoint(folder: Path) -> str:
    """The checkpoint that the heads were trained with, or the newest where it is not there."""
    if (folder / "checkpoints" / f"{PUBLISHED_LISTENER_CKPT}.pt").is_file():
        return PUBLISHED_LISTENER_CKPT
    if folder.name == PUBLISHED_LISTENER:
        log.warning("%s has no %s: the head hears by its newest checkpoint.", folder, PUBLISHED_LISTENER_CKPT)
    return BEST


def _load_template(
    config: EvaluationConfig, user_files: UserFiles, flame: Flame | None, face: FaceModel | None
) -> Float32Array | None:
    """The face at rest: VOCASET's subject, or FLAME's own."""
    name = config.face_motion_model.identity_for_testing
    if name is not None and (user_files.vocaset is not None or face is not None):
        return find_identity(load_identities(_templates_path(user_files.vocaset)), name)
    if flame is not None:
        return flame.template
    if face is not None and face.diffusion.displacement:
        hint = "Name a VOCASET subject as identity_for_testing, or give a FLAME file with --flame or FLAME_PATH."
        raise DifaceError("The face model moves a face, and there is none to move.", hint)
    return None


def _templates_path(vocaset: Path | None) -> Path:
    if vocaset is None:
        hint = (
            f"Set VOCASET_PATH to the folder of VOCASET's {TEMPLATES}, or leave identity_for_testing out for FLAME's."
        )
        raise DifaceError(f"identity_for_testing needs VOCASET's {TEMPLATES}, and VOCASET_PATH is not set.", hint)
    path = vocaset / TEMPLATES if vocaset.is_dir() else vocaset
    if not path.is_file():
        hint = "Set VOCASET_PATH to the folder that VOCASET's templates lie in, or leave identity_for_testing out."
        raise DifaceError(f"identity_for_testing needs VOCASET's {TEMPLATES}. There is none at {path}.", hint)
    return path


def _require_folder(path: Path | None, name: str, flag: str) -> Path:
    if path is None:
        raise DifaceError(f"{name} must be the folder of a 3DiFACE model. It is not given.", f"Give it, or {flag}.")
    if not path.is_dir():
        hint = f"Correct it or give {flag}; a path that does not begin at the root begins where the command is run."
        raise DifaceError(f"{name} must be the folder of a 3DiFACE model. There is none at {path}.", hint)
    return path

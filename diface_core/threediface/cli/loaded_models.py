"""The models, the neutral face and the style of an evaluation config, loaded once for all audio files."""

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
from ..checkpoint import FaceModel, HeadModel, find_checkpoint, load_face, load_head, require_encoder
from ..options import NEWEST_CHECKPOINT
from .config import PUBLISHED_LISTENER, PUBLISHED_LISTENER_CKPT, EvaluationConfig, FaceModelKeys
from .user_files import UserFiles

log = logging.getLogger(__name__)

TEMPLATES = "templates.pkl"


def parse_device(name: str | None) -> torch.device:
    """Return the device of the networks; without a name the best one.

    Raises:
        DifaceError: If torch has no such device.
    """
    if name is None:
        return best()
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as reason:
        raise DifaceError(
            f"--device must be a device that torch supports here. Got {name}.", "Use cpu, or leave it out."
        ) from reason
    return device


@dataclass(frozen=True)
class LoadedModels:
    """The loaded models of an evaluation.

    Attributes:
        face: The face model; None without a face.
        head: The head model; None without a head.
        listener: The face model whose audio encoder conditions the head; None without a head.
        template: Neutral face (5023, 3) m that is displaced; None without a face.
        flame: The FLAME model; None if none is set.
        style: Index of the face model's style.
    """

    face: FaceModel | None
    head: HeadModel | None
    listener: FaceModel | None
    template: Float32Array | None
    flame: Flame | None
    style: int

    @classmethod
    def load(cls, config: EvaluationConfig, user_files: UserFiles, device: torch.device) -> LoadedModels:
        """Load everything that a config names.

        Raises:
            DifaceError: If a file is missing, damaged, or of another kind than its key requires.
        """
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
    """Return condition_index; without it the index of condition_for_tesing among the model's training subjects.

    Raises:
        DifaceError: If the model was not trained on that subject.
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
        expected = f"one of {', '.join(trained)}" if trained else "unset, as args.yml names no subjects"
        raise DifaceError(
            f"face_motion_model.condition_for_tesing must be {expected}. Got {subject}.",
            "Correct it, or set condition_index, 0 to 7. A personalised model keeps the style that it started from.",
        )
    return trained.index(subject)


def _train_subjects(folder: Path) -> list[str]:
    """Return the subjects in args.yml, in the order of their styles."""
    arguments: Any = yaml.safe_load((folder / "args.yml").read_text("utf-8"))
    subjects = (arguments["motion_model"].get("params") or {}).get("train_subjects") or ""
    return subjects.split() if isinstance(subjects, str) else [str(subject) for subject in subjects]


def _load_listener(
    config: EvaluationConfig, face: FaceModel | None, user_files: UserFiles, device: torch.device
) -> FaceModel:
    """Return the listener: the one in the config, the published one next to the other models, or the face model."""
    keys, face_keys = config.listener_model, config.face_motion_model
    paths = [config.head_motion_model.model_path, face_keys.model_path]
    siblings = [path.absolute().parent / PUBLISHED_LISTENER for path in paths if path]
    listener = keys.model_path or next((folder for folder in siblings if folder.is_dir()), None)
    if listener is None:
        if face_keys.model_path is None:
            hint = f"Give the folder of {PUBLISHED_LISTENER} with --listener_model_path, or put it next to the head's."
            raise ModelError("A 3DiFACE head needs a face model to encode the audio, and none is set.", hint)
        log.warning("%s was not found: the face model encodes the audio for the head instead.", PUBLISHED_LISTENER)
        if face is not None:
            return face
    folder = _require_folder(listener or face_keys.model_path, "listener_model.model_path", "--listener_model_path")
    ckpt = keys.model_ckpt or (face_keys.model_ckpt if listener is None else _published_checkpoint(folder))
    same = face_keys.model_path is not None and folder.resolve() == face_keys.model_path.resolve()
    if face is not None and same and find_checkpoint(folder, ckpt) == find_checkpoint(folder, face_keys.model_ckpt):
        return face
    return _load_with_encoder(folder, ckpt, user_files, device)


def _load_with_encoder(folder: Path, ckpt: str, user_files: UserFiles, device: torch.device) -> FaceModel:
    """Return a face model with its speech encoder."""
    face = load_face(folder, ckpt, user_files.wav2vec2)
    hint = "Give the folder of wav2vec2-base-960h with --wav2vec2, or set WAV2VEC_PATH."
    require_encoder(face, folder.name, hint)
    face.network.to(device)
    return face


def _published_checkpoint(folder: Path) -> str:
    """Return the listener checkpoint that the heads were trained with, or the newest if it does not exist."""
    if (folder / "checkpoints" / f"{PUBLISHED_LISTENER_CKPT}.pt").is_file():
        return PUBLISHED_LISTENER_CKPT
    if folder.name == PUBLISHED_LISTENER:
        log.warning("%s has no %s: its newest checkpoint encodes the audio.", folder, PUBLISHED_LISTENER_CKPT)
    return NEWEST_CHECKPOINT


def _load_template(
    config: EvaluationConfig, user_files: UserFiles, flame: Flame | None, face: FaceModel | None
) -> Float32Array | None:
    """Return the neutral face: that of a VOCASET subject, or FLAME's template."""
    name = config.face_motion_model.identity_for_testing
    if name is not None and (user_files.vocaset is not None or face is not None):
        return find_identity(load_identities(_templates_path(user_files.vocaset)), name)
    if flame is not None:
        return flame.template
    if face is not None and face.diffusion.displacement:
        hint = "Set identity_for_testing to a VOCASET subject, or give a FLAME file with --flame or FLAME_PATH."
        raise DifaceError("The face model needs a neutral face to displace, and none is set.", hint)
    return None


def _templates_path(vocaset: Path | None) -> Path:
    if vocaset is None:
        hint = f"Set VOCASET_PATH to the folder of VOCASET's {TEMPLATES}, or leave identity_for_testing out."
        raise DifaceError(f"identity_for_testing needs VOCASET's {TEMPLATES}, and VOCASET_PATH is not set.", hint)
    path = vocaset / TEMPLATES if vocaset.is_dir() else vocaset
    if not path.is_file():
        hint = f"Set VOCASET_PATH to the folder of VOCASET's {TEMPLATES}, or leave identity_for_testing out."
        raise DifaceError(f"identity_for_testing needs VOCASET's {TEMPLATES}. {path} does not exist.", hint)
    return path


def _require_folder(path: Path | None, name: str, flag: str) -> Path:
    if path is None:
        raise DifaceError(f"{name} must be the folder of a 3DiFACE model. It is not set.", f"Set it, or give {flag}.")
    if not path.is_dir():
        hint = f"Correct it or give {flag}; relative paths start at the current folder."
        raise DifaceError(f"{name} must be the folder of a 3DiFACE model. {path} does not exist.", hint)
    return path

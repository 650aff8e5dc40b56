"""What the folders that the user names for models of their own hold, seen without loading any of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FACE_CLASSES = ("unet_w_cond_mask", "style_optim_w_cond_mask", "in_to_motion_unet_w_audio_cond")
HEAD_CLASSES = ("in_to_motion_unet_w_audio_cond_with_cond_mask",)
GENERAL_FACE_MODEL = "cond_012_17_00_concat_prob10_vel10"
"""The published face model that the published head models were trained to hear with."""

_SECTION = re.compile(r"^motion_model:[^\S\n]*\n((?:[ \t#].*\n?|\n)*)", re.MULTILINE)
_TARGET = re.compile(r"^([ \t]+)target:\s*['\"]?([\w.]+)", re.MULTILINE)
_WEIGHTS = ("model.safetensors", "pytorch_model.bin")


@dataclass(frozen=True)
class PathStatus:
    """Whether something is as it must be, and one line that says what is there or what is missing."""

    is_valid: bool
    message: str


def find_checkpoints(folder: Path | None) -> dict[str, tuple[Path, str]]:
    """The 3DiFACE checkpoints in `folder`, or that it is itself: name -> (folder, "face" or "head"), by name."""
    if folder is None or not folder.is_dir():
        return {}
    inside = [folder] if (folder / "args.yml").is_file() else sorted(path for path in folder.iterdir() if path.is_dir())
    kinds = {path: kind for path in inside if (kind := _checkpoint_kind(path))}
    return {path.name: (path, kind) for path, kind in kinds.items()}


def checkpoint_names(folder: Path | None, kind: str) -> list[str]:
    """The names of the "face" or "head" models in `folder`, the one that is taken of itself first."""
    names = [name for name, (_path, its_kind) in find_checkpoints(folder).items() if its_kind == kind]
    return sorted(names, key=lambda name: name != GENERAL_FACE_MODEL)


def checkpoints_status(folder: Path | None) -> PathStatus:
    """How many models of each kind there are."""
    if folder is None:
        return PathStatus(False, f"Not set: the folder that holds {GENERAL_FACE_MODEL} and the others")
    if not folder.is_dir():
        return PathStatus(False, f"There is no folder {folder}")
    kinds = [kind for _path, kind in find_checkpoints(folder).values()]
    if not kinds:
        return PathStatus(False, "Missing: folders with args.yml and checkpoints/model*.pt")
    return PathStatus(
        True, f"Found: {_pluralise(kinds.count('face'), 'face model')}, {_pluralise(kinds.count('head'), 'head model')}"
    )


def flame_status(file: Path | None) -> PathStatus:
    """Whether a FLAME file is there; what is in it is seen when it is read."""
    if file is None:
        return PathStatus(False, "Not set: flame2020, flame2023 or generic_model, as .pkl or .npz")
    if file.suffix not in (".pkl", ".npz"):
        return PathStatus(False, f"{file.name} ends in neither .pkl nor .npz")
    return _file_status(file)


def resolve_templates_file(path: Path | None) -> Path | None:
    """VOCASET's templates.pkl where its folder is named in place of it."""
    return path / "templates.pkl" if path is not None and path.is_dir() else path


def templates_status(path: Path | None) -> PathStatus:
    """Whether VOCASET's identities are there."""
    file = resolve_templates_file(path)
    return _file_status(file) if file else PathStatus(False, "Not set: VOCASET's templates.pkl, for its 12 identities")


def wav2vec2_status(folder: Path | None) -> PathStatus:
    """Whether wav2vec2 is there as `transformers` saves it."""
    if folder is None:
        return PathStatus(False, "Not set: the folder of wav2vec2-base-960h, with config.json and model.safetensors")
    if not folder.is_dir():
        return PathStatus(False, f"There is no folder {folder}")
    try:
        kind = json.loads((folder / "config.json").read_text("utf-8")).get("model_type")
    except (OSError, ValueError, AttributeError):
        return PathStatus(False, "Missing: config.json")
    if kind != "wav2vec2":
        return PathStatus(False, f"Another model: {kind}")
    if not any((folder / name).is_file() for name in _WEIGHTS):
        return PathStatus(False, f"Missing: {' or '.join(_WEIGHTS)}")
    return PathStatus(True, f"Found: {folder.name}")


def _checkpoint_kind(folder: Path) -> str:
    """ "face", "head", or nothing for a folder that is no checkpoint."""
    settings = folder / "args.yml"
    try:
        if not any((folder / "checkpoints").glob("model*.pt")):
            return ""
        return _read_kind(settings, settings.stat().st_mtime_ns)
    except (OSError, ValueError):
        return ""


@lru_cache(maxsize=64)
def _read_kind(settings: Path, _modified: int) -> str:
    section = _SECTION.search(settings.read_text("utf-8"))
    targets = _TARGET.findall(section[1]) if section else []
    # The model's own class is the one that is indented least; its parts may have theirs.
    name = min(targets, key=lambda found: len(found[0]), default=("", ""))[1].rpartition(".")[2]
    return "face" if name in FACE_CLASSES else "head" if name in HEAD_CLASSES else ""


def _file_status(file: Path) -> PathStatus:
    if not file.is_file():
        return PathStatus(False, f"There is no file {file}")
    return PathStatus(True, f"Found: {file.name}, {file.stat().st_size / 1e6:.0f} MB")


def _pluralise(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"

"""What the folders that the user names for models of their own hold, seen without loading any of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FACE_CLASSES = ("unet_w_cond_mask", "style_optim_w_cond_mask", "in_to_motion_unet_w_audio_cond")
HEAD_CLASSES = ("in_to_motion_unet_w_audio_cond_with_cond_mask",)
GENERAL = "cond_012_17_00_concat_prob10_vel10"
"""The published face model that the published head models were trained to hear with."""

_SECTION = re.compile(r"^motion_model:[^\S\n]*\n((?:[ \t#].*\n?|\n)*)", re.MULTILINE)
_TARGET = re.compile(r"^([ \t]+)target:\s*['\"]?([\w.]+)", re.MULTILINE)
_WEIGHTS = ("model.safetensors", "pytorch_model.bin")


@dataclass(frozen=True)
class Found:
    """Whether something is as it must be, and one line that says what is there or what is missing."""

    good: bool
    line: str


def checkpoints(folder: Path | None) -> dict[str, tuple[Path, str]]:
    """The 3DiFACE checkpoints in `folder`, or that it is itself: name -> (folder, "face" or "head"), by name."""
    if folder is None or not folder.is_dir():
        return {}
    inside = [folder] if (folder / "args.yml").is_file() else sorted(path for path in folder.iterdir() if path.is_dir())
    kinds = {path: kind for path in inside if (kind := _kind(path))}
    return {path.name: (path, kind) for path, kind in kinds.items()}


def of_kind(folder: Path | None, kind: str) -> list[str]:
    """The names of the "face" or "head" models in `folder`, the one that is taken of itself first."""
    names = [name for name, (_path, its_kind) in checkpoints(folder).items() if its_kind == kind]
    return sorted(names, key=lambda name: name != GENERAL)


def about_checkpoints(folder: Path | None) -> Found:
    """How many models of each kind there are."""
    if folder is None:
        return Found(False, f"Not set: the folder that holds {GENERAL} and the others")
    if not folder.is_dir():
        return Found(False, f"There is no folder {folder}")
    kinds = [kind for _path, kind in checkpoints(folder).values()]
    if not kinds:
        return Found(False, "Missing: folders with args.yml and checkpoints/model*.pt")
    return Found(
        True, f"Found: {_count(kinds.count('face'), 'face model')}, {_count(kinds.count('head'), 'head model')}"
    )


def about_flame(file: Path | None) -> Found:
    """Whether a FLAME file is there; what is in it is seen when it is read."""
    if file is None:
        return Found(False, "Not set: flame2020, flame2023 or generic_model, as .pkl or .npz")
    if file.suffix not in (".pkl", ".npz"):
        return Found(False, f"{file.name} ends in neither .pkl nor .npz")
    return _about_file(file)


def templates_file(path: Path | None) -> Path | None:
    """VOCASET's templates.pkl where its folder is named in place of it."""
    return path / "templates.pkl" if path is not None and path.is_dir() else path


def about_templates(path: Path | None) -> Found:
    """Whether VOCASET's identities are there."""
    file = templates_file(path)
    return _about_file(file) if file else Found(False, "Not set: VOCASET's templates.pkl, for its 12 identities")


def about_wav2vec2(folder: Path | None) -> Found:
    """Whether wav2vec2 is there as `transformers` saves it."""
    if folder is None:
        return Found(False, "Not set: the folder of wav2vec2-base-960h, with config.json and model.safetensors")
    if not folder.is_dir():
        return Found(False, f"There is no folder {folder}")
    try:
        kind = json.loads((folder / "config.json").read_text("utf-8")).get("model_type")
    except (OSError, ValueError, AttributeError):
        return Found(False, "Missing: config.json")
    if kind != "wav2vec2":
        return Found(False, f"Another model: {kind}")
    if not any((folder / name).is_file() for name in _WEIGHTS):
        return Found(False, f"Missing: {' or '.join(_WEIGHTS)}")
    return Found(True, f"Found: {folder.name}")


def _kind(folder: Path) -> str:
    """ "face", "head", or nothing for a folder that is no checkpoint."""
    settings = folder / "args.yml"
    try:
        if not any((folder / "checkpoints").glob("model*.pt")):
            return ""
        return _kind_of(settings, settings.stat().st_mtime_ns)
    except (OSError, ValueError):
        return ""


@lru_cache(maxsize=64)
def _kind_of(settings: Path, _changed: int) -> str:
    section = _SECTION.search(settings.read_text("utf-8"))
    targets = _TARGET.findall(section[1]) if section else []
    # The model's own class is the one that is indented least; its parts may have theirs.
    name = min(targets, key=lambda found: len(found[0]), default=("", ""))[1].rpartition(".")[2]
    return "face" if name in FACE_CLASSES else "head" if name in HEAD_CLASSES else ""


def _about_file(file: Path) -> Found:
    if not file.is_file():
        return Found(False, f"There is no file {file}")
    return Found(True, f"Found: {file.name}, {file.stat().st_size / 1e6:.0f} MB")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"

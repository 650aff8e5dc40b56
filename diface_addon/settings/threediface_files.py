"""What the folders with the user's 3DiFACE models contain, found without loading any model."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..scene.keys.wording import count_noun

FACE_CLASSES = ("unet_w_cond_mask", "style_optim_w_cond_mask", "in_to_motion_unet_w_audio_cond")
HEAD_CLASSES = ("in_to_motion_unet_w_audio_cond_with_cond_mask",)
GENERAL_FACE_MODEL = "cond_012_17_00_concat_prob10_vel10"
"""The published face model whose audio encoder the published head models were trained with."""
SCAN_LIFETIME = 2.0
"""Seconds for which the result of a scan is reused: panels ask on every redraw, and a folder may be on a network."""

_SECTION = re.compile(r"^motion_model:[^\S\n]*\n((?:[ \t#].*\n?|\n)*)", re.MULTILINE)
_TARGET = re.compile(r"^([ \t]+)target:\s*['\"]?([\w.]+)", re.MULTILINE)
_WEIGHTS = "model.safetensors"


@dataclass(frozen=True)
class PathStatus:
    """Whether a path holds what it must, and one line that says what was found or what is missing."""

    is_valid: bool
    message: str


Checkpoints = dict[str, tuple[Path, str]]


@dataclass(frozen=True)
class _Scan:
    """The checkpoints in a folder, when they were found, and the folder's modification time at that moment."""

    checkpoints: Checkpoints
    time: float
    modified: int


_scans: dict[Path, _Scan] = {}


def find_checkpoints(folder: Path | None) -> Checkpoints:
    """Return the 3DiFACE checkpoints in a folder, or the folder itself if it is one.

    The result is reused for SCAN_LIFETIME, unless the folder is modified.

    Returns:
        name -> (folder, "face" or "head"), sorted by name.
    """
    try:
        modified = folder.stat().st_mtime_ns if folder else 0
    except OSError:
        return {}
    if folder is None:
        return {}
    scan, now = _scans.get(folder), time.monotonic()
    if scan is None or scan.modified != modified or now - scan.time > SCAN_LIFETIME:
        scan = _scans[folder] = _Scan(_scan(folder), now, modified)
    return scan.checkpoints


def _scan(folder: Path) -> Checkpoints:
    try:
        is_checkpoint = (folder / "args.yml").is_file()
        candidates = [folder] if is_checkpoint else sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return {}
    kinds = {path: kind for path in candidates if (kind := _checkpoint_kind(path))}
    return {path.name: (path, kind) for path, kind in kinds.items()}


def checkpoint_names(folder: Path | None, kind: str) -> list[str]:
    """Return the names of the "face" or "head" models in a folder, the default one first."""
    names = [name for name, (_path, its_kind) in find_checkpoints(folder).items() if its_kind == kind]
    return sorted(names, key=lambda name: name != GENERAL_FACE_MODEL)


def checkpoints_status(folder: Path | None) -> PathStatus:
    """Return how many models of each kind a folder contains."""
    if folder is None:
        return PathStatus(False, f"Not set: the folder that contains {GENERAL_FACE_MODEL} and the other models")
    if not folder.is_dir():
        return PathStatus(False, f"There is no folder {folder}")
    kinds = [kind for _path, kind in find_checkpoints(folder).values()]
    if not kinds:
        return PathStatus(False, "Missing: folders with args.yml and checkpoints/model*.pt")
    return PathStatus(
        True, f"Found: {count_noun(kinds.count('face'), 'face model')}, {count_noun(kinds.count('head'), 'head model')}"
    )


def flame_status(file: Path | None) -> PathStatus:
    """Return whether a FLAME file exists. Its contents are checked when it is read."""
    if file is None:
        return PathStatus(False, "Not set: flame2020, flame2023 or generic_model, as .pkl or .npz")
    if file.suffix not in (".pkl", ".npz"):
        return PathStatus(False, f"{file.name} ends in neither .pkl nor .npz")
    return _file_status(file)


def resolve_templates_file(path: Path | None) -> Path | None:
    """Return the path of VOCASET's templates.pkl: `path` itself, or the file in that folder."""
    return path / "templates.pkl" if path is not None and path.is_dir() else path


def templates_status(path: Path | None) -> PathStatus:
    """Return whether VOCASET's templates exist."""
    file = resolve_templates_file(path)
    return _file_status(file) if file else PathStatus(False, "Not set: VOCASET's templates.pkl, for its 12 identities")


def wav2vec2_status(folder: Path | None) -> PathStatus:
    """Return whether a folder contains wav2vec2 as Hugging Face transformers saves it, with safetensors weights.

    The worker refuses pickled weights (.bin), because they can run code.
    """
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
    if not (folder / _WEIGHTS).is_file():
        return PathStatus(False, _missing_weights(folder))
    return PathStatus(True, f"Found: {folder.name}")


def _missing_weights(folder: Path) -> str:
    """Return what to do about a wav2vec2 folder without safetensors."""
    pickle = next((path.name for path in sorted(folder.glob("*.bin"))), "")
    if not pickle:
        return f"Missing: {_WEIGHTS}"
    return f"{pickle} can run code, so it is not loaded. Download {_WEIGHTS} of wav2vec2-base-960h into the folder"


def _checkpoint_kind(folder: Path) -> str:
    """Return "face" or "head"; "" for a folder that is not a checkpoint."""
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
    # The model's own class has the smallest indentation; its parts may name other classes.
    name = min(targets, key=lambda target: len(target[0]), default=("", ""))[1].rpartition(".")[2]
    return "face" if name in FACE_CLASSES else "head" if name in HEAD_CLASSES else ""


def _file_status(file: Path) -> PathStatus:
    if not file.is_file():
        return PathStatus(False, f"There is no file {file}")
    return PathStatus(True, f"Found: {file.name}, {file.stat().st_size / 1e6:.0f} MB")


USER_MODELS = {
    "checkpoints": checkpoints_status,
    "flame": flame_status,
    "templates": templates_status,
    "wav2vec2": wav2vec2_status,
}
"""The preferences that name the user's models, and the functions that check them."""

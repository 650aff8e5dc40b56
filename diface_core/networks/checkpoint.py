"""Denoiser files: safetensors with the configuration in the header; no pickle."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from ..atomic_write import atomic_write
from ..errors import ModelError
from ..inference.denoiser_config import DenoiserConfig
from .denoiser import Denoiser

FORMAT = "diface-denoiser-1"


def save(denoiser: Denoiser, path: Path, **notes: str) -> None:
    """Write float16 weights, the configuration and `notes` about the training; whole or not at all."""
    config = json.dumps(dataclasses.asdict(denoiser.config))
    weights = {name: value.to("cpu", torch.float16).contiguous() for name, value in denoiser.state_dict().items()}
    with atomic_write(path) as draft:
        save_file(weights, draft, {"format": FORMAT, "config": config, **notes})


def load(path: Path) -> tuple[Denoiser, str]:
    """Load a denoiser in evaluation mode.

    Returns:
        The denoiser and the hash (hex) of its file.

    Raises:
        ModelError: The file is missing, damaged or of another format, or has wrong shapes or values that are not
            finite.
    """
    if not path.exists():
        raise ModelError(
            f"The model file {path.name} is missing.", "Install DiFACE again, or train it (docs/research/training.md)."
        )
    try:
        with safe_open(path, framework="pt") as file:
            notes = file.metadata() or {}
            weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError) as damage:
        raise ModelError(f"The model file {path.name} is damaged: {damage}.", "Install DiFACE again.") from damage
    if notes.get("format") != FORMAT:
        raise ModelError(
            f"{path.name} is not a DiFACE model: expected {FORMAT}, got {notes.get('format')}.",
            "Choose a file that diface_core.training.train wrote.",
        )
    wrong = [name for name, value in weights.items() if not torch.isfinite(value).all()]
    if wrong:
        raise ModelError(f"{path.name} contains values that are not finite, in {wrong[0]}.", "Install DiFACE again.")
    denoiser = Denoiser(config_from_dict(json.loads(notes["config"])))
    weights = {_current_name(name): value for name, value in weights.items()}
    try:
        denoiser.load_state_dict(weights)
    except RuntimeError as mismatch:
        raise ModelError(f"{path.name} does not match its configuration: {mismatch}.", "Train it again.") from mismatch
    return denoiser.eval(), hashlib.sha256(path.read_bytes()).hexdigest()


def config_from_dict(fields: dict[str, object]) -> DenoiserConfig:
    """Return a DenoiserConfig from JSON or TOML, whose lists become tuples."""
    return DenoiserConfig(**{name: tuple(v) if isinstance(v, list) else v for name, v in fields.items()})  # type: ignore[arg-type]


def _current_name(name: str) -> str:
    """Name of a weight; files of early versions lack the prefix of the network."""
    inside = ("descend.", "shrink.", "middle.", "grow.", "join.", "ascend.")
    return f"network.{name}" if name.startswith(inside) else name

"""Denoiser files, read with numpy: safetensors with the configuration in the header; no pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from ..errors import ModelError
from ..types import AnyFloatArray, Float32Array
from .denoiser_config import DenoiserConfig

FORMAT = "diface-denoiser-1"


@dataclass(frozen=True)
class DenoiserFile:
    """The content of a denoiser's file.

    Attributes:
        path: The file.
        config: The architecture.
        weights: The weights by name.
        hash: Hash (hex) of the file.
    """

    path: Path
    config: DenoiserConfig
    weights: dict[str, Float32Array]
    hash: str


def read_denoiser_file(path: Path) -> DenoiserFile:
    """Read a denoiser's file.

    Raises:
        ModelError: The file is missing, damaged or of another format, or has values that are not finite.
    """
    if not path.exists():
        raise ModelError(
            f"The model file {path.name} is missing.", "Install DiFACE again, or train it (docs/research/training.md)."
        )
    try:
        with safe_open(path, framework="np") as file:
            notes = file.metadata() or {}
            names = list(file.keys())
            weights = {_current_name(name): file.get_tensor(name).astype(np.float32) for name in names}
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except (SafetensorError, OSError) as damage:
        raise ModelError(f"The model file {path.name} is damaged: {damage}.", "Install DiFACE again.") from damage
    if notes.get("format") != FORMAT:
        raise ModelError(
            f"{path.name} is not a DiFACE model: expected {FORMAT}, got {notes.get('format')}.",
            "Choose a file that diface_core.training.train wrote.",
        )
    wrong = [name for name, value in weights.items() if not np.isfinite(value).all()]
    if wrong:
        raise ModelError(f"{path.name} contains values that are not finite, in {wrong[0]}.", "Install DiFACE again.")
    try:
        config = config_from_dict(json.loads(notes["config"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as damage:
        message = f"The model file {path.name} is damaged: its configuration cannot be read ({damage})."
        raise ModelError(message, "Install DiFACE again.") from damage
    return DenoiserFile(path, config, weights, digest)


def config_from_dict(fields: Mapping[str, object]) -> DenoiserConfig:
    """Return a DenoiserConfig from JSON or TOML, whose lists become tuples."""
    return DenoiserConfig(**{name: tuple(v) if isinstance(v, list) else v for name, v in fields.items()})  # type: ignore[arg-type]


def fingerprint(weights: Mapping[str, AnyFloatArray]) -> str:
    """Return the hash (hex) of weights as stored in float16, by which a style file names its model."""
    digest = hashlib.sha256()
    for name, value in sorted(weights.items()):
        digest.update(name.encode() + np.ascontiguousarray(value, np.float16).tobytes())
    return digest.hexdigest()


def _current_name(name: str) -> str:
    """Name of a weight; files of early versions lack the prefix of the network."""
    inside = ("descend.", "shrink.", "middle.", "grow.", "join.", "ascend.")
    return f"network.{name}" if name.startswith(inside) else name

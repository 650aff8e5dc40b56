"""Style files: one speaker's style for one model, as style adaptation writes it; safetensors, no pickle."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from ..atomic_write import atomic_write
from ..errors import DifaceError, ModelError
from ..types import Float32Array

FORMAT = "diface-style-1"
SUFFIX = ".safetensors"
"""Suffix of style files; no trained style's name ends with it."""


@dataclass(frozen=True)
class StyleFile:
    """An adapted style (3DiFACE, style adaptation).

    Attributes:
        name: Name of the style.
        base: Fingerprint of the denoiser that it belongs to.
        vector: (2 width,), the style vector.
        weight: (C, width), added to the output layer's.
        bias: (C,), added to the output layer's.
        notes: Information about its origin, for people.
    """

    name: str
    base: str
    vector: Float32Array
    weight: Float32Array
    bias: Float32Array
    notes: dict[str, str] = field(default_factory=dict)


def save(style: StyleFile, path: Path) -> None:
    """Write the style, whole or not at all. Raises DifaceError if the file cannot be written."""
    values = {name: np.ascontiguousarray(getattr(style, name), np.float32) for name in ("vector", "weight", "bias")}
    try:
        with atomic_write(path) as draft:
            save_file(values, draft, {"format": FORMAT, "name": style.name, "base": style.base, **style.notes})
    except (OSError, SafetensorError) as reason:
        message = f"The style file {path} cannot be written: {reason}."
        raise DifaceError(message, "Check the permissions of the folder and the free space of the disk.") from reason


def load(path: Path, fingerprint: str) -> StyleFile:
    """Read a style of the denoiser with a fingerprint.

    Raises:
        ModelError: The file is missing, damaged or made for another model.
    """
    if not path.is_file():
        raise ModelError(f"The style file {path} is missing.", "Restore it, or choose another style.")
    try:
        with safe_open(path, framework="np") as file:
            notes = dict(file.metadata() or {})
            values = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError) as damage:
        raise ModelError(f"The style file {path.name} is damaged: {damage}.", "Create it again.") from damage
    if notes.pop("format", None) != FORMAT or set(values) != {"vector", "weight", "bias"}:
        raise ModelError(f"{path.name} is not a style file.", "Choose a file from `python -m diface_core personalise`.")
    base = notes.pop("base", "")
    if base != fingerprint:
        raise ModelError(
            f"The style {path.name} belongs to another model.",
            "Personalise again with this version of DiFACE, which takes about two minutes.",
        )
    wrong = [name for name, value in values.items() if not np.isfinite(value).all()]
    if wrong:
        raise ModelError(f"The style file {path.name} contains values that are not finite.", "Create it again.")
    return StyleFile(notes.pop("name", path.stem), base, values["vector"], values["weight"], values["bias"], notes)

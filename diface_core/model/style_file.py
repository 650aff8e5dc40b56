"""Style files: one speaker's style for one model, as style adaptation writes it; safetensors, no pickle."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from ..atomic_write import atomic_write
from ..errors import ModelError
from .denoiser import Denoiser

FORMAT = "diface-style-1"
SUFFIX = ".safetensors"
"""Suffix of style files; no trained style's name ends with it."""


@dataclass(frozen=True)
class StyleFile:
    """An adapted style (3DiFACE, style adaptation).

    Attributes:
        name: Name of the style.
        base: `fingerprint` of the denoiser that it belongs to.
        vector: (2 width,) as from `Denoiser.style_vector`.
        weight: (C, width), added to the output layer's.
        bias: (C,), added to the output layer's.
        notes: Information about its origin, for people.
    """

    name: str
    base: str
    vector: Tensor
    weight: Tensor
    bias: Tensor
    notes: dict[str, str] = field(default_factory=dict)


def output_layer(denoiser: Denoiser) -> nn.Linear:
    """Return the last layer: from hidden rows to channels."""
    last = denoiser.leave[-1]
    assert isinstance(last, nn.Linear)
    return last


def fingerprint(denoiser: Denoiser) -> str:
    """Return the hash (hex) of the weights as stored in float16."""
    digest = hashlib.sha256()
    for name, value in sorted(denoiser.state_dict().items()):
        digest.update(name.encode() + value.detach().to("cpu", torch.float16).contiguous().numpy().tobytes())
    return digest.hexdigest()


def save(style: StyleFile, path: Path) -> None:
    """Write the style, whole or not at all."""
    values = {name: getattr(style, name).detach().cpu().float().contiguous() for name in ("vector", "weight", "bias")}
    with atomic_write(path) as draft:
        save_file(values, draft, {"format": FORMAT, "name": style.name, "base": style.base, **style.notes})


def load(path: Path, denoiser: Denoiser) -> StyleFile:
    """Read a style. Raises ModelError if it is missing, damaged or made for another model."""
    if not path.is_file():
        raise ModelError(f"The style file {path} is missing.", "Restore it, or choose another style.")
    try:
        with safe_open(path, framework="pt") as file:
            notes = dict(file.metadata() or {})
            values = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError) as damage:
        raise ModelError(f"The style file {path.name} is damaged: {damage}.", "Create it again.") from damage
    if notes.pop("format", None) != FORMAT or set(values) != {"vector", "weight", "bias"}:
        raise ModelError(f"{path.name} is not a style file.", "Choose a file from `python -m diface_core personalise`.")
    base = notes.pop("base", "")
    if base != fingerprint(denoiser):
        raise ModelError(
            f"The style {path.name} belongs to another model.",
            "Personalise again with this version of DiFACE, which takes about two minutes.",
        )
    wrong = [name for name, value in values.items() if not torch.isfinite(value).all()]
    if wrong:
        raise ModelError(f"The style file {path.name} contains values that are not finite.", "Create it again.")
    return StyleFile(notes.pop("name", path.stem), base, values["vector"], values["weight"], values["bias"], notes)

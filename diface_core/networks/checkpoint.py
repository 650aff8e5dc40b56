"""Denoiser files as networks of torch."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from ..atomic_write import atomic_write
from ..errors import ModelError
from ..inference.denoiser_file import FORMAT, read_denoiser_file
from .denoiser import Denoiser


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
        ModelError: As `read_denoiser_file`, or the file has wrong shapes.
    """
    file = read_denoiser_file(path)
    denoiser = Denoiser(file.config)
    try:
        denoiser.load_state_dict({name: torch.from_numpy(value) for name, value in file.weights.items()})
    except RuntimeError as mismatch:
        raise ModelError(f"{path.name} does not match its configuration: {mismatch}.", "Train it again.") from mismatch
    return denoiser.eval(), file.hash

"""Speaking styles: blends of the styles that a denoiser was trained on and of style files, scaled by a strength."""

from __future__ import annotations

import copy
from pathlib import Path

import torch
from torch import Tensor

from ..errors import ModelError
from ..types import Style
from . import style_file
from .denoiser import Denoiser
from .style_file import StyleFile


def apply_style(denoiser: Denoiser, style: Style) -> tuple[Denoiser, Tensor]:
    """Apply a style to a denoiser.

    Strength 0 is neutral, 1 the blend as trained; higher values extrapolate.

    Returns:
        The denoiser, or a copy if a style file changes its output layer; and the style vector (1, 2 width).

    Raises:
        ModelError: A style is unknown, the weights do not add up, or a file belongs to another model.
    """
    blend = style.blend or tuple((name, 1.0) for name in denoiser.config.default_style or denoiser.config.styles[:1])
    total = sum(weight for _, weight in blend)
    if total <= 0 or any(weight < 0 for _, weight in blend):
        raise ModelError("The weights of a style blend must be 0 or more, and not all 0.", "Raise one of the weights.")
    vector = torch.zeros_like(denoiser.style.weight[:1])
    files: list[tuple[float, StyleFile]] = []
    for name, weight in blend:
        share = style.strength * weight / total
        found = _find_style(denoiser, name)
        if isinstance(found, StyleFile):
            files.append((share, found))
            found = found.vector.to(denoiser.device)
        vector = vector + share * found
    return (_with_output_offsets(denoiser, files) if files else denoiser), vector


def _find_style(denoiser: Denoiser, name: str) -> Tensor | StyleFile:
    if name in denoiser.config.styles:
        return denoiser.style.weight[denoiser.config.styles.index(name)].detach()
    if name.endswith(style_file.SUFFIX):
        return style_file.load(Path(name), denoiser)
    choices = ", ".join(denoiser.config.styles)
    raise ModelError(
        f"The style {name} is unknown.", f"Choose one of {choices}, or a style file ({style_file.SUFFIX})."
    )


def _with_output_offsets(denoiser: Denoiser, files: list[tuple[float, StyleFile]]) -> Denoiser:
    """A copy whose output layer has the files' offsets added, scaled by their shares."""
    adapted = copy.deepcopy(denoiser)
    layer = style_file.output_layer(adapted)
    with torch.no_grad():
        for share, file in files:
            layer.weight.add_(file.weight.to(layer.weight.device), alpha=share)
            layer.bias.add_(file.bias.to(layer.bias.device), alpha=share)
    return adapted

"""A manner of speaking out of those that a denoiser knows and those in style files, blended and more or less of it."""

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
    """The denoiser that speaks in `style`, and its style vector (1, 2 width).

    That is `denoiser` itself, or a copy where a style file changes the output layer. Strength 0 gives no manner in
    particular, 1 the blend as it was learnt, more goes on in the same direction.
    Raises ModelError for unknown styles, weights that do not add up, and files of another model.
    """
    blend = style.blend or tuple((name, 1.0) for name in denoiser.config.default_style or denoiser.config.styles[:1])
    total = sum(weight for _, weight in blend)
    if total <= 0 or any(weight < 0 for _, weight in blend):
        raise ModelError("A blend of styles needs weights of 0 and more, not all 0.", "Raise one of the weights.")
    vector = torch.zeros_like(denoiser.style.weight[:1])
    files: list[tuple[float, StyleFile]] = []
    for name, weight in blend:
        share = style.strength * weight / total
        learnt = _find_style(denoiser, name)
        if isinstance(learnt, StyleFile):
            files.append((share, learnt))
            learnt = learnt.vector.to(denoiser.device)
        vector = vector + share * learnt
    return (_with_output_offsets(denoiser, files) if files else denoiser), vector


def _find_style(denoiser: Denoiser, name: str) -> Tensor | StyleFile:
    if name in denoiser.config.styles:
        return denoiser.style.weight[denoiser.config.styles.index(name)].detach()
    if name.endswith(style_file.SUFFIX):
        return style_file.load(Path(name), denoiser)
    choices = ", ".join(denoiser.config.styles)
    raise ModelError(
        f"There is no style called {name}.", f"Choose one of {choices}, or a style file ({style_file.SUFFIX})."
    )


def _with_output_offsets(denoiser: Denoiser, files: list[tuple[float, StyleFile]]) -> Denoiser:
    """A copy whose output layer has the files' differences added, each as much as its share."""
    changed = copy.deepcopy(denoiser)
    layer = style_file.output_layer(changed)
    with torch.no_grad():
        for share, file in files:
            layer.weight.add_(file.weight.to(layer.weight.device), alpha=share)
            layer.bias.add_(file.bias.to(layer.bias.device), alpha=share)
    return changed

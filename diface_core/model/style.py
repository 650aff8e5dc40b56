"""Speaking styles: blends of the styles that a denoiser was trained on and of style files, scaled by a strength."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import numpy as np

from ..errors import ModelError
from ..types import Float32Array, Style
from . import style_file
from .motion_denoiser import MotionDenoiser
from .style_file import StyleFile

D = TypeVar("D", bound=MotionDenoiser)


def apply_style(denoiser: D, style: Style) -> tuple[D, Float32Array]:
    """Apply a style to a denoiser.

    Strength 0 is neutral, 1 the blend as trained; higher values extrapolate.

    Returns:
        The denoiser, or a changed one if a style file changes its output layer; and the style vector (1, 2 width).

    Raises:
        ModelError: A style is unknown, the weights do not add up, or a file belongs to another model.
    """
    blend = style.blend or tuple((name, 1.0) for name in denoiser.config.default_style or denoiser.config.styles[:1])
    total = sum(weight for _, weight in blend)
    if total <= 0 or any(weight < 0 for _, weight in blend):
        raise ModelError("The weights of a style blend must be 0 or more, and not all 0.", "Raise one of the weights.")
    vector = np.zeros_like(denoiser.styles[:1])
    files: list[tuple[float, StyleFile]] = []
    for name, weight in blend:
        share = style.strength * weight / total
        found = _find_style(denoiser, name)
        if isinstance(found, StyleFile):
            files.append((share, found))
            found = found.vector
        vector = vector + share * found
    return (_with_output_offsets(denoiser, files) if files else denoiser), vector


def _find_style(denoiser: MotionDenoiser, name: str) -> Float32Array | StyleFile:
    if name in denoiser.config.styles:
        return denoiser.styles[denoiser.config.styles.index(name)]
    if name.endswith(style_file.SUFFIX):
        return style_file.load(Path(name), denoiser.fingerprint)
    choices = ", ".join(denoiser.config.styles)
    raise ModelError(
        f"The style {name} is unknown.", f"Choose one of {choices}, or a style file ({style_file.SUFFIX})."
    )


def _with_output_offsets(denoiser: D, files: list[tuple[float, StyleFile]]) -> D:
    """The denoiser whose output layer has the files' offsets added, scaled by their shares."""
    weight = sum((share * file.weight for share, file in files), np.float32(0))
    bias = sum((share * file.bias for share, file in files), np.float32(0))
    return denoiser.with_output_offsets(np.asarray(weight), np.asarray(bias))

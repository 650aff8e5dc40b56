"""Audio features with their motion, as training and style adaptation use them."""

from __future__ import annotations

from dataclasses import dataclass

from ..types import AnyFloatArray, BoolArray


@dataclass(frozen=True)
class TrainingSequence:
    """One recording in the denoiser's layout.

    Attributes:
        features: Audio features (T, D), float16; not finite without audio.
        values: Channel values (T, C), float16.
        known: (C,) True for channels that were recorded.
        style: Name of the style.
    """

    features: AnyFloatArray
    values: AnyFloatArray
    known: BoolArray
    style: str

"""One sound with its motion, as training and style adaptation use it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..types import BoolArray


@dataclass(frozen=True)
class TrainingSequence:
    """One sound as the denoiser meets it: `features` (T, D), `values` (T, C) float16, `known` (C,), `style`."""

    features: npt.NDArray[np.floating]
    values: npt.NDArray[np.floating]
    known: BoolArray
    style: str

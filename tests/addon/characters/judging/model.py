"""What the bundled head does with a speech, which other characters are compared with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..bundled_parts import FloatArray


@dataclass(frozen=True)
class Model:
    """What the bundled head does with a speech.

    Attributes:
        frames: (T,) of the scene.
        opening: (T,) of the mouth in mm of a head of 20 cm.
        turns: (T, 3, 3) rotation of the head against its rest.
    """

    frames: npt.NDArray[np.int64]
    opening: FloatArray
    turns: FloatArray

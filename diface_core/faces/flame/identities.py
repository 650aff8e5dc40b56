"""Identities on FLAME's topology: VOCASET's speakers (templates.pkl; Cudeiro et al., CVPR 2019) or random ones.

Random identities are drawn from FLAME's identity basis. numpy only.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...errors import ModelError
from ...untrusted.pickle_arrays import load_arrays
from .flame_model import Flame
from .recognition import VERTEX_COUNT

Float32Array = npt.NDArray[np.float32]

HINT = "Use VOCASET's templates.pkl as downloaded from voca.is.tue.mpg.de."
MAX_COORDINATE = 1.0
"""Largest distance from the origin, in metres, of a vertex of a head in metres."""


def load_identities(path: Path) -> dict[str, Float32Array]:
    """Return the heads at rest (5023, 3) float32 m in FLAME's frame by speaker name.

    Raises:
        ModelError: The file is missing, damaged, or holds anything but such heads.
    """
    heads = load_arrays(path, HINT)
    for name, head in heads.items():
        if head.shape != (VERTEX_COUNT, 3):
            raise ModelError(f"{path}: {name} has shape {head.shape}, expected ({VERTEX_COUNT}, 3).", HINT)
        if not np.isfinite(head).all() or np.abs(head).max() > MAX_COORDINATE:
            raise ModelError(f"{path}: {name} is not a head in metres.", HINT)
    if not heads:
        raise ModelError(f"{path} holds no heads.", HINT)
    return dict(sorted(heads.items()))


def find_identity(heads: dict[str, Float32Array], name: str) -> Float32Array:
    """Return the head (5023, 3) of one speaker.

    Raises:
        ModelError: The speaker does not exist; the message lists those that do.
    """
    if name not in heads:
        raise ModelError(f"The templates have no speaker {name!r}.", f"Choose one of {', '.join(heads)}.")
    return heads[name]


def random_identity(flame: Flame, seed: int, strength: float = 1.0) -> Float32Array:
    """Draw a random head at rest (5023, 3) m.

    FLAME's identity coefficients, whose unit is a standard deviation of the training population, are drawn from a
    normal distribution.

    Args:
        flame: A FLAME model with an identity basis.
        seed: Seed of the random numbers.
        strength: Factor on the coefficients; 0 gives the template.

    Raises:
        ModelError: The FLAME file has no identity basis.
    """
    if not flame.shape.shape[2]:
        raise ModelError(
            "This FLAME file has no identity basis to draw a head from.", "Use its template, or another file."
        )
    coefficients = np.random.default_rng(seed).standard_normal(flame.shape.shape[2])
    return flame.apply_shape(strength * coefficients)

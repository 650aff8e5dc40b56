"""Heads of FLAME's topology that are somebody: VOCASET's speakers (templates.pkl; Cudeiro et al., CVPR 2019), or people
drawn from FLAME's identity basis. numpy only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...errors import ModelError
from ...untrusted.pickle_arrays import load_arrays
from .flame_model import Flame
from .recognition import VERTEX_COUNT

Float32Array = npt.NDArray[np.float32]

HINT = "Use VOCASET's templates.pkl as voca.is.tue.mpg.de gives it out."
MAX_COORDINATE = 1.0
"""Metres from the origin beyond which no vertex of a head in metres stands."""


def load_identities(path: Path) -> dict[str, Float32Array]:
    """Speaker -> head at rest (5023, 3) float32 m in FLAME's frame, by name.

    Raises ModelError for a file that is missing, damaged, or holds anything but such heads.
    """
    heads = load_arrays(path, HINT)
    for name, head in heads.items():
        if head.shape != (VERTEX_COUNT, 3):
            raise ModelError(f"{path}: {name} has shape {head.shape}, expected ({VERTEX_COUNT}, 3).", HINT)
        if not np.isfinite(head).all() or np.abs(head).max() > MAX_COORDINATE:
            raise ModelError(f"{path}: {name} is no head in metres.", HINT)
    if not heads:
        raise ModelError(f"{path} holds no heads.", HINT)
    return dict(sorted(heads.items()))


def find_identity(heads: dict[str, Float32Array], name: str) -> Float32Array:
    """The head (5023, 3) of one speaker. Raises ModelError where there is none, and says which there are."""
    if name not in heads:
        raise ModelError(f"There is no speaker {name!r} in the templates.", f"Take one of {', '.join(heads)}.")
    return heads[name]


def random_identity(flame: Flame, seed: int, strength: float = 1.0) -> Float32Array:
    """A head at rest (5023, 3) m that nobody has: FLAME's identity coefficients, whose unit is a standard deviation of
    the people it was learnt from, drawn from a normal distribution. strength: multiplies them; 0 is the template.

    Raises ModelError where the FLAME file has no identity basis.
    """
    if not flame.shape.shape[2]:
        raise ModelError(
            "This FLAME file has no identity basis to draw a head from.", "Take its template, or another file."
        )
    coefficients = np.random.default_rng(seed).standard_normal(flame.shape.shape[2])
    return flame.apply_shape(strength * coefficients)

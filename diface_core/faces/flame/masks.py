"""Named regions of FLAME's vertices, from the user's FLAME_masks.pkl. numpy only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...errors import ModelError
from ...untrusted.pickle_arrays import load_arrays
from .recognition import VERTEX_COUNT

Int64Array = npt.NDArray[np.int64]
Masks = dict[str, Int64Array]
"""Region -> its vertices (N,), in order. The published ones: face, lips, nose, forehead, scalp, neck, ..."""

HINT = "Use FLAME_masks.pkl as downloaded from flame.is.tue.mpg.de (FLAME Vertex Masks)."


def load_masks(path: Path) -> Masks:
    """Load the regions of a FLAME_masks.pkl.

    Raises:
        ModelError: The file is missing, damaged or holds anything but regions.
    """
    regions = {}
    for name, value in load_arrays(path, HINT).items():
        vertices = np.unique(value.astype(np.int64))
        if value.ndim != 1 or not np.isfinite(value).all() or (value != value.astype(np.int64)).any():
            raise ModelError(f"{path}: the region {name!r} is not a list of vertices.", HINT)
        if len(vertices) and (vertices[0] < 0 or vertices[-1] >= VERTEX_COUNT):
            raise ModelError(f"{path}: the region {name!r} names vertices that FLAME does not have.", HINT)
        regions[name] = vertices
    if not regions:
        raise ModelError(f"{path} holds no regions.", HINT)
    return regions

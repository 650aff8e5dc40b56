"""What shapes of a face do whose names say nothing: `target_0`, `Key 12`, words of a language that is not known.

They are compared with the bundled head by displacement. A shape that is like one channel, and more than any other shape
is, is this channel; a face of which the mouth is reached so is one with ARKit's shapes under other names. Otherwise the
shapes are visemes or expressions: sparse combinations of the channels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...channels import FACE
from ...types import Float32Array, Float64Array
from .alignment import LOWER
from .displacements import Compared, compared

LIKE = 0.5
"""Cosine of displacements from which a shape can be a channel. Over the bundled head, shapes of MakeHuman and
ICT-FaceKit have 0.45 to 0.99 with their channel."""

CHANNELS_OF_MOUTH = 10
"""Channels of the lower face from which a face has ARKit's shapes."""

EXPLAINED = 0.5
"""Share of a displacement that a combination must explain to be used."""

OPENS, OPENS_ALIKE = 0.25, 0.6
"""What the shape that opens the mouth must have of jawOpen, and its share or cosine: without it, it is no face."""

FEWEST = 3
"""Shapes of a face that are recognized at least: one or two may be anything."""

FACINGS = (np.array([1, 1, 1], np.float32), np.array([-1, -1, 1], np.float32))
"""Signs of coordinates of faces that look along -Y, as Blender's characters do, and along +Y."""

JAW_OPEN = FACE.index("jawOpen")


def recognize(names: Sequence[str], vertices: Float32Array, deltas: Float32Array) -> dict[str, dict[str, float]]:
    """Return what shapes are: name -> channel -> value. Empty if they are not those of a face whose mouth opens.

    Args:
        names: K names.
        vertices: (N, 3) at rest, Z up, in any unit and place. The face looks along -Y, or along +Y.
        deltas: (K, N, 3) offsets of the shapes.
    """
    both = [found for facing in FACINGS if (found := compared(vertices * facing, deltas * facing))]
    found = max(both, key=lambda one: float(one.explained.sum()), default=None)
    if found is None or not _opens(found):
        return {}
    channels = _assigned(found.cosines)
    is_lower = [bool(LOWER[column]) for column in channels.values()]
    if JAW_OPEN in channels.values() and sum(is_lower) >= CHANNELS_OF_MOUTH:
        recognized = {row: {FACE[column]: 1.0} for row, column in channels.items()}
    else:
        recognized = {row: _recipe(found.recipes[row]) for row in np.flatnonzero(found.explained >= EXPLAINED).tolist()}
    if len(recognized) < FEWEST:
        return {}
    return {names[int(found.moving[row])]: recipe for row, recipe in sorted(recognized.items()) if recipe}


def _opens(found: Compared) -> bool:
    """Return whether one of the shapes opens the mouth."""
    opens = (found.recipes[:, JAW_OPEN] >= OPENS) & (found.explained >= OPENS_ALIKE)
    return bool(opens.any() or found.cosines[:, JAW_OPEN].max() >= OPENS_ALIKE)


def _assigned(cosines: Float64Array) -> dict[int, int]:
    """Return the channel of each shape: the most alike pair first, then of the others the most alike, and so on."""
    left, found = cosines.copy(), {}
    while left.size and left.max() >= LIKE:
        row, column = np.unravel_index(int(left.argmax()), left.shape)
        found[int(row)] = int(column)
        left[row], left[:, column] = -1.0, -1.0
    return found


def _recipe(values: Float64Array) -> dict[str, float]:
    return {FACE[column]: round(float(values[column]), 3) for column in np.flatnonzero(values)}

"""How far the reduced curves of a character may be from the dense ones, from what its properties move."""

from __future__ import annotations

import math
from collections.abc import Sequence

import bpy
import numpy as np
import numpy.typing as npt

from ...core import head_file, key_reduction, lip_perception, types
from ...rig import parts
from ...rig.head_target import head_target
from ...rig.property_address import PropertyAddress, id_type
from ..characters import shape_keys
from ..provenance.reduction_state import Reduction

MILLIMETRES = 1000.0
MARGIN = 0.87
"""Share of the bounds that is used. The rest is for Blender, which computes with 32 bits: near frame 8,500, curves were
13% beyond a bound that they keep exactly."""
MIN_EFFECT = 0.5
"""Millimetres that a property counts as moving at least, so that shapes without an effect get few keys, not many."""
LOCATION_SHARE = 1e-4
"""Largest difference of a location, relative to the largest dimension of the main mesh."""
CLOSED_MM = 0.5
"""Distance of the lips up to which they are closed, in mm of the bundled head."""


def bounds(
    obj: bpy.types.Object,
    addresses: Sequence[PropertyAddress],
    weights: npt.NDArray[np.float64],
    reduction: Reduction,
) -> key_reduction.Bounds:
    """Return the bounds of properties.

    Args:
        obj: The character.
        addresses: A properties.
        weights: (A, 52), see `channel_weights.channel_weights`.
        reduction: The bounds in millimetres and degrees.
    """
    head = head_file.load_head()
    effects = MILLIMETRES * np.tensordot(weights, head.deltas.astype(np.float64), 1)
    lips_bound = MARGIN * reduction.lips
    moved = np.linalg.norm(effects, axis=2).max(axis=1)
    for index in np.flatnonzero(~weights.any(axis=1)):
        moved[index] = math.sqrt(len(addresses)) * _shape_size(obj, addresses[index])
    single = lips_bound / np.maximum(moved, MIN_EFFECT)
    target = head_target(obj)
    for index, address in enumerate(addresses):
        if address in target.addresses:
            axes = 2.0 * math.sqrt(4) if len(target.addresses) == 4 else math.sqrt(3)
            single[index] = MARGIN * math.radians(reduction.head) / axes
        elif id_type(address[0]) == "OBJECT" and "location" in address[1]:
            single[index] = LOCATION_SHARE * max(obj.dimensions)
    lips = effects[:, head.landmarks["lips"]]
    # Meshes with the same shapes, such as teeth, move together with the main mesh and not in addition to it.
    lips[[address[0] not in ("KEY", target.kind) and id_type(address[0]) == "KEY" for address in addresses]] = 0.0
    return key_reduction.Bounds(single, lips, lips_bound)


def _shape_size(obj: bpy.types.Object, address: PropertyAddress) -> float:
    """Return how far a shape key that is no channel moves a point, in mm; 0 for other properties.

    It is a shape of a 3DiFACE take, on a FLAME mesh in metres. Many of them move a point together.
    """
    kind, path, _index = address
    keys = parts.shape_key_blocks(obj).get(kind)
    block = next((key for key in keys.key_blocks if key.path_from_id("value") == path), None) if keys else None
    if block is None:
        return 0.0
    offsets = shape_keys.positions(block) - shape_keys.positions(block.relative_key)
    return MILLIMETRES * float(np.linalg.norm(offsets, axis=1).max())


def closure_mask(values: npt.NDArray[np.floating], weights: npt.NDArray[np.float64]) -> types.BoolArray:
    """Return which samples (T, A) stay keys so that closed lips stay closed.

    They are those of the properties that part or close the lips, at the first and the last row of each time that the
    lips are closed, and where they are most closed.
    """
    parted = weights @ lip_perception.perception().aperture
    gap = np.asarray(values, np.float64) @ parted
    closed = np.concatenate([[False], gap <= CLOSED_MM, [False]])
    edges = np.flatnonzero(np.diff(closed.astype(int))).reshape(-1, 2)
    rows = {row for first, end in edges for row in (first, end - 1, first + int(np.argmin(gap[first:end])))}
    mask = np.zeros(values.shape, bool)
    mask[np.ix_(sorted(rows), np.abs(parted) > CLOSED_MM)] = True
    return mask

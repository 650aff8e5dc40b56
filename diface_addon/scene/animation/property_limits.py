"""The range of a property that channels move: a slider's, a custom property's, or none."""

from __future__ import annotations

import math

import bpy
import numpy as np
import numpy.typing as npt

from ...core import types
from ...rig.mapping import custom_property
from ...rig.property_address import PropertyAddress, id_type
from . import active_curves


def limits(obj: bpy.types.Object, address: PropertyAddress) -> tuple[float, float]:
    """Return the lowest and the highest value of a property of a character."""
    kind, path, _index = address
    block = active_curves.data_block(obj, kind)
    if id_type(kind) == "KEY":
        key = block.path_resolve(path.rpartition(".")[0])
        return key.slider_min, key.slider_max
    return custom_property.limits(block, path) if custom_property.is_custom(path) else (-math.inf, math.inf)


def within(obj: bpy.types.Object, address: PropertyAddress, values: npt.NDArray) -> types.Float32Array:
    """Return values clamped to the limits of a property."""
    return np.clip(values, *limits(obj, address)).astype(np.float32)

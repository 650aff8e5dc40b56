"""Constraints of a motion to which something is added after it was sampled."""

from __future__ import annotations

import dataclasses

import numpy as np

from ..types import Constraints, Float32Array
from .warp import interpolate_channels


def without_offsets(constraints: Constraints, offsets: Float32Array, scale: float = 1.0) -> Constraints:
    """Return the constraints of a motion that meets others once it is scaled and offsets are added.

    Args:
        constraints: Of T rows and C channels.
        offsets: (T, C). Pins between two rows get the offset between them.
        scale: Factor on the motion before the offsets.
    """
    pins = constraints.pins
    at_pins = interpolate_channels(offsets, pins.row, pins.channel)
    pins = dataclasses.replace(pins, value=((pins.value - at_pins) / scale).astype(np.float32))
    return dataclasses.replace(constraints, values=(constraints.values - offsets) / scale, pins=pins)

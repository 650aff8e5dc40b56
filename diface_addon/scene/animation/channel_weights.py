"""What a property amounts to in channels, whatever kind it is: a shape, a pose, a bone or a custom property."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np
import numpy.typing as npt

from ...core import channels
from ...rig.mapping.linear_system import LinearSystem
from ...rig.property_address import PropertyAddress
from . import active_curves


def channel_weights(obj: bpy.types.Object, addresses: Sequence[PropertyAddress]) -> npt.NDArray[np.float64]:
    """Return how much of each channel a property at 1 amounts to: (A, 52), 0 for the head's rotation."""
    weights = np.zeros((len(addresses), len(channels.FACE)))
    number = {address: index for index, address in enumerate(addresses)}

    def add(address: PropertyAddress, values: dict[str, float]) -> None:
        for name, value in values.items():
            if address in number and name in channels.FACE:
                weights[number[address], channels.FACE.index(name)] = value

    for target in active_curves.face_targets(obj):
        columns = LinearSystem((target,)).columns(np.array([[target.offset + 1.0]]))
        add(target.address, {name: float(column[0]) for name, column in columns.items()})
    for group in active_curves.groups(obj):
        steps = np.concatenate([np.zeros((1, len(group.addresses))), np.eye(len(group.addresses))]).astype(np.float32)
        columns = group.columns(0.1 * steps)
        for index, address in enumerate(group.addresses):
            add(address, {name: 10 * float(column[index + 1] - column[0]) for name, column in columns.items()})
    return weights

"""A pin: one key of one curve that the user wants to keep exactly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ...core import channels
from ...rig.head_target import HEAD
from ...rig.property_address import PropertyAddress, id_type
from ..characters import shape_key_names
from ..keys.key_table import SAME_TIME


@dataclass(frozen=True)
class Pin:
    """A key that is kept exactly.

    Attributes:
        kind: Kind of data-block: 'KEY', 'OBJECT', 'KEY:1' ...
        path: RNA path of the property.
        index: Array index of the property.
        frame: Frame of the scene, which may be between frames.
        value: Exactly the key's value, a float32.
        name: The channel, pose or bone that `active_curves.channels_by_address` gives for the property; "" if it is
            not known.
    """

    kind: str
    path: str
    index: int
    frame: float
    value: float
    name: str = field(default="", compare=False)

    @property
    def address(self) -> PropertyAddress:
        """The property of its curve."""
        return self.kind, self.path, self.index


def is_head(pin: Pin) -> bool:
    """Return whether a pin is a key of the head's rotation, and not of the face."""
    return pin.name == HEAD if pin.name else id_type(pin.kind) == "OBJECT"


def face_channel(pin: Pin) -> str | None:
    """Return the face channel of a pin; None for the head."""
    if pin.name in channels.SHAPES:
        return pin.name
    return None if is_head(pin) else shape_key_names.channel_for_path(pin.path)


def group_by_curve(pins: Iterable[Pin]) -> dict[PropertyAddress, npt.NDArray[np.float64]]:
    """Return the (frame, value) of the pins of each property, (K, 2) in the order of time.

    Of two pins at the same time, the later in `pins` counts.
    """
    points: dict[PropertyAddress, list[tuple[float, float]]] = {}
    for pin in pins:
        points.setdefault(pin.address, []).append((pin.frame, pin.value))
    return {address: _latest_at_each_time(np.array(of_curve)) for address, of_curve in points.items()}


def _latest_at_each_time(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    points = points[np.argsort(points[:, 0], kind="stable")]
    return points[np.append(np.diff(points[:, 0]) > SAME_TIME, True)]

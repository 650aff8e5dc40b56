"""Named groups of a take's curves, and the handful of them that the Graph Editor shows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import bpy
import numpy as np

from ... import compat
from ...core import channels, head_file
from ...rig.head_target import head_target
from ...rig.property_address import PropertyAddress, id_type
from .channel_weights import channel_weights

GROUPS: dict[str, tuple[str, ...]] = {
    "Jaw": ("jaw",),
    "Mouth Corners": ("mouthSmile", "mouthFrown", "mouthStretch", "mouthDimple"),
    "Lips": ("mouth",),
    "Brows": ("brow",),
    "Eyes": ("eye",),
    "Cheeks and Nose": ("cheek", "nose"),
    "Tongue": ("tongue",),
}
"""Group -> beginnings of the names of its channels; the first that fits counts."""
HEAD, FACE = "Head", "Face"
"""Groups of the head's rotation, and of properties that are no channels."""
SHOWN = ("jawOpen", "mouthClose", "mouthPucker", "mouthSmileLeft", "mouthSmileRight", "browInnerUp")
"""Channels whose curves the Graph Editor shows at first, with the head's rotation: jaw, lips, corners, brows."""


def arrange(obj: bpy.types.Object, action: bpy.types.Action, hide: bool) -> None:
    """Put the curves of a new Action into groups.

    Args:
        obj: The character.
        action: An Action of a new take, without groups.
        hide: Whether the Graph Editor hides all but a handful of curves. Alt H shows them.
    """
    curves = compat.action_fcurves(action)
    addresses = [address for address, _fcurve in curves]
    effects = _effects(obj, addresses)
    rotation = set(head_target(obj).addresses)
    shown = {*rotation.intersection(addresses), *_leading(addresses, effects)}
    for number, (address, fcurve) in enumerate(curves):
        groups = compat.find_channelbag(action, address[0]).groups
        name = _group_name(address, effects[number], rotation)
        fcurve.group = groups.get(name) or groups.new(name)
        fcurve.hide = hide and bool(shown) and address not in shown


def _effects(obj: bpy.types.Object, addresses: Sequence[PropertyAddress]) -> np.ndarray:
    """Return how much of each channel a property at 1 amounts to (A, 52), in the largest motion of the bundled head."""
    return np.abs(channel_weights(obj, addresses)) * _largest_motions()


@cache
def _largest_motions() -> np.ndarray:
    """Return how far each channel moves the bundled head at most (52,)."""
    return np.linalg.norm(head_file.load_head().deltas, axis=2).max(axis=1)


def _leading(addresses: Sequence[PropertyAddress], effects: np.ndarray) -> set[PropertyAddress]:
    """Return the property that has most of each channel in SHOWN; those of further meshes only follow."""
    main = np.array([kind == "KEY" or id_type(kind) == "OBJECT" for kind, _path, _index in addresses], bool)
    found = set()
    for name in SHOWN:
        of_channel = effects[:, channels.FACE.index(name)] * main
        if of_channel.any():
            found.add(addresses[int(of_channel.argmax())])
    return found


def _group_name(address: PropertyAddress, effects: np.ndarray, rotation: set[PropertyAddress]) -> str:
    if not effects.any():
        return HEAD if address in rotation or id_type(address[0]) == "OBJECT" else FACE
    channel = channels.FACE[int(effects.argmax())]
    return next((name for name, starts in GROUPS.items() if channel.startswith(starts)), FACE)

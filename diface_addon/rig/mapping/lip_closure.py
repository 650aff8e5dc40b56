"""Lips that meet: how far each channel parts the lips of a rig, against those of the bundled head.

The models close the bundled head's lips on m, b and p. On a rig whose jawOpen opens farther, the same weights would
leave a gap; its mouthClose gets what is missing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt
from mathutils.kdtree import KDTree

from ...core import channels, lip_perception, types
from .. import stored_json
from ..property_address import PropertyAddress
from ..shape_displacement import positions
from .face_target import motion_matrix

APERTURES = "diface_lip_apertures"
"""Custom property of the main mesh: channel -> mm that its weight 1 parts the lips, as JSON, of a head of the bundled
head's size."""
HEAD_MM = 240.0
"""Height of the bundled head."""
CLOSED_MM, PARTED_MM = 0.7, 3.0
"""Apertures of the bundled head up to which the rig's lips get the same one, and from which they are left alone."""
NEAR = 0.02
"""Largest distance of two lips at rest, relative to the height of the head."""
MOVED_SHARE = 0.5
"""A vertex belongs to the lower lip if jawOpen moves it at least this share of the farthest one."""
UPPER_LIP = ("mouthUpperUpLeft", "mouthUpperUpRight")
LOWER_LIP = ("mouthLowerDownLeft", "mouthLowerDownRight")
LIP_SHARE = 0.3
"""... and to a lip if these shapes move it at least by this share of the farthest one: not to teeth, tongue or chin."""
LIFTS = 0.25
"""Least height by which mouthClose lifts the lower lip, in those by which jawOpen lowers it."""
PAIRS = 12
"""Pairs of vertices, those that jawOpen parts most, whose median counts."""


@dataclass(frozen=True)
class LipGroup:
    """The shape keys of mouthClose, which also shut what the other channels leave open.

    Attributes:
        addresses: Their properties.
        names: The names of the shape keys.
        apertures: (52,) mm that each channel at weight 1 parts the rig's lips.
    """

    addresses: tuple[PropertyAddress, ...]
    names: tuple[str, ...]
    apertures: npt.NDArray[np.float64]

    @property
    def channels(self) -> frozenset[str]:
        """The channel that it reads back: mouthClose."""
        return frozenset(("mouthClose",))

    def without(self, addresses: Collection[PropertyAddress]) -> LipGroup | None:
        """Return the group without some properties; None if nothing is left."""
        kept = [number for number, address in enumerate(self.addresses) if address not in addresses]
        names = tuple(self.names[number] for number in kept)
        return LipGroup(tuple(self.addresses[number] for number in kept), names, self.apertures) if kept else None

    def solve(self, columns: Mapping[str, npt.NDArray], rate: types.FrameRate) -> types.Float32Array:
        """Return the values (T, A) of mouthClose for columns (T,) of channels; missing ones count as 0."""
        motion = motion_matrix(columns)
        close = channels.FACE.index("mouthClose")
        wanted = np.maximum(motion @ lip_perception.perception().aperture, 0.0)
        share = np.clip((PARTED_MM - wanted) / (PARTED_MM - CLOSED_MM), 0.0, 1.0)
        gap = np.maximum(motion @ self.apertures - wanted, 0.0)
        value = np.clip(motion[:, close] + share * gap / -self.apertures[close], 0.0, None)
        return np.repeat(value[:, None], len(self.addresses), axis=1).astype(np.float32)

    def moved_together(self, column: int) -> types.BoolArray:
        """Return which properties (A,) have the same value as one of them: all."""
        return np.ones(len(self.addresses), bool)

    def columns(self, values: npt.NDArray) -> dict[str, Any]:
        """Return the column (T,) of mouthClose for values (T, A). Solved again, it stays as it is: the lips meet."""
        return {"mouthClose": values[:, 0]}


def lip_apertures(mesh: bpy.types.Object) -> npt.NDArray[np.float64] | None:
    """Return the stored apertures (52,) in mm; None if they were not measured."""
    return stored_json.read(mesh, APERTURES, _apertures)


def store_lip_apertures(mesh: bpy.types.Object, apertures: Mapping[str, float]) -> None:
    """Store the apertures of channels with the main mesh; none removes what is stored."""
    stored_json.write(mesh, APERTURES, {name: round(value, 4) for name, value in apertures.items()})


def measure_lip_apertures(
    mesh: bpy.types.Object, shapes: Mapping[str, tuple[str, float]], up: npt.NDArray[np.float64], head_size: float
) -> dict[str, float]:
    """Return how far each channel at weight 1 parts the lips, in mm of a head of HEAD_MM.

    Args:
        mesh: The main mesh.
        shapes: Channel -> name and gain of its shape key; jawOpen, mouthClose and those of the lips are among them.
        up: (3,) the head's up axis in world coordinates.
        head_size: Height of the head in world units.

    Returns:
        Empty if the lips are not found, or if mouthClose does not shut them.
    """
    blocks, linear = mesh.data.shape_keys.key_blocks, np.array(mesh.matrix_world.to_3x3())
    rest = positions(mesh.data.shape_keys.reference_key) @ linear.T
    bases: dict[str, npt.NDArray[np.float32]] = {}
    raised = {}
    for channel, (name, gain) in shapes.items():
        base = blocks[name].relative_key
        if base.name not in bases:
            bases[base.name] = positions(base)
        raised[channel] = gain * (positions(blocks[name]) - bases[base.name]) @ (linear.T @ up)
    lips = [sum(np.abs(raised[name]) for name in of_lip if name in raised) for of_lip in (UPPER_LIP, LOWER_LIP)]
    upper, lower = _lip_pairs(rest, raised["jawOpen"], lips[0], lips[1], NEAR * head_size)
    if not len(upper):
        return {}
    scale = HEAD_MM / head_size
    parted = {channel: scale * float(np.median(of[upper] - of[lower])) for channel, of in raised.items()}
    return parted if parted["jawOpen"] > 0 and parted["mouthClose"] < 0 else {}


def closes_nothing(mesh: bpy.types.Object, closing: str, opening: str, up: npt.NDArray[np.float64]) -> bool:
    """Return whether a shape that is named for closing the lips does not lift what the opening of the jaw lowers.

    A shape of that name can press the shut lips instead. ARKit's mouthClose lifts the lower lip by what jawOpen
    lowers it.

    Args:
        mesh: The mesh object.
        closing: Its shape key for mouthClose.
        opening: Its shape key for jawOpen.
        up: (3,) the head's up axis in world coordinates.
    """
    keys, axis = mesh.data.shape_keys.key_blocks, np.array(mesh.matrix_world.to_3x3()).T @ up
    rises, drops = ((positions(keys[name]) - positions(keys[name].relative_key)) @ axis for name in (closing, opening))
    lowered = drops < MOVED_SHARE * min(float(drops.min(initial=0.0)), 0.0)
    return bool(lowered.any()) and float(rises[lowered].max()) < LIFTS * -float(drops.min())


def _apertures(stored: Any) -> npt.NDArray[np.float64] | None:
    found = np.array([float(stored.get(name, 0.0)) for name in channels.FACE])
    return found if found[channels.FACE.index("mouthClose")] < 0 else None


def _lip_pairs(
    rest: npt.NDArray, opened: npt.NDArray, upper_lip: npt.NDArray, lower_lip: npt.NDArray, near: float
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the vertices (P,) of the upper and the lower lip that touch at rest and part most as the mouth opens.

    Args:
        rest: (V, 3) vertices at rest.
        opened: (V,) how far jawOpen moves them up.
        upper_lip: (V,) how far the shapes of the upper lip move them; teeth do not move.
        lower_lip: (V,) the same for the lower lip.
        near: Largest distance of the two lips.
    """
    moved = -opened
    farthest = moved.max(initial=0.0)
    low = np.flatnonzero((moved > MOVED_SHARE * farthest) & (lower_lip > LIP_SHARE * np.max(lower_lip, initial=0.0)))
    still = np.flatnonzero((np.abs(opened) < 0.2 * farthest) & (upper_lip > LIP_SHARE * np.max(upper_lip, initial=0.0)))
    if farthest <= 0 or not len(low) or not len(still):
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    tree = KDTree(len(still))
    for number, vertex in enumerate(still):
        tree.insert(rest[vertex], number)
    tree.balance()
    pairs = []
    for vertex in low:
        _point, number, distance = tree.find(rest[vertex])
        if distance is not None and distance <= near:
            pairs.append((opened[still[number]] - opened[vertex], still[number], vertex))
    pairs.sort(key=lambda pair: -pair[0])
    best = np.array([pair[1:] for pair in pairs[:PAIRS]], np.intp).reshape(-1, 2)
    return best[:, 0], best[:, 1]

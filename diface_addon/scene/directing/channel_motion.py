"""Keys of a take's properties as the motion of channels, and a changed motion as changes of the properties."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from ...core import channels, types
from ...rig import bones
from ...rig.head_target import head_target
from ...rig.mapping.bone_group import BoneGroup
from ...rig.mapping.face_target import FaceTarget
from ...rig.mapping.linear_system import connected
from ...rig.property_address import PointsByAddress, PropertyAddress
from ...rig.shifted_bones.bone_shift import BoneShift
from ..animation import active_curves, evaluate_curves
from ..keys import head_pose
from ..provenance.rest_pose import rest_delta

Changes = dict[PropertyAddress, npt.NDArray[np.floating]]
"""Property -> how much a change of the motion adds to it (T,)."""


@dataclass(frozen=True)
class ChannelProperties:
    """The properties of a character that channels move.

    Attributes:
        obj: The character.
        targets: Shape keys of single channels.
        groups: Poses, lips and bones.
        rotation: The values of the head's rotation.
    """

    obj: bpy.types.Object
    targets: tuple[FaceTarget, ...]
    groups: tuple[active_curves.Group, ...]
    rotation: tuple[PropertyAddress, ...]

    @classmethod
    def of(cls, obj: bpy.types.Object) -> ChannelProperties:
        """Find the properties of a character."""
        found = active_curves.mapping(obj)
        groups = (*found.groups, *bones.bone_groups(obj))
        return cls(obj, tuple(found.all_targets), groups, tuple(head_target(obj).addresses))

    def channels_by_address(self) -> dict[PropertyAddress, frozenset[str]]:
        """Return the channels that move each property."""
        found = {target.address: frozenset(target.channels) for target in self.targets}
        for group in self.groups:
            found |= dict.fromkeys(group.addresses, group.channels)
        return found | dict.fromkeys(self.rotation, frozenset(channels.HEAD))

    def read(self, points: PointsByAddress, frames: npt.NDArray, rate: types.FrameRate) -> types.Motion:
        """Return the channels that the keys `points` move, at `frames` (T,)."""
        columns: dict[str, npt.NDArray] = {}
        summed = [target for target in self.targets if target.address in points]
        values = {target.address: sample(points[target.address], frames) for target in summed}
        for group in self.groups:
            if isinstance(group, BoneGroup | BoneShift):
                if not group.turns_head and all(address in points for address in group.addresses):
                    vectors = group.vectors(_sample_all(points, group.addresses, frames))
                    components = group.components()
                    summed += components
                    values |= {target.address: vectors[:, target.address[2]] for target in components}
            elif any(address in points for address in group.addresses):
                columns |= group.columns(_sample_all(points, group.addresses, frames))
        for system in connected(summed):
            columns |= system.columns(np.stack([values[target.address] for target in system.targets], axis=1))
        if all(address in points for address in self.rotation):
            turns = evaluate_curves.head_vectors(self.obj, _sample_all(points, self.rotation, frames))
            columns |= dict(zip(channels.HEAD, turns.T, strict=True))
        names = tuple(name for name in channels.SHAPES + channels.HEAD if name in columns)
        values = np.stack([columns[name] for name in names], axis=1) if names else np.zeros((len(frames), 0))
        return types.Motion(values.astype(np.float32), names, rate)

    def changes(
        self, before: types.Motion, after: types.Motion, points: PointsByAddress, frames: npt.NDArray
    ) -> Changes:
        """Return what a change of the motion adds to the properties that have keys `points`."""
        is_changed = (before.values != after.values).any(axis=0)
        changed = {name for name, different in zip(before.channels, is_changed, strict=True) if different}
        old, new = ({name: motion.column(name) for name in motion.channels} for motion in (before, after))
        found: Changes = {}
        for target in self.targets:
            if target.address in points and changed & set(target.channels):
                found[target.address] = target.value(new) - target.value(old)
        for group in self.groups:
            reads_face = "mouthClose" in group.channels and changed & set(channels.FACE)
            if (changed & group.channels or reads_face) and any(address in points for address in group.addresses):
                difference = group.solve(new, after.rate) - group.solve(old, before.rate)
                found |= dict(zip(group.addresses, difference.T, strict=True))
        if changed & set(channels.HEAD):
            found |= _head_changes(self.obj, before, after, points, frames)
        return {address: change for address, change in found.items() if address in points and change.any()}


def sample(points: npt.NDArray, frames: npt.NDArray) -> npt.NDArray[np.float32]:
    """Return the values (T,) of keys (N, 2) at `frames` (T,), on straight lines between the keys."""
    if len(points) == len(frames) and np.array_equal(points[:, 0], frames):
        return points[:, 1]
    return np.interp(frames, points[:, 0], points[:, 1]).astype(np.float32)


def _sample_all(
    points: PointsByAddress, addresses: Iterable[PropertyAddress], frames: npt.NDArray
) -> npt.NDArray[np.float32]:
    """Return the values (T, A) of properties; those without keys are 0."""
    still = np.zeros(len(frames), np.float32)
    columns = [sample(points[address], frames) if address in points else still for address in addresses]
    return np.stack(columns, axis=1)


def _head_changes(
    obj: bpy.types.Object, before: types.Motion, after: types.Motion, points: PointsByAddress, frames: npt.NDArray
) -> Changes:
    """Return the changes of the head's rotation, and of the location that keeps the pivot of a head in place.

    They are 0 on rows where the head does not change.
    """
    target, rest = head_target(obj), evaluate_curves.reference_rotation(obj)
    placed = evaluate_curves.find_placement(obj)
    old, new = (motion.select(channels.HEAD).values for motion in (before, after))
    turns = (old != new).any(axis=1)
    vectors = evaluate_curves.to_mesh_axes(obj, new, placed)
    start = _sample_all(points, target.addresses, frames[:1])[0].tolist()
    curves = head_pose.rotation_curves(target, vectors, rest, previous=start)
    if placed:
        curves += head_pose.pivot_compensation(target, vectors, rest, placed.neck, rest_delta(obj))
    found = {(target.kind, curve.path, curve.index): curve.values for curve in curves}
    return {
        address: np.where(turns, values - sample(points[address], frames), 0.0)
        for address, values in found.items()
        if address in points
    }

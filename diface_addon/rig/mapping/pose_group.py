"""Shape keys of poses, such as visemes, which several channels move together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ...core import channels, pose_channels, pose_set, solve_poses, types
from ..property_address import PropertyAddress
from .face_target import motion_matrix


@dataclass(frozen=True)
class PoseGroup:
    """Shape keys whose weights are solved together from the channels.

    Attributes:
        addresses: A properties. Meshes that have the same pose, such as head and teeth, move it together.
        numbers: (A,) the pose of each property.
        poses: K poses; their names are those of the shape keys.
        left_out: Channels that other properties show: the poses show the rest of the face beside them.
    """

    addresses: tuple[PropertyAddress, ...]
    numbers: npt.NDArray[np.intp]
    poses: pose_set.PoseSet
    left_out: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        """The name of the shape key of each address."""
        return tuple(self.poses.names[number] for number in self.numbers)

    @property
    def channels(self) -> frozenset[str]:
        """The channels that the poses stand for."""
        used = np.abs(self.poses.recipes).max(axis=0) > 0
        return frozenset(name for name, is_used in zip(channels.FACE, used, strict=True) if is_used) - self.left_out

    def beside(self, shown: Collection[str]) -> PoseGroup:
        """Return the group beside properties that show channels: those that no pose has are left out."""
        return replace(self, left_out=self.left_out | (frozenset(shown) - self.channels))

    def without(self, addresses: Collection[PropertyAddress], left_out: frozenset[str]) -> PoseGroup | None:
        """Return the group without some properties, and with more channels left out; None if nothing is left."""
        kept = [number for number, address in enumerate(self.addresses) if address not in addresses]
        poses = self.poses.select({self.names[number] for number in kept})
        numbers = np.array([poses.names.index(self.names[number]) for number in kept], np.intp)
        addresses = tuple(self.addresses[number] for number in kept)
        group = PoseGroup(addresses, numbers, poses, self.left_out | left_out)
        return group if kept and group.channels else None

    def solve(self, columns: Mapping[str, npt.NDArray], rate: types.FrameRate) -> types.Float32Array:
        """Return the values (T, A) for columns (T,) of channels; missing ones count as 0."""
        motion = motion_matrix(columns).astype(np.float32)
        is_beside = np.array([name in self.left_out for name in channels.FACE])
        return solve_poses.solve(motion, self.poses, rate, np.where(is_beside, motion, 0.0))[:, self.numbers]

    def moved_together(self, column: int) -> types.BoolArray:
        """Return which properties (A,) have the same value as one of them: those of its pose on every mesh."""
        return self.numbers == self.numbers[column]

    def columns(self, values: npt.NDArray) -> dict[str, Any]:
        """Return the columns (T,) of the channels that values (T, A) amount to; the first mesh of a pose counts."""
        weights = np.zeros((len(values), len(self.poses)), np.float32)
        weights[:, self.numbers[::-1]] = values[:, ::-1]
        motion = pose_channels.to_channels(weights, self.poses)
        return {name: motion[:, channels.FACE.index(name)] for name in self.channels}

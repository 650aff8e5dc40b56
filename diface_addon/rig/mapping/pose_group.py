"""Shape keys of poses, such as visemes, which several channels move together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
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
        left_out: Channels that other properties have instead of the poses.
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

    def without(self, addresses: Collection[PropertyAddress], left_out: frozenset[str]) -> PoseGroup | None:
        """Return the group without some properties and channels; None if nothing is left."""
        kept = [number for number, address in enumerate(self.addresses) if address not in addresses]
        poses = self.poses.select({self.names[number] for number in kept})
        numbers = np.array([poses.names.index(self.names[number]) for number in kept], np.intp)
        group = PoseGroup(tuple(self.addresses[number] for number in kept), numbers, poses, left_out)
        return group if kept and group.channels else None

    def solve(self, columns: Mapping[str, npt.NDArray], rate: types.FrameRate) -> types.Float32Array:
        """Return the values (T, A) for columns (T,) of channels; missing ones count as 0."""
        columns = {name: np.zeros_like(of) if name in self.left_out else of for name, of in columns.items()}
        return solve_poses.solve(motion_matrix(columns).astype(np.float32), self.poses, rate)[:, self.numbers]

    def moved_together(self, column: int) -> types.BoolArray:
        """Return which properties (A,) have the same value as one of them: those of its pose on every mesh."""
        return self.numbers == self.numbers[column]

    def columns(self, values: npt.NDArray) -> dict[str, Any]:
        """Return the columns (T,) of the channels that values (T, A) amount to; the first mesh of a pose counts."""
        weights = np.zeros((len(values), len(self.poses)), np.float32)
        weights[:, self.numbers[::-1]] = values[:, ::-1]
        motion = pose_channels.to_channels(weights, self.poses)
        return {name: motion[:, channels.FACE.index(name)] for name in self.channels}

"""A set of poses of a face: what each shape does, in ARKit channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...channels import FACE
from ...types import Float32Array

INDEX = {channel: number for number, channel in enumerate(FACE)}


@dataclass(frozen=True)
class PoseSet:
    """Shapes of a face that are not ARKit's channels.

    Attributes:
        names: K names of shapes, each once.
        recipes: (K, 52) float32: the channels of channels.FACE that a shape at weight 1 amounts to.
        low: (K,) float32 smallest weights.
        high: (K,) float32 largest weights.
    """

    names: tuple[str, ...]
    recipes: Float32Array
    low: Float32Array
    high: Float32Array

    def __post_init__(self) -> None:
        count = len(self.names)
        if self.recipes.shape != (count, len(FACE)) or self.low.shape != (count,) or self.high.shape != (count,):
            raise ValueError(f"{count} poses need recipes ({count}, {len(FACE)}) and {count} bounds.")
        if len(set(self.names)) != count:
            raise ValueError(f"The names of poses must differ. Got {self.names}.")
        if not np.isfinite(self.recipes).all() or not (self.low <= self.high).all():
            raise ValueError("Recipes must be finite, and lower bounds at most the upper ones.")

    def __len__(self) -> int:
        return len(self.names)

    def select(self, names: frozenset[str] | set[str]) -> PoseSet:
        """Return the poses among `names`, in the order of this set."""
        kept = [number for number, name in enumerate(self.names) if name in names]
        return PoseSet(
            tuple(self.names[number] for number in kept), self.recipes[kept], self.low[kept], self.high[kept]
        )


def pose_set(recipes: Mapping[str, Mapping[str, float]]) -> PoseSet:
    """Return the poses with weights from 0 to 1.

    Args:
        recipes: Name -> channel -> value. A channel without its side (`mouthSmile`) means both sides.
    """
    rows = np.zeros((len(recipes), len(FACE)), np.float32)
    for row, recipe in zip(rows, recipes.values(), strict=True):
        for channel, value in recipe.items():
            for number in channel_numbers(channel):
                row[number] += np.float32(value)
    return PoseSet(tuple(recipes), rows, np.zeros(len(rows), np.float32), np.ones(len(rows), np.float32))


def channel_numbers(channel: str) -> tuple[int, ...]:
    """Return the numbers in channels.FACE of a channel, or of both sides of a channel without its side.

    Raises:
        KeyError: There is no such channel.
    """
    if channel in INDEX:
        return (INDEX[channel],)
    return INDEX[f"{channel}Left"], INDEX[f"{channel}Right"]


def joined(first: PoseSet, second: PoseSet) -> PoseSet:
    """Return the poses of both; of a name in both sets the pose of the first is kept."""
    rest = second.select(set(second.names) - set(first.names))
    return PoseSet(
        first.names + rest.names,
        np.concatenate([first.recipes, rest.recipes]),
        np.concatenate([first.low, rest.low]),
        np.concatenate([first.high, rest.high]),
    )


def channel_poses(channels: Mapping[str, str]) -> PoseSet:
    """Return the poses of shapes that are channels themselves, to be solved with others: name -> channel."""
    return pose_set({name: {channel: 1.0} for name, channel in channels.items()})

"""How the face channels reach the shape keys of one mesh: directly, or through poses that are solved together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from ..core import channels, known_poses, pose_channels, pose_set, solve_poses, types
from .face_target import FaceTarget
from .property_address import PropertyAddress
from .shape_names import named_targets

EMPTY_SHAPES = "diface_empty_shapes"
"""Custom property of a mesh object: names, as JSON, of shape keys that move nothing."""
MIN_SHARE = 0.5
"""A pose is used if the channels that nothing else reaches have this share of its recipe."""
LAYER_COLUMNS = [channels.FACE.index(name) for name in channels.FACE if name in channels.LAYER_CHANNELS]


@dataclass(frozen=True)
class PoseGroup:
    """Shape keys whose weights are solved together from the channels.

    Attributes:
        addresses: K properties.
        poses: K poses, in the same order; their names are those of the shape keys.
    """

    addresses: tuple[PropertyAddress, ...]
    poses: pose_set.PoseSet

    @property
    def names(self) -> tuple[str, ...]:
        """The name of the shape key of each address."""
        return self.poses.names

    @property
    def channels(self) -> frozenset[str]:
        """The channels that the poses stand for."""
        used = np.abs(self.poses.recipes).max(axis=0) > 0
        return frozenset(name for name, is_used in zip(channels.FACE, used, strict=True) if is_used)

    def solve(self, columns: Mapping[str, npt.NDArray], rate: types.FrameRate) -> types.Float32Array:
        """Return the weights (T, K) for columns (T,) of channels; missing ones count as 0."""
        rows = len(next(iter(columns.values())))
        motion = np.zeros((rows, len(channels.FACE)), np.float32)
        for number, name in enumerate(channels.FACE):
            if name in columns:
                motion[:, number] = columns[name]
        return solve_poses.solve(motion, self.poses, rate)

    def columns(self, values: npt.NDArray) -> dict[str, Any]:
        """Return the columns (T,) of the channels that weights (T, K) amount to."""
        motion = pose_channels.to_channels(values.astype(np.float32), self.poses)
        return {name: motion[:, channels.FACE.index(name)] for name in self.channels}


@dataclass(frozen=True)
class MeshMapping:
    """The targets of one mesh: those that single channels move, and poses; None without any."""

    targets: tuple[FaceTarget, ...]
    group: PoseGroup | None


@dataclass(frozen=True)
class _NamedMapping:
    """The same by the names of shape keys."""

    gains: dict[str, tuple[tuple[str, float], ...]]
    poses: pose_set.PoseSet | None


def mesh_mapping(
    obj: bpy.types.Object, kind: str, excluded: frozenset[str] = frozenset(), others: tuple[str, ...] = ()
) -> MeshMapping:
    """Return the mapping of a mesh.

    Args:
        obj: An object; without shape keys it has no targets.
        kind: Kind of data-block of its shape keys.
        excluded: Names of shape keys that cannot be keyed, as a driver sets them.
        others: Names of the shape keys of the character's other meshes.
    """
    keys = obj.data.shape_keys if obj.type == "MESH" else None
    if keys is None:
        return MeshMapping((), None)
    blocks, empty = keys.key_blocks, empty_shapes(obj)
    names = tuple(block.name for block in blocks if block != keys.reference_key and block.name not in empty)
    named = _named_mapping(names, others)
    addresses = {
        name: (kind, f'key_blocks["{bpy.utils.escape_identifier(name)}"].value', 0)
        for name in (*named.gains, *(named.poses.names if named.poses else ()))
        if name not in excluded
    }
    free_gains = {name: gains for name, gains in named.gains.items() if name in addresses}
    targets = tuple(FaceTarget(addresses[name], gains, name) for name, gains in free_gains.items())
    if named.poses is None:
        return MeshMapping(targets, None)
    free = named.poses.select(set(addresses))
    group = PoseGroup(tuple(addresses[name] for name in free.names), free) if len(free) else None
    return MeshMapping(targets, group)


def empty_shapes(obj: bpy.types.Object) -> frozenset[str]:
    """Return the names of the shape keys of a mesh that were found to move nothing."""
    stored = obj.get(EMPTY_SHAPES, "")
    return _parse_names(stored) if stored and isinstance(stored, str) else frozenset()


def store_empty_shapes(obj: bpy.types.Object, names: Sequence[str]) -> None:
    """Store which shape keys of a mesh move nothing."""
    if names:
        obj[EMPTY_SHAPES] = json.dumps(list(names), ensure_ascii=False)
    elif EMPTY_SHAPES in obj:
        del obj[EMPTY_SHAPES]


@lru_cache(maxsize=64)
def _parse_names(stored: str) -> frozenset[str]:
    try:
        names = json.loads(stored)
    except ValueError:
        return frozenset()
    return frozenset(map(str, names)) if isinstance(names, list) else frozenset()


@lru_cache(maxsize=64)
def _named_mapping(names: tuple[str, ...], others: tuple[str, ...]) -> _NamedMapping:
    gains: dict[str, tuple[tuple[str, float], ...]] = {}
    for target in named_targets(names, others):
        gains[target.name] = (*gains.get(target.name, ()), (target.channel, target.gain))
    known = known_poses.known_poses([name for name in names if name not in gains])
    useful = _useful_poses(known, {channel for pairs in gains.values() for channel, _gain in pairs}) if known else None
    if useful is None:
        return _NamedMapping(gains, None)
    alone = _layer_poses(useful)
    gains |= alone
    group = useful.select(set(useful.names) - set(alone))
    shared = _direct_poses(gains, group)
    for name in shared:
        del gains[name]
    return _NamedMapping(gains, pose_set.joined(pose_set.channel_poses(shared), group) if len(group) else None)


def _useful_poses(known: pose_set.PoseSet, reached: set[str]) -> pose_set.PoseSet | None:
    """Return the poses that reach channels which no single shape key reaches."""
    is_free = np.array([name not in reached for name in channels.FACE])
    sizes = np.abs(known.recipes)
    share = sizes[:, is_free].sum(axis=1) / np.maximum(sizes.sum(axis=1), 1e-9)
    names = {name for name, part in zip(known.names, share, strict=True) if part >= MIN_SHARE}
    return known.select(names) if names else None


def _layer_poses(useful: pose_set.PoseSet) -> dict[str, tuple[tuple[str, float], ...]]:
    """Return the poses of channels of layers alone, such as a blink of both eyes, as gains of these channels."""
    found = {}
    for name, recipe in zip(useful.names, useful.recipes, strict=True):
        used = np.flatnonzero(np.abs(recipe) > 0)
        if len(used) and set(used.tolist()) <= set(LAYER_COLUMNS):
            scale = float((recipe[used] ** 2).sum())
            found[name] = tuple((channels.FACE[number], float(recipe[number]) / scale) for number in used)
    return found


def _direct_poses(gains: dict[str, tuple[tuple[str, float], ...]], group: pose_set.PoseSet) -> dict[str, str]:
    """Return the shape keys of one channel each that the poses move too, so that they are solved with them."""
    used = np.abs(group.recipes).max(axis=0, initial=0) > 0
    shared = {name for name, is_used in zip(channels.FACE, used, strict=True) if is_used}
    single = {name: pairs[0] for name, pairs in gains.items() if len(pairs) == 1}
    return {name: channel for name, (channel, gain) in single.items() if channel in shared and gain == 1.0}

"""How the face channels reach the shape keys of a character: directly, or through poses that are solved together."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from ...core import channels, known_poses, pose_set
from .. import stored_json
from ..property_address import PropertyAddress, shape_key_path
from ..recognition import stored_shapes
from ..shape_names import named_targets
from ..shape_names.bare_names import bare_names
from . import lip_closure, pose_recipes
from .driven_shapes import control_targets
from .face_target import FaceTarget
from .hand_rows import HandMapping
from .linear_system import LinearSystem, connected
from .pose_group import PoseGroup

Gains = tuple[tuple[str, float], ...]
"""(channel, gain) pairs, see `FaceTarget`."""
EMPTY_SHAPES = "diface_empty_shapes"
"""Custom property of a mesh object: names, as JSON, of shape keys that move nothing."""
MIN_SHARE = 0.5
"""A pose is used if the channels that nothing else reaches have this share of its recipe."""
MOUTH_SHAPES = 6
"""Shapes of jaw and mouth from which a face without mouthClose is solved."""
LAYER_COLUMNS = [channels.FACE.index(name) for name in channels.FACE if name in channels.LAYER_CHANNELS]


@dataclass(frozen=True)
class FaceMapping:
    """The shape keys that channels move: those of single channels by kind of data-block, poses, and the lips."""

    targets: Mapping[str, tuple[FaceTarget, ...]]
    group: PoseGroup | None
    lips: lip_closure.LipGroup | None = None

    @property
    def all_targets(self) -> list[FaceTarget]:
        """The shape keys of single channels, those of the main mesh first."""
        return [target for of_mesh in self.targets.values() for target in of_mesh]

    @property
    def systems(self) -> tuple[LinearSystem, ...]:
        """The same properties by the channels that they share."""
        return connected(self.all_targets)

    @property
    def groups(self) -> list[PoseGroup | lip_closure.LipGroup]:
        """Poses and lips, if there are any."""
        return [group for group in (self.group, self.lips) if group is not None]

    @property
    def channels(self) -> frozenset[str]:
        """The channels that reach a shape key."""
        direct = {channel for target in self.all_targets for channel in target.channels}
        return frozenset(direct.union(*(group.channels for group in self.groups)))


@dataclass(frozen=True)
class _NamedMapping:
    """The same by the names of shape keys: the gains of each mesh, and the poses of all."""

    gains: tuple[dict[str, Gains], ...]
    poses: pose_set.PoseSet | None


def face_mapping(
    meshes: Mapping[str, bpy.types.Object],
    excluded: Mapping[str, Collection[str]],
    hand: HandMapping | None = None,
    objects: Mapping[int, bpy.types.Object] | None = None,
) -> FaceMapping:
    """Return the mapping of a character.

    Args:
        meshes: Its meshes with shape keys, the main one first, by the kind of these.
        excluded: Names of shape keys that cannot be keyed, as a driver sets them, by the same kinds.
        hand: The rows that the user set; None for what is found without them.
        objects: The numbered objects of the character, to key the properties that set driven shape keys; None leaves
            these out.
    """
    found = _found_mapping(meshes, excluded, objects or {}) if meshes else FaceMapping({}, None)
    return _with_hand(found, hand) if hand and hand.rows else found


def _found_mapping(
    meshes: Mapping[str, bpy.types.Object],
    excluded: Mapping[str, Collection[str]],
    objects: Mapping[int, bpy.types.Object],
) -> FaceMapping:
    main = next(iter(meshes.values()))
    key = tuple(_usable_names(obj) for obj in meshes.values()), _recognized(main)
    named, left_out = _named_mapping(*key), tuple(frozenset(excluded[kind]) for kind in meshes)
    targets = dict(_named_targets(*key, tuple(meshes), left_out))
    if any(excluded.values()):
        for target in control_targets(objects, meshes, dict(zip(meshes, named.gains, strict=True))):
            targets[target.address[0]] = (*targets.get(target.address[0], ()), target)
    known = pose_recipes.with_measured_recipes(named.poses, main) if named.poses else None
    poses = _pose_group(meshes, excluded, known) if known else None
    if poses:
        others = set(tuple(meshes)[1:])
        shown = (target for kind, of_kind in targets.items() if kind not in others for target in of_kind)
        poses = poses.beside({channel for target in shown for channel in target.channels})
    apertures = lip_closure.lip_apertures(main)
    return FaceMapping(targets, poses) if apertures is None else _with_lips(targets, poses, apertures)


@lru_cache(maxsize=64)
def _named_targets(
    names: tuple[tuple[str, ...], ...],
    recognized: tuple[tuple[str, Gains], ...],
    kinds: tuple[str, ...],
    excluded: tuple[frozenset[str], ...],
) -> dict[str, tuple[FaceTarget, ...]]:
    """Return the targets of `_named_mapping` by the kinds of the meshes, without the shape keys `excluded` of each."""
    return {
        kind: tuple(FaceTarget(_address(kind, name), gains, name) for name, gains in found.items() if name not in out)
        for kind, found, out in zip(kinds, _named_mapping(names, recognized).gains, excluded, strict=True)
    }


def _with_hand(found: FaceMapping, hand: HandMapping) -> FaceMapping:
    """Return a mapping with the rows that the user set."""
    targets: dict[str, tuple[FaceTarget, ...]] = dict.fromkeys(found.targets, ())
    for target in hand.merged(found.all_targets):
        kind = target.address[0]
        targets[kind] = (*targets.get(kind, ()), target)
    lips = None
    if found.lips and "mouthClose" not in hand.channels:
        lips = found.lips.without(hand.own_addresses)
    return FaceMapping(targets, found.group and found.group.without(hand.own_addresses, hand.channels), lips)


def _with_lips(
    targets: dict[str, tuple[FaceTarget, ...]], poses: PoseGroup | None, apertures: npt.NDArray[np.float64]
) -> FaceMapping:
    """Return a mapping in which the shape keys of mouthClose shut the lips that other channels leave open."""
    found = [target for of_mesh in targets.values() for target in of_mesh if target.channels == ("mouthClose",)]
    if not found:
        return FaceMapping(targets, poses)
    others = {kind: tuple(target for target in of_mesh if target not in found) for kind, of_mesh in targets.items()}
    lips = lip_closure.LipGroup(
        tuple(target.address for target in found), tuple(target.name for target in found), apertures
    )
    return FaceMapping(others, poses, lips)


def _pose_group(
    meshes: Mapping[str, bpy.types.Object], excluded: Mapping[str, Collection[str]], poses: pose_set.PoseSet
) -> PoseGroup | None:
    found = [
        (kind, name)
        for kind, obj in meshes.items()
        for name in poses.names
        if name in obj.data.shape_keys.key_blocks and name not in excluded[kind] and name not in empty_shapes(obj)
    ]
    used = poses.select({name for _kind, name in found})
    numbers = np.array([used.names.index(name) for _kind, name in found], np.intp)
    return PoseGroup(tuple(_address(kind, name) for kind, name in found), numbers, used) if found else None


def _usable_names(obj: bpy.types.Object) -> tuple[str, ...]:
    """Return the names of the shape keys of a mesh that move something, without the reference key."""
    keys, empty = obj.data.shape_keys, empty_shapes(obj)
    reference = keys.reference_key.name
    return tuple(name for name in keys.key_blocks.keys() if name != reference and name not in empty)  # noqa: SIM118


def _recognized(main: bpy.types.Object) -> tuple[tuple[str, Gains], ...]:
    """Return what shapes are whose names say nothing, as stored with the main mesh."""
    return tuple((name, tuple(recipe.items())) for name, recipe in stored_shapes.read(main).items())


def _address(kind: str, name: str) -> PropertyAddress:
    return kind, shape_key_path(name), 0


def empty_shapes(obj: bpy.types.Object) -> frozenset[str]:
    """Return the names of the shape keys of a mesh that were found to move nothing."""
    return stored_json.read(obj, EMPTY_SHAPES, _names) or frozenset()


def store_empty_shapes(obj: bpy.types.Object, names: Iterable[str]) -> None:
    """Store which shape keys of a mesh move nothing, in an order that is the same in every session."""
    stored_json.write(obj, EMPTY_SHAPES, sorted(names))


def _names(stored: Any) -> frozenset[str]:
    return frozenset(map(str, stored)) if isinstance(stored, list) else frozenset()


@lru_cache(maxsize=64)
def _named_mapping(names: tuple[tuple[str, ...], ...], recognized: tuple[tuple[str, Gains], ...]) -> _NamedMapping:
    """Return the mapping for the names of the shape keys of each mesh, the main one first.

    Args:
        names: The names.
        recognized: What shapes are whose names say nothing; those that are one channel are keyed as it.
    """
    whole = {name: recipe for name, recipe in recognized if len(recipe) == 1 and recipe[0][1] == 1.0}
    gains: list[dict[str, Gains]] = []
    for number, of_mesh in enumerate(names):
        others = tuple(name for other, of_other in enumerate(names) if other != number for name in of_other)
        found: dict[str, Gains] = {}
        for target in named_targets(of_mesh, others):
            found[target.name] = (*found.get(target.name, ()), (target.channel, target.gain))
        gains.append({name: recipe for name, recipe in whole.items() if name in of_mesh} | found)
    rest = dict.fromkeys(name for of_mesh in names for name in of_mesh if not any(name in found for found in gains))
    known = known_poses_of(tuple(rest))
    if combined := {name: dict(recipe) for name, recipe in recognized if name not in whole}:
        poses = pose_set.pose_set(combined)
        known = pose_set.joined(known, poses) if known else poses
    reached = {channel for pairs in gains[0].values() for channel, _gain in pairs}
    useful = _useful_poses(known, reached) if known else None
    alone = _layer_poses(useful) if useful is not None else {}
    for found, of_mesh in zip(gains, names, strict=True):
        found |= {name: pairs for name, pairs in alone.items() if name in of_mesh}
    group = useful.select(set(useful.names) - set(alone)) if useful is not None else pose_set.pose_set({})
    shared = _direct_poses(gains[0], group)
    if "mouthClose" not in reached:
        shared |= _mouth_shapes(gains[0], group)
    if not shared and not len(group):
        return _NamedMapping(tuple(gains), None)
    kept = tuple({name: pairs for name, pairs in found.items() if name not in shared} for found in gains)
    return _NamedMapping(kept, pose_set.joined(pose_set.channel_poses(shared), group))


def known_poses_of(names: tuple[str, ...]) -> pose_set.PoseSet | None:
    """Return the poses of known vocabularies, whatever the names have in common besides."""
    originals: dict[str, str] = {}
    for name, bare in zip(names, bare_names(names), strict=True):
        originals.setdefault(bare, name)
    known = known_poses.known_poses(tuple(originals))
    return known and dataclasses.replace(known, names=tuple(originals[name] for name in known.names))


def _useful_poses(known: pose_set.PoseSet, reached: set[str]) -> pose_set.PoseSet | None:
    """Return the poses that reach channels which no single shape key reaches."""
    is_free = np.array([name not in reached for name in channels.FACE])
    sizes = np.abs(known.recipes)
    share = sizes[:, is_free].sum(axis=1) / np.maximum(sizes.sum(axis=1), 1e-9)
    names = {name for name, part in zip(known.names, share, strict=True) if part >= MIN_SHARE}
    return known.select(names) if names else None


def _layer_poses(useful: pose_set.PoseSet) -> dict[str, Gains]:
    """Return the poses of channels of layers alone, such as a blink of both eyes, as gains of these channels."""
    found = {}
    for name, recipe in zip(useful.names, useful.recipes, strict=True):
        used = np.flatnonzero(np.abs(recipe) > 0)
        if len(used) and set(used.tolist()) <= set(LAYER_COLUMNS):
            scale = float((recipe[used] ** 2).sum())
            found[name] = tuple((channels.FACE[number], float(recipe[number]) / scale) for number in used)
    return found


def _mouth_shapes(gains: dict[str, Gains], group: pose_set.PoseSet) -> dict[str, str]:
    """Return the shape keys of jaw and mouth of a face without mouthClose, to be solved so that the lips meet.

    Empty if the face has few shapes, as nothing else then tells how its mouth closes.
    """
    found = {name: pairs[0][0] for name, pairs in gains.items() if len(pairs) == 1 and pairs[0][1] == 1.0}
    mouth = {name: channel for name, channel in found.items() if channel.startswith(("jaw", "mouth"))}
    return mouth if len(mouth) + len(group) >= MOUTH_SHAPES and "jawOpen" in mouth.values() else {}


def _direct_poses(gains: dict[str, Gains], group: pose_set.PoseSet) -> dict[str, str]:
    """Return the shape keys of one channel each that the poses move too, so that they are solved with them."""
    used = np.abs(group.recipes).max(axis=0, initial=0) > 0
    shared = {name for name, is_used in zip(channels.FACE, used, strict=True) if is_used}
    single = {name: pairs[0] for name, pairs in gains.items() if len(pairs) == 1}
    return {name: channel for name, (channel, gain) in single.items() if channel in shared and gain == 1.0}

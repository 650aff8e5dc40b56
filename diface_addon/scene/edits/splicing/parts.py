"""What a splice takes from another take: properties by their values, and rotations as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Quaternion

from .... import compat
from ....core import channels, errors
from ....rig import bones
from ....rig.head_target import HEAD
from ....rig.mapping.bone_group import BoneGroup
from ....rig.mapping.pose_group import PoseGroup
from ....rig.property_address import PropertyAddress, rotation_addresses
from ...animation import active_curves
from ...keys.key_table import KeyTable
from ...pins.pin_values import is_locked
from ...provenance import baseline, rest_pose, stored_request
from .rotation import RotationCurves

UNLOCK_HINT = "Unlock some of its curves, or choose other regions."


@dataclass(frozen=True)
class CurveInAction:
    """An F-curve of a take, and the Action that has it."""

    action: bpy.types.Action
    fcurve: bpy.types.FCurve

    @property
    def table(self) -> KeyTable:
        """Its keys."""
        return KeyTable.read(self.fcurve)


TakeCurves = Mapping[PropertyAddress, CurveInAction]
"""Property -> its curve in a take."""


def find_curves(actions: Sequence[bpy.types.Action]) -> dict[PropertyAddress, CurveInAction]:
    """Return the curve of each property: a layer's rather than the user's keys above it."""
    curves: dict[PropertyAddress, CurveInAction] = {}
    for action in reversed(actions):
        known = baseline.read_baseline_keys(action)
        for address, curve in compat.action_fcurves(action):
            if len(curve.keyframe_points) and (address in known or address not in curves):
                curves[address] = CurveInAction(action, curve)
    return curves


@dataclass(frozen=True)
class Rotation:
    """A rotation in a take: where its values are, its mode, and the rotation that it is relative to.

    Attributes:
        kind: Kind of data-block.
        path: RNA path of the rotation.
        mode: Rotation mode.
        rest: The rest rotation.
    """

    kind: str
    path: str
    mode: str
    rest: Quaternion

    @classmethod
    def of_head(cls, actions: Sequence[bpy.types.Action]) -> Rotation:
        """Return the head's rotation of a take; it may have no curves."""
        request = stored_request.require_request(actions[0])
        rest = Quaternion(request.get("rest_rotation", (1.0, 0.0, 0.0, 0.0)))
        return cls(*rest_pose.stored_rotation(request), request.get("rotation_mode", "XYZ"), rest)

    @property
    def addresses(self) -> list[PropertyAddress]:
        """The properties of its 3 or 4 values."""
        return rotation_addresses(self.kind, self.path)

    def is_in(self, curves: TakeCurves) -> bool:
        """Return whether a take has all its curves."""
        return all(address in curves for address in self.addresses)

    def curves(self, curves: TakeCurves) -> RotationCurves:
        """Return its curves in a take that has them."""
        return RotationCurves([curves[address].fcurve for address in self.addresses], self.mode, self.rest)


@dataclass(frozen=True)
class Part:
    """Something that a splice takes or leaves: a property, or a rotation.

    Attributes:
        name: The channel, pose or bone.
        channels: The channels that move it.
        addresses: Its properties in the take that is spliced into.
        rotations: The rotation in that take and in the other one; None for a property.
    """

    name: str
    channels: frozenset[str]
    addresses: tuple[PropertyAddress, ...]
    rotations: tuple[Rotation, Rotation] | None = None


@dataclass(frozen=True)
class Choice:
    """The parts that a splice takes, and the names of those that are locked."""

    parts: tuple[Part, ...]
    locked: tuple[str, ...]

    @property
    def takes_head(self) -> bool:
        """Whether the head's rotation is taken."""
        return any(part.name == HEAD for part in self.parts)


def choose(
    obj: bpy.types.Object, base: Sequence[bpy.types.Action], other: Sequence[bpy.types.Action], names: Sequence[str]
) -> Choice:
    """Return what a splice of the channels `names` takes: what both takes have, and what is not locked in `base`.

    A locked channel stays on all meshes.

    Raises:
        SceneError: The takes have none of the channels in common, or all are locked.
    """
    mine, theirs = find_curves(base), find_curves(other)
    common = [
        part for part in _parts(obj, base, other) if part.channels & set(names) and _is_in_both(part, mine, theirs)
    ]
    is_fixed = [any(is_locked(mine[address].fcurve) for address in part.addresses) for part in common]
    locked = tuple(dict.fromkeys(part.name for part, fixed in zip(common, is_fixed, strict=True) if fixed))
    chosen = tuple(part for part in common if part.name not in locked)
    if not chosen and locked:
        raise errors.SceneError("All channels that both takes have are locked.", UNLOCK_HINT)
    if not chosen:
        raise errors.SceneError("The two takes have none of these channels in common.", "Choose other regions.")
    return Choice(chosen, locked)


def _is_in_both(part: Part, mine: TakeCurves, theirs: TakeCurves) -> bool:
    if part.rotations is None:
        return all(address in mine and address in theirs for address in part.addresses)
    return part.rotations[0].is_in(mine) and part.rotations[1].is_in(theirs)


def _parts(
    obj: bpy.types.Object, base: Sequence[bpy.types.Action], other: Sequence[bpy.types.Action]
) -> Iterator[Part]:
    """Yield what channels move of a character."""
    mapping = active_curves.mapping(obj)
    for target in mapping.all_targets:
        yield Part(target.channel, frozenset(target.channels), (target.address,))
    for group in mapping.groups:
        for column, (address, name) in enumerate(zip(group.addresses, group.names, strict=True)):
            moving = _leading_channel(group, column) if isinstance(group, PoseGroup) else group.channels
            yield Part(name, moving, (address,))
    for group in bones.bone_groups(obj):
        if isinstance(group, BoneGroup):
            rotation = Rotation(group.kind, group.path, group.mode, Quaternion())
            yield Part(group.bone, group.channels, group.addresses, (rotation, rotation))
        else:
            yield from (Part(group.bone, group.channels, (address,)) for address in group.addresses)
    head = Rotation.of_head(base), Rotation.of_head(other)
    yield Part(HEAD, frozenset(channels.HEAD), tuple(head[0].addresses), head)


def _leading_channel(group: PoseGroup, column: int) -> frozenset[str]:
    """Return the channel that a pose has most of, whose region it belongs to."""
    recipe = np.abs(group.poses.recipes[group.numbers[column]])
    return frozenset((channels.FACE[int(recipe.argmax())],))

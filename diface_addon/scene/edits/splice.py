"""Splice: a range of frames and channels of one take blended into a copy of another, key by key.

Outside the range the keys do not change. Within it they are exactly the other take's with their types, except for a
ramp at either end that blends from one take to the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Quaternion

from ... import compat
from ...core import channels, errors
from ...rig import parts, rotation_values
from ...rig.head_target import head_target
from ...rig.property_address import PointsByAddress, PropertyAddress, part_kind
from ..animation import evaluate_curves
from ..characters import shape_key_names
from ..keys import head_pose
from ..keys.key_table import KeyTable
from ..pins.pin_values import is_locked
from ..provenance import baseline, rest_pose, stored_request
from ..takes import take_copies, take_index
from . import splice_head
from .splice_baseline import generated_keys, store_baseline, update_baseline
from .splice_span import Span

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


def find_span(base: list[bpy.types.Action], other: list[bpy.types.Action], frames: tuple[int, int], ramp: int) -> Span:
    """Return the part of `frames` that both takes have.

    Args:
        base: The take that is spliced into.
        other: The take that a part comes from.
        frames: First and last frame.
        ramp: Frames of the ramp at each end beyond which `base` continues.

    Raises:
        SceneError: The takes have no common frames in the range.
    """
    whole, theirs = frame_extent(base), frame_extent(other)
    common = max(whole[0], theirs[0]), min(whole[1], theirs[1])
    first, last = max(frames[0], common[0]), min(frames[1], common[1])
    if first > last:
        message = f"The takes do not both have keys in the frames {frames[0]} to {frames[1]}."
        both = f"frames {common[0]} to {common[1]}" if common[0] <= common[1] else "no frames"
        raise errors.SceneError(message, f"They have {both} in common.")
    ramp = min(ramp, (last - first) // 2)
    return Span(first, last, ramp if first > whole[0] else 0, ramp if last < whole[1] else 0)


def frame_extent(actions: list[bpy.types.Action]) -> tuple[int, int]:
    """Return the first and last frame of a take's keys."""
    ranges = [action.frame_range for action in take_index.split_layers(actions)[0]]
    return round(min(first for first, _last in ranges)), round(max(last for _first, last in ranges))


def splice(
    obj: bpy.types.Object,
    base: list[bpy.types.Action],
    other: list[bpy.types.Action],
    names: tuple[str, ...],
    span: Span,
    name: str = "Spliced",
) -> list[bpy.types.Action]:
    """Return a new take: `base` with some channels of `other` in a span of frames.

    Args:
        obj: The character.
        base: The take that is spliced into.
        other: The take that the part comes from.
        names: The channels. Locked ones stay as they are.
        span: The frames.
        name: Name of the new take.

    Raises:
        SceneError: The takes have no such channels in common, or one is a vertex animation. The scene is unchanged.
    """
    take_copies.check_has_keys(base)
    take_copies.check_has_keys(other)
    fixed = locked_channels(obj, base, names)
    names = tuple(name for name in names if name not in fixed)
    theirs, paths = find_curves(other), _shape_key_paths(obj, names)
    head = bool(set(channels.HEAD) & set(names)) and _has_rotation(base) and _has_rotation(other)
    if not head and not any(address in theirs and address[:2] in paths for address in find_curves(base)):
        if fixed:
            raise errors.SceneError("All channels that both takes have are locked.", UNLOCK_HINT)
        raise errors.SceneError("The two takes have none of these channels in common.", "Choose other regions.")
    copies = take_copies.duplicate(base, name)
    mine = {
        address: curve for address, curve in find_curves(copies).items() if address in theirs and address[:2] in paths
    }
    baselines = {copy.name: dict(baseline.read_baseline_keys(copy)) for copy in copies}
    _splice_values(mine, theirs, baselines, span)
    if head:
        _splice_head(obj, (copies, other), find_curves(copies), baselines, span)
    record = {
        "take": stored_request.require_request(other[0])["take"],
        "frames": [span.first, span.last],
        "channels": names,
    }
    for copy in copies:
        store_baseline(copy, baselines[copy.name], record)
    return copies


def locked_channels(obj: bpy.types.Object, base: list[bpy.types.Action], names: tuple[str, ...]) -> list[str]:
    """Return those of the channels `names` whose curves in `base` are locked.

    The whole head is locked if one value of its rotation is.
    """
    fixed = {address[:2] for address, curve in find_curves(base).items() if is_locked(curve.fcurve)}
    head = rest_pose.stored_rotation(stored_request.require_request(base[0])) in fixed
    return [name for name in names if (head if name in channels.HEAD else _shape_key_paths(obj, (name,)) & fixed)]


def find_curves(actions: list[bpy.types.Action]) -> dict[PropertyAddress, CurveInAction]:
    """Return the curve of each property: a layer's rather than the user's keys above it."""
    curves: dict[PropertyAddress, CurveInAction] = {}
    for action in reversed(actions):
        known = baseline.read_baseline_keys(action)
        for address, curve in compat.action_fcurves(action):
            if len(curve.keyframe_points) and (address in known or address not in curves):
                curves[address] = CurveInAction(action, curve)
    return curves


def _shape_key_paths(obj: bpy.types.Object, names: tuple[str, ...]) -> set[tuple[str, str]]:
    """Return the kind and path of the shape keys of the channels `names`."""
    found = set()
    for number, part in parts.numbered_objects(obj).items():
        for channel, name in shape_key_names.face_shape_keys(part).items():
            if channel in names:
                path = part.data.shape_keys.key_blocks[name].path_from_id("value")
                found.add((part_kind("KEY", number), path))
    return found


def _splice_values(
    mine: dict[PropertyAddress, CurveInAction],
    theirs: dict[PropertyAddress, CurveInAction],
    baselines: dict[str, PointsByAddress],
    span: Span,
) -> None:
    """Splice the shape keys."""
    known = {action.name: baseline.read_baseline_keys(action) for action in {curve.action for curve in theirs.values()}}
    for address, curve in mine.items():
        other = theirs[address]
        times = span.ramp_times(curve.table, other.table)
        weights = span.weight(times)
        before, after = (evaluate_curves.evaluate_fcurve(one.fcurve, times) for one in (curve, other))
        ramps = KeyTable.generated(times, (1 - weights) * before + weights * after)
        span.joined(curve.table, ramps, other.table).write(curve.fcurve)
        update_baseline(baselines[curve.action.name], address, ramps, known[other.action.name].get(address), span)


def _splice_head(
    obj: bpy.types.Object,
    pair: tuple[list[bpy.types.Action], list[bpy.types.Action]],
    mine: dict[PropertyAddress, CurveInAction],
    baselines: dict[str, PointsByAddress],
    span: Span,
) -> None:
    """Splice the rotation, and the delta location of a head that rotates about its neck."""
    theirs = find_curves(pair[1])
    have, other = _take_rotation(pair[0], mine), _take_rotation(pair[1], theirs)
    tables, changes = splice_head.splice_rotation(have, other, span)
    for index, table in enumerate(tables):
        address = *rest_pose.stored_rotation(stored_request.require_request(pair[0][0])), index
        table.write(mine[address].fcurve)
        inside = None
        if changes is not None:
            factor, offset = changes[index]
            other_address = *rest_pose.stored_rotation(stored_request.require_request(pair[1][0])), index
            points = baseline.read_baseline_keys(theirs[other_address].action).get(other_address)
            inside = None if points is None else points * np.array([1, factor]) + np.array([0, offset])
        update_baseline(
            baselines[mine[address].action.name], address, generated_keys(table, span, changes is None), inside, span
        )
    _compensate_pivot(obj, pair[0], mine, baselines, have, span)


def _take_rotation(
    actions: list[bpy.types.Action], curves_of_take: dict[PropertyAddress, CurveInAction]
) -> splice_head.RotationCurves:
    """Return the rotation of a take that has one."""
    request = stored_request.require_request(actions[0])
    rotation = rest_pose.stored_rotation(request)
    fcurves = [curves_of_take[address].fcurve for n in range(4) if (address := (*rotation, n)) in curves_of_take]
    return splice_head.RotationCurves(fcurves, request["rotation_mode"], Quaternion(request["rest_rotation"]))


def _has_rotation(actions: list[bpy.types.Action]) -> bool:
    """Return whether a take has all curves of a rotation."""
    rotation = rest_pose.stored_rotation(stored_request.require_request(actions[0]))
    addresses = [address for address in find_curves(actions) if address[:2] == rotation]
    return len(addresses) == (3 if rotation[1].endswith("rotation_euler") else 4)


def _compensate_pivot(
    obj: bpy.types.Object,
    actions: list[bpy.types.Action],
    mine: dict[PropertyAddress, CurveInAction],
    baselines: dict[str, PointsByAddress],
    rotation: splice_head.RotationCurves,
    span: Span,
) -> None:
    """Write the delta location for the new rotation of a head that rotates about its neck."""
    placed = evaluate_curves.find_placement(obj)
    target = head_target(obj)
    addresses = [address for n in range(3) if (address := (target.kind, head_pose.DELTA_LOCATION, n)) in mine]
    if placed is None or len(addresses) < 3 or any(is_locked(mine[address].fcurve) for address in addresses):
        return
    request = stored_request.require_request(actions[0])
    times = KeyTable.read(rotation.curves[0]).between(span.first, span.last).frames
    vectors = rotation_values.rotation_vectors(rotation.values_at(times), rotation.mode, rotation.rest)
    offsets = head_pose.pivot_compensation(target, vectors, rotation.rest, placed.neck, request["rest_delta"])
    for address, offset in zip(addresses, offsets, strict=True):
        curve, keys = mine[address], KeyTable.generated(times, offset.values)
        KeyTable.joined([curve.table.outside(span.first, span.last), keys]).write(curve.fcurve)
        update_baseline(baselines[curve.action.name], address, keys, None, span)

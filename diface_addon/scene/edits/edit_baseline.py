"""The baseline of a take after an edit: the keys that were written, and the pins that the motion passes through."""

from __future__ import annotations

import uuid
from typing import Any

import bpy
import numpy as np

from ... import compat
from ...rig.head_target import head_target
from ...rig.property_address import PointsByAddress, PropertyAddress
from ..animation import body_rotation, evaluate_curves
from ..animation.active_actions import active_actions
from ..animation.active_curves import ActiveCurve
from ..keys.key_table import KeyTable, nearest
from ..keys.write_keys import SampledCurve
from ..provenance import baseline, layer_tracks, rest_pose, stored_request
from .action_copies import ActionCopies
from .rewrite_keys import CurveChange, WrittenCurve


def store_baselines(
    obj: bpy.types.Object,
    request: dict[str, Any],
    active: dict[PropertyAddress, ActiveCurve],
    copies: ActionCopies,
    written: dict[PropertyAddress, WrittenCurve],
) -> None:
    """Store the request and the baseline with every Action of the new take."""
    identity = {"take": uuid.uuid4().hex, "name": copies.main[0].name, "character": obj.name}
    take = {**request, **identity, "parent": _parent(copies), "created": stored_request.creation_time()}
    target = head_target(obj)
    if any(compat.find_channelbag(action, target.kind) for action in copies.main):
        take |= {
            "rest_rotation": list(evaluate_curves.reference_rotation(obj)),
            "rest_delta": list(rest_pose.rest_delta(obj)),
            **rest_pose.rotation_fields(target),
            **body_rotation.stored_fields(active_actions(obj)),
        }
    original = {copy: action for action, copy in copies.by_original.items()}
    for action in (*copies.main, *copies.layers):
        points, pins = _baseline_points(action, original.get(action), active), dict(baseline.read_applied_pins(action))
        merge_written(action, written, points, pins)
        layer = layer_tracks.layer_name(action) if action in copies.layers else None  # a layer can be assigned as main
        store_points(action, {**take, "layer": layer} if layer else take, points, pins)


def merge_written(
    action: bpy.types.Action,
    written: dict[PropertyAddress, WrittenCurve],
    points: PointsByAddress,
    pins: PointsByAddress,
) -> bool:
    """Add what an edit wrote into one Action to its baseline and its pins. Return whether there was anything."""
    own = {address: curve for address, curve in written.items() if curve.action == action}
    for address, curve in own.items():
        points[address] = _merge_points(points.get(address, np.empty((0, 2))), curve.points, curve.change)
        pins[address] = _merge_points(pins.get(address, np.empty((0, 2))), curve.change.pins, curve.change)
    return bool(own)


def store_points(
    action: bpy.types.Action,
    take: dict[str, Any],
    points_by_address: PointsByAddress,
    pins: PointsByAddress,
    level: int = baseline.COMPRESSION,
) -> None:
    """Store the request with a baseline of keys, which need not be one a frame; `level`: of its compression."""
    curves: dict[str, list[SampledCurve]] = {}
    uneven: PointsByAddress = {}
    first = take["first_frame"]
    for (kind, path, index), points in points_by_address.items():
        if not len(points):
            continue
        values = points[:, 1]
        if not np.array_equal(points[:, 0], np.arange(first, first + len(points))):
            uneven[kind, path, index] = points
            rows = np.arange(first, max(points[-1, 0], first) + 1)
            # The keys have the values; runs of one value take little space.
            values = points[np.maximum(np.searchsorted(points[:, 0], rows, side="right") - 1, 0), 1].astype(np.float32)
        curves.setdefault(kind, []).append(SampledCurve(path, index, values))
    baseline.store(action, take, curves, uneven, pins, level)


def _parent(copies: ActionCopies) -> str:
    """Return the id of the take that was edited; "" if DiFACE did not make the Actions."""
    requests = [stored_request.read_request(action) for action in copies.by_original]
    return next((request["take"] for request in requests if request), "")


def _baseline_points(
    copy: bpy.types.Action, action: bpy.types.Action | None, active: dict[PropertyAddress, ActiveCurve]
) -> PointsByAddress:
    """Return the baseline of an Action for the channels that its copy has; of an Action of the user, its keys."""
    if action is None:
        return {}
    if stored_request.read_request(action):
        stored = baseline.read_baseline_keys(action).items()
        return {address: points for address, points in stored if compat.find_channelbag(copy, address[0])}
    return {address: KeyTable.read(curve.fcurve).co for address, curve in active.items() if curve.action == action}


def _merge_points(before: np.ndarray, new: np.ndarray, change: CurveChange) -> np.ndarray:
    """Return the points `before` (N, 2), with those that an edit wrote in place of the ones that it replaced."""
    if not len(before) and not len(new):
        return before.astype(np.float32)
    stays = ~change.in_segments(before[:, 0])
    if np.array_equal(before[~stays, 0], new[:, 0]):  # the usual case, in which only values change
        points = before.astype(np.float32)
        points[~stays] = new
        return points
    if len(new):
        stays &= ~nearest(new[:, 0], before[:, 0])[1]
    points = np.concatenate([before[stays], new])
    return points[np.argsort(points[:, 0], kind="stable")].astype(np.float32)

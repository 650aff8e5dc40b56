"""Replaces one key a frame by few Bezier keys. Keys of the user stay, and what they show is found again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from ... import compat
from ...core import key_reduction, types
from ...rig.property_address import PointsByAddress, PropertyAddress
from ..animation.channel_weights import channel_weights
from ..edits.edit_baseline import store_points
from ..edits.rewrite_keys import evaluate_without_modifiers
from ..keys import editable_actions
from ..keys.bezier_keys import bezier_table
from ..keys.key_table import SAME_TIME, KeyTable
from ..keys.write_keys import enum_value
from ..pins import vertex_pins
from ..pins.pin_values import is_locked
from ..provenance import baseline, edited_keys, reduction_state, stored_request
from ..provenance.reduction_state import Reduction
from . import face_bounds
from .restore_keys import restore


@dataclass(frozen=True)
class DenseCurve:
    """A generated curve with one key a frame.

    Attributes:
        action: Its Action.
        address: Its property.
        fcurve: The curve.
        keys: Its keys.
        user: (K,) bool, the keys that the user set.
        points: (N, 2) its baseline.
    """

    action: bpy.types.Action
    address: PropertyAddress
    fcurve: bpy.types.FCurve
    keys: KeyTable
    user: types.BoolArray
    points: npt.NDArray[np.float32]

    @property
    def grid(self) -> tuple[int, int]:
        """The first and the last frame of the baseline."""
        return round(float(self.points[0, 0])), round(float(self.points[-1, 0]))


def reduce(obj: bpy.types.Object, actions: Sequence[bpy.types.Action], reduction: Reduction) -> None:
    """Reduce the keys of Actions of takes. Keys that were reduced are restored first. Locked curves stay.

    Args:
        obj: The character that they animate.
        actions: The Actions.
        reduction: How.

    Raises:
        SceneError: An Action is in another file. Nothing is changed.
    """
    editable_actions.check(actions)
    for action in actions:
        restore(action)
        if stored_request.read_request(action) is not None and baseline.SAMPLES in action:
            _reduce_action(obj, action, reduction)


def reduce_again(obj: bpy.types.Object, actions: Sequence[bpy.types.Action]) -> None:
    """Reduce the keys of Actions in which an edit wrote one key a frame, as they were reduced before.

    Actions with dense keys stay.
    """
    for action in actions:
        reduction = reduction_state.read(action)
        if reduction is not None:
            reduce(obj, [action], reduction)


def _reduce_action(obj: bpy.types.Object, action: bpy.types.Action, reduction: Reduction) -> None:
    curves = _find_curves(action)
    reduced: reduction_state.CurveKeys = {}
    tables: list[tuple[DenseCurve, KeyTable]] = []
    for first, last in sorted({curve.grid for curve in curves}):
        of_grid = [curve for curve in curves if curve.grid == (first, last)]
        frames = np.arange(first, last + 1, dtype=np.float64)
        values = np.stack([_sample(curve, frames) for curve in of_grid], axis=1)
        is_key, slopes = _choose_keys(obj, of_grid, values, first, reduction)
        for column, curve in enumerate(of_grid):
            rows = np.flatnonzero(is_key[:, column])
            keys = np.stack([frames[rows], values[rows, column], slopes[rows, column]], axis=1).astype(np.float32)
            reduced[curve.address] = keys
            tables.append((curve, _with_user_keys(bezier_table(keys), curve)))
    points: PointsByAddress = dict(baseline.read_baseline_keys(action))
    for curve, _table in tables:
        kept = np.isin(np.round(curve.points[:, 0]), np.round(reduced[curve.address][:, 0]))
        points[curve.address] = curve.points[kept]
    reduction_state.store(action, reduction, reduced)
    store_points(action, stored_request.require_request(action), points, baseline.read_applied_pins(action))
    for curve, table in tables:
        table.write(curve.fcurve)


def _find_curves(action: bpy.types.Action) -> list[DenseCurve]:
    """Return the curves of an Action that were generated and are not locked."""
    points, extreme = baseline.read_baseline_keys(action), enum_value("type", "EXTREME")
    found = []
    for address, fcurve in compat.action_fcurves(action):
        generated = points.get(address)
        if generated is None or len(generated) < 2 or len(fcurve.keyframe_points) < 2 or is_locked(fcurve):
            continue
        keys = KeyTable.read(fcurve)
        user = edited_keys.changed_mask(keys, generated) | (keys.type == extreme)
        found.append(DenseCurve(action, address, fcurve, keys, user, generated))
    return found


def _sample(curve: DenseCurve, frames: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    if np.array_equal(curve.keys.frames, frames):
        return curve.keys.values.astype(np.float64)
    return evaluate_without_modifiers(curve.fcurve, frames).astype(np.float64)


def _choose_keys(
    obj: bpy.types.Object,
    curves: Sequence[DenseCurve],
    values: npt.NDArray[np.float64],
    first_frame: int,
    reduction: Reduction,
) -> tuple[types.BoolArray, types.Float32Array]:
    """Return which samples (T, C) stay keys, and the slopes (T, C) there. Columns that are equal stay so."""
    addresses = [curve.address for curve in curves]
    fixed = np.stack([_rows_of_user_keys(curve, first_frame, len(values)) for curve in curves], axis=1)
    weights = channel_weights(obj, addresses)
    fixed |= face_bounds.closure_mask(_of_main_mesh(addresses, values), weights)
    fixed[_rows_of_sculpts(curves, first_frame, len(values))] = True
    bounds = face_bounds.bounds(obj, addresses, weights, reduction)
    if reduction.mode == "STEP":
        fixed[:: max(1, reduction.step)] = True
        bounds = key_reduction.Bounds(np.full(len(curves), np.inf), np.zeros((len(curves), 0, 3)))
    first, number = _equal_columns(values)
    fixed = np.stack([fixed[:, number == group].any(axis=1) for group in range(len(first))], axis=1)
    keys = key_reduction.reduce_keys(values[:, first], bounds.merged(number), fixed)
    return keys.is_key[:, number], keys.slopes[:, number]


def _rows_of_sculpts(curves: Sequence[DenseCurve], first_frame: int, rows: int) -> list[int]:
    """Return the rows at which the whole face is a pin."""
    frames = vertex_pins.pin_frames([curves[0].action])
    return [row for row in (round(frame) - first_frame for frame in frames) if 0 <= row < rows]


def _of_main_mesh(addresses: Sequence[PropertyAddress], values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the values without those of other meshes, which have the same shapes as the main mesh."""
    others = [address[0].startswith("KEY:") for address in addresses]
    return np.where(others, 0.0, values)


def _equal_columns(values: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the first column of each group with the same values (G,), and the group of each column (C,)."""
    numbers: dict[bytes, int] = {}
    number = np.array([numbers.setdefault(column.tobytes(), len(numbers)) for column in values.T], np.intp)
    return np.unique(number, return_index=True)[1], number


def _rows_of_user_keys(curve: DenseCurve, first_frame: int, rows: int) -> types.BoolArray:
    """Return the rows (T,) at the keys of the user, and those before and after keys between rows."""
    at = curve.keys.frames[curve.user].astype(np.float64) - first_frame
    whole = np.abs(at - np.round(at)) <= SAME_TIME
    near = np.concatenate([np.round(at[whole]), np.floor(at[~whole]), np.ceil(at[~whole])]).astype(int)
    mask = np.zeros(rows, bool)
    mask[near[(near >= 0) & (near < rows)]] = True
    return mask


def _with_user_keys(table: KeyTable, curve: DenseCurve) -> KeyTable:
    """Return Bezier keys with the keys of the user: those on a frame with the curve's handles, others on lines."""
    user = curve.keys[curve.user]
    if not len(user):
        return table
    near, on_frame = table.nearest(user.frames)
    table.type[near[on_frame]] = user.type[on_frame]
    for name in ("select_control_point", "select_left_handle", "select_right_handle"):
        getattr(table, name)[near[on_frame]] = getattr(user, name)[on_frame]
    between = user[~on_frame]
    if not len(between):
        return table
    before = np.searchsorted(table.frames, between.frames) - 1
    table.interpolation[before[before >= 0]] = enum_value("interpolation", "LINEAR")
    return KeyTable.joined([table, between])

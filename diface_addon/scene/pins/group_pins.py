"""Pins on poses, such as visemes, and on bones: what they mean for the channels that move them."""

from __future__ import annotations

from collections.abc import Iterable

import bpy
import numpy as np
import numpy.typing as npt

from ...rig.face_mapping import PoseGroup
from ...rig.lip_closure import LipGroup
from ...rig.property_address import PropertyAddress
from ..animation import active_curves, evaluate_curves
from ..animation.active_curves import ActiveCurve
from ..keys.key_table import SAME_TIME
from ..provenance import baseline, stored_request
from .pin import Pin

CHANGED = 1e-4
"""Change of a channel from which it counts as pinned."""


def to_channel_values(
    obj: bpy.types.Object, group: active_curves.Group, pins: Iterable[Pin]
) -> list[tuple[str, float, float]]:
    """Return (channel, frame, value) of the channels that pins on a group change.

    A pin changes the group from how it was generated; channels that this does not change are not pinned.

    Args:
        obj: The character.
        group: Poses or a bone.
        pins: Pins; those on other properties are skipped.
    """
    on_group = [pin for pin in pins if pin.address in group.addresses]
    if not on_group:
        return []
    frames = np.unique([pin.frame for pin in on_group])
    frames = frames[np.append(np.diff(frames) > SAME_TIME, True)]
    active = active_curves.find_active_curves(obj)
    after = evaluate_curves.sample_group(obj, group, frames, active)
    before = group.columns(_as_generated(group, frames, after, active))
    for pin in on_group:
        row, column = int(np.argmin(np.abs(frames - pin.frame))), group.addresses.index(pin.address)
        after[row, _moved_together(group, column)] = pin.value
    return [
        (channel, float(frame), float(value))
        for channel, column in group.columns(after).items()
        for frame, value, old in zip(frames, column, before[channel], strict=True)
        if abs(value - old) > CHANGED
    ]


def _moved_together(group: active_curves.Group, column: int) -> npt.NDArray[np.bool_]:
    """Return which properties (A,) have the same value as one of them: a pose on several meshes, or the lips."""
    if isinstance(group, LipGroup):
        return np.ones(len(group.addresses), bool)
    if isinstance(group, PoseGroup):
        return group.numbers == group.numbers[column]
    return np.arange(len(group.addresses)) == column


def _as_generated(
    group: active_curves.Group,
    frames: npt.NDArray,
    now: npt.NDArray[np.float32],
    active: dict[PropertyAddress, ActiveCurve],
) -> npt.NDArray[np.float32]:
    """Return the values (N, K) at `frames` (N,) as they were generated; those of `now` (N, K) if they were not."""
    values = now.copy()
    for column, address in enumerate(group.addresses):
        curve = active.get(address)
        if curve is not None and stored_request.read_request(curve.action):
            points = baseline.read_baseline_keys(curve.action).get(address)
            if points is not None and len(points):
                times = [curve.to_curve_time(frame) for frame in frames]
                values[:, column] = np.interp(times, points[:, 0], points[:, 1])
    return values

"""Pins in the channels of a Motion: a face key is a channel's value, head keys are axes of the rotation vector."""

from __future__ import annotations

from collections.abc import Iterable

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Quaternion

from ...core import channels, placement, types
from ...rig.head_target import head_target
from ..animation import active_curves, evaluate_curves
from ..keys.key_table import SAME_TIME
from . import group_pins, system_pins
from .pin import Pin, group_by_curve

MIN_ROTATION = 1e-4
"""Radians above which an axis of the head counts as changed."""
PROBE_STEP, MIN_SHARE = 0.02, 0.3
"""An axis belongs to a rotation value if a change by PROBE_STEP moves it by MIN_SHARE of the largest movement."""


def to_channel_pins(
    obj: bpy.types.Object,
    pins: Iterable[Pin],
    names: tuple[str, ...],
    first_frame: int,
    placed: placement.Placement | None = None,
) -> types.Pins:
    """Return pins of keys as pins of a Motion's channels. Of two at the same time, the later counts.

    Keys of the head pin the axes that they changed from the baseline, and those that their values rotate about.

    Args:
        obj: The character.
        pins: The pins of keys.
        names: The channels of the Motion.
        first_frame: Frame of its first row.
        placed: Placement of a FLAME mesh if it is known better than from its vertices.
    """
    pins = list(pins)
    found: list[tuple[int, float, float]] = []
    for pinned in system_pins.pins_of_systems(obj, pins):
        by_channel = pinned.pinned_channels
        found += [(names.index(name), pinned.frame, value) for name, value in by_channel.items() if name in names]
    for group in active_curves.groups(obj):
        on_group = group_pins.to_channel_values(obj, group, pins)
        found += [(names.index(name), frame, value) for name, frame, value in on_group if name in names]
    head = _head_pins(obj, pins, placed)
    found += [(names.index(name), frame, value) for name, frame, value in head if name in names]

    column, frame, value = np.array(sorted(found), np.float64).reshape(-1, 3).T
    last = np.append((np.diff(frame) > SAME_TIME) | (np.diff(column) != 0), True)[: len(frame)]
    at, column, value = frame[last] - first_frame, column[last].astype(np.int32), value[last].astype(np.float32)
    return types.Pins(at, column, value)


def _head_pins(
    obj: bpy.types.Object, pins: list[Pin], placed: placement.Placement | None
) -> list[tuple[str, float, float]]:
    """Return (channel, frame, value) of the pinned axes of the head."""
    rotation, found = set(head_target(obj).addresses), active_curves.find_active_curves(obj)
    points = {
        address[2]: some for address, some in group_by_curve(pin for pin in pins if pin.address in rotation).items()
    }
    frames = np.unique(np.concatenate([some[:, 0] for some in points.values()])) if points else np.zeros(0)
    frames = frames[np.append(np.diff(frames) > SAME_TIME, True)[: len(frames)]]
    if not len(frames):
        return []
    posed = evaluate_curves.sample_rotation(obj, frames, found)
    before = evaluate_curves.generated_values(head_target(obj).addresses, found, frames, posed)
    probes = np.zeros_like(posed)
    for index, some in points.items():
        for frame, value in some:
            row = int(np.argmin(np.abs(frames - frame)))
            posed[row, index], probes[row, index] = value, PROBE_STEP
    rest = evaluate_curves.reference_rotation(obj)
    new = evaluate_curves.head_vectors(obj, posed, placed, rest)
    moved = np.abs(new - evaluate_curves.head_vectors(obj, before, placed, rest)) > MIN_ROTATION
    rows, axes = np.nonzero(moved | _pinned_axes(obj, posed, probes, placed, rest))
    return [
        (channels.HEAD[axis], float(frames[row]), float(new[row, axis])) for row, axis in zip(rows, axes, strict=True)
    ]


def _pinned_axes(
    obj: bpy.types.Object,
    posed: npt.NDArray,
    probes: npt.NDArray,
    placed: placement.Placement | None,
    rest: Quaternion,
) -> npt.NDArray[np.bool_]:
    """Return the axes (K, 3) that the pinned values of poses (K, 3 or 4) rotate about: all, except in Euler modes."""
    if head_target(obj).rotation_mode in ("QUATERNION", "AXIS_ANGLE"):
        return np.ones((len(posed), 3), bool)
    turned = np.zeros((len(posed), 3))
    still = evaluate_curves.head_vectors(obj, posed, placed, rest)
    for index in range(3):
        only = np.zeros_like(probes)
        only[:, index] = probes[:, index]
        turned = np.maximum(turned, np.abs(evaluate_curves.head_vectors(obj, posed + only, placed, rest) - still))
    return turned >= MIN_SHARE * turned.max(axis=1, keepdims=True)

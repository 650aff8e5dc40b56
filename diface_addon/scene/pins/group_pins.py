"""Pins on poses, such as visemes, and on bones: what they mean for the channels that move them."""

from __future__ import annotations

from collections.abc import Iterable

import bpy
import numpy as np

from ..animation import active_curves, evaluate_curves
from ..keys.key_table import SAME_TIME
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
    before = group.columns(evaluate_curves.generated_values(group.addresses, active, frames, after))
    for pin in on_group:
        row, column = int(np.argmin(np.abs(frames - pin.frame))), group.addresses.index(pin.address)
        after[row, group.moved_together(column)] = pin.value
    return [
        (channel, float(frame), float(value))
        for channel, column in group.columns(after).items()
        for frame, value, old in zip(frames, column, before[channel], strict=True)
        if abs(value - old) > CHANGED
    ]

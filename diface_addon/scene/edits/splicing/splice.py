"""Splice: a range of frames and channels of one take blended into a copy of another, key by key.

Outside the range the keys do not change. Within it they are exactly the other take's with their types, except for a
ramp at either end that blends from one take to the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from ....core import errors
from ....rig import rotation_values
from ....rig.head_target import head_target
from ....rig.property_address import PointsByAddress, PropertyAddress
from ...animation import evaluate_curves
from ...keys import head_pose
from ...keys.key_table import KeyTable
from ...pins.pin_values import is_locked
from ...provenance import baseline, stored_request
from ...takes import take_copies, take_index
from .parts import Choice, Rotation, TakeCurves, find_curves
from .rotation import splice_rotation
from .span import Span
from .spliced_baseline import generated_keys, store_baseline, update_baseline


def find_span(base: list[bpy.types.Action], other: list[bpy.types.Action], frames: tuple[int, int], ramp: int) -> Span:
    """Return the part of `frames` that both takes have.

    Args:
        base: The take that is spliced into.
        other: The take that a part comes from.
        frames: First and last frame.
        ramp: Frames of the ramp at each end beyond which `base` continues.

    Raises:
        SceneError: The takes have no common frames in the range, or one is a vertex animation.
    """
    take_copies.check_has_keys(base)
    take_copies.check_has_keys(other)
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
    choice: Choice,
    span: Span,
    name: str = "Spliced",
) -> list[bpy.types.Action]:
    """Return a new take: `base` with a part of `other` in a span of frames.

    Args:
        obj: The character.
        base: The take that is spliced into.
        other: The take that the part comes from.
        choice: What to take of `other`: see `parts.choose`.
        span: The frames.
        name: Name of the new take.
    """
    copies = take_copies.duplicate(base, name)
    changed = {copy.name: dict(baseline.read_baseline_keys(copy)) for copy in copies}
    known = {action.name: baseline.read_baseline_keys(action) for action in other}
    takes = _Takes(find_curves(copies), find_curves(other), changed, known, span)
    for part in choice.parts:
        if part.rotations is not None:
            takes.splice_rotation(*part.rotations)
        else:
            for address in part.addresses:
                takes.splice_values(address)
    if choice.takes_head:
        takes.compensate_pivot(obj, copies)
    record = {
        "take": stored_request.require_request(other[0])["take"],
        "frames": [span.first, span.last],
        "channels": sorted({name for part in choice.parts for name in part.channels}),
    }
    for copy in copies:
        store_baseline(copy, changed[copy.name], record)
    return copies


@dataclass(frozen=True)
class _Takes:
    """The two takes of a splice.

    Attributes:
        mine: The curves of the new take, so far a copy.
        theirs: The curves of the take that a part comes from.
        changed: The baseline of each Action of the new take, by its name; it follows what is spliced.
        known: The baseline of each Action of the other take.
        span: The frames.
    """

    mine: TakeCurves
    theirs: TakeCurves
    changed: dict[str, PointsByAddress]
    known: dict[str, PointsByAddress]
    span: Span

    def splice_values(self, address: PropertyAddress) -> None:
        """Splice one property."""
        curve, other = self.mine[address], self.theirs[address]
        times = self.span.ramp_times(curve.table, other.table)
        weights = self.span.weight(times)
        before, after = (evaluate_curves.evaluate_fcurve(one.fcurve, times) for one in (curve, other))
        ramps = KeyTable.generated(times, (1 - weights) * before + weights * after)
        self.span.joined(curve.table, ramps, other.table).write(curve.fcurve)
        self._update_baseline(address, ramps, self.known[other.action.name].get(address))

    def splice_rotation(self, rotation: Rotation, other_rotation: Rotation) -> None:
        """Splice a rotation, in its mode in the take that is spliced into."""
        have, other = rotation.curves(self.mine), other_rotation.curves(self.theirs)
        tables, changes = splice_rotation(have, other, self.span)
        for index, (address, table) in enumerate(zip(rotation.addresses, tables, strict=True)):
            table.write(self.mine[address].fcurve)
            inside = None
            if changes is not None:
                factor, offset = changes[index]
                other_address = other_rotation.addresses[index]
                points = self.known[self.theirs[other_address].action.name].get(other_address)
                inside = None if points is None else points * np.array([1, factor]) + np.array([0, offset])
            self._update_baseline(address, generated_keys(table, self.span, changes is None), inside)

    def compensate_pivot(self, obj: bpy.types.Object, actions: Sequence[bpy.types.Action]) -> None:
        """Write the delta location for the new rotation of a head that rotates about its neck."""
        placed, target = evaluate_curves.find_placement(obj), head_target(obj)
        wanted = [(target.kind, head_pose.DELTA_LOCATION, index) for index in range(3)]
        curves = [self.mine[address] for address in wanted if address in self.mine]
        if placed is None or len(curves) < 3 or any(is_locked(curve.fcurve) for curve in curves):
            return
        request, rotation = stored_request.require_request(actions[0]), Rotation.of_head(actions).curves(self.mine)
        times = KeyTable.read(rotation.curves[0]).between(self.span.first, self.span.last).frames
        vectors = rotation_values.rotation_vectors(rotation.values_at(times), rotation.mode, rotation.rest)
        offsets = head_pose.pivot_compensation(target, vectors, rotation.rest, placed.neck, request["rest_delta"])
        for address, curve, offset in zip(wanted, curves, offsets, strict=True):
            keys = KeyTable.generated(times, offset.values)
            KeyTable.joined([curve.table.outside(self.span.first, self.span.last), keys]).write(curve.fcurve)
            self._update_baseline(address, keys, None)

    def _update_baseline(self, address: PropertyAddress, keys: KeyTable, theirs: npt.NDArray | None) -> None:
        update_baseline(self.changed[self.mine[address].action.name], address, keys, theirs, self.span)

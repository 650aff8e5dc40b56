"""Splice: a range of frames and channels of one take blended into a copy of another, key by key.

Outside the range the keys stay as they are, to the bit. Within it they are the other take's, as they are and with their
types, but for a ramp at either end that leads from one to the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Quaternion

from ... import compat
from ...core import channels, errors
from ..animation import sampling
from ..characters import shape_key_names
from ..keys import head_pose, rotation_values
from ..keys.key_table import KeyTable
from ..keys.property_address import PointsByAddress, PropertyAddress
from ..keys.write_keys import SampledCurve
from ..pins.pin_values import is_locked
from ..provenance import baseline, stored_request, take_request
from ..takes import take_copies, take_index
from . import splice_head
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
    """The part of `frames` (first and last) that both takes have, with ramps of `ramp` frames where the one that is
    spliced into goes on beyond it. Raises SceneError where there is none."""
    whole, theirs = frame_extent(base), frame_extent(other)
    common = max(whole[0], theirs[0]), min(whole[1], theirs[1])
    first, last = max(frames[0], common[0]), min(frames[1], common[1])
    if first > last:
        message = f"In the frames {frames[0]} to {frames[1]} there is nothing of both takes."
        both = f"frames {common[0]} to {common[1]}" if common[0] <= common[1] else "no frames"
        raise errors.SceneError(message, f"They have {both} in common.")
    ramp = min(ramp, (last - first) // 2)
    return Span(first, last, ramp if first > whole[0] else 0, ramp if last < whole[1] else 0)


def frame_extent(actions: list[bpy.types.Action]) -> tuple[int, int]:
    """First and last frame of a take's keys."""
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
    """A new take called `name`: `base` with the channels `names` of `other` in the frames of `over`, but for `locked`
    ones. Raises SceneError where the two have nothing else of that in common, or one is a vertex animation, with the
    scene as it was."""
    take_copies.check_has_keys(base)
    take_copies.check_has_keys(other)
    fixed = locked_channels(obj, base, names)
    names = tuple(name for name in names if name not in fixed)
    theirs, wanted = find_curves(other), _shape_key_paths(obj, names)
    head = bool(set(channels.HEAD) & set(names)) and _has_rotation(base) and _has_rotation(other)
    if not head and not any(address in theirs and address[:2] in wanted for address in find_curves(base)):
        if fixed:
            raise errors.SceneError("What the two takes have of that in common is locked.", UNLOCK_HINT)
        raise errors.SceneError("The two takes move nothing of that in common.", "Choose other regions.")
    copies = take_copies.duplicate(base, name)
    mine = {
        address: held for address, held in find_curves(copies).items() if address in theirs and address[:2] in wanted
    }
    written = {copy.name: dict(baseline.read_baseline_keys(copy)) for copy in copies}
    _splice_values(mine, theirs, written, span)
    if head:
        _splice_head(obj, (copies, other), find_curves(copies), written, span)
    record = {
        "take": stored_request.read_request(other[0])["take"],
        "frames": [span.first, span.last],
        "channels": names,
    }
    for copy in copies:
        _store_baseline(copy, written[copy.name], record)
    return copies


def locked_channels(obj: bpy.types.Object, base: list[bpy.types.Action], names: tuple[str, ...]) -> list[str]:
    """Those of the channels `names` that stay as they are in a splice, as the artist has locked their curves in `base`;
    of the head all, where one number of its rotation is locked."""
    fixed = {address[:2] for address, held in find_curves(base).items() if is_locked(held.fcurve)}
    head = (
        "OBJECT",
        head_pose.rotation_path(stored_request.read_request(base[0]).get("rotation_mode", "XYZ")),
    ) in fixed
    return [name for name in names if (head if name in channels.HEAD else _shape_key_paths(obj, (name,)) & fixed)]


def find_curves(actions: list[bpy.types.Action]) -> dict[PropertyAddress, CurveInAction]:
    """The curve that says what each property does: of a layer, rather than keys that the artist set over it."""
    found: dict[PropertyAddress, CurveInAction] = {}
    for action in reversed(actions):
        known = baseline.read_baseline_keys(action)
        for kind in ("KEY", "OBJECT"):
            for curve in getattr(compat.find_channelbag(action, kind), "fcurves", ()):
                address = kind, curve.data_path, curve.array_index
                if len(curve.keyframe_points) and (address in known or address not in found):
                    found[address] = CurveInAction(action, curve)
    return found


def _shape_key_paths(obj: bpy.types.Object, names: tuple[str, ...]) -> set[tuple[str, str]]:
    """Kind and path of the shape keys that the channels `names` are."""
    blocks = obj.data.shape_keys.key_blocks if obj.data.shape_keys else {}
    shapes = {channel: blocks[name] for channel, name in shape_key_names.face_shape_keys(obj).items()}
    return {("KEY", block.path_from_id("value")) for channel, block in shapes.items() if channel in names}


def _splice_values(
    mine: dict[PropertyAddress, CurveInAction],
    theirs: dict[PropertyAddress, CurveInAction],
    baselines: dict[str, PointsByAddress],
    span: Span,
) -> None:
    """The shape keys: from value to value."""
    known = {action.name: baseline.read_baseline_keys(action) for action in {held.action for held in theirs.values()}}
    for address, held in mine.items():
        other = theirs[address]
        times = span.ramp_times(held.table, other.table)
        weights = span.weight(times)
        before, after = (sampling.evaluate_fcurve(one.fcurve, times) for one in (held, other))
        ramps = KeyTable.generated(times, (1 - weights) * before + weights * after)
        span.joined(held.table, ramps, other.table).write(held.fcurve)
        _update_baseline(baselines[held.action.name], address, ramps, known[other.action.name].get(address), span)


def _splice_head(
    obj: bpy.types.Object,
    pair: tuple[list[bpy.types.Action], list[bpy.types.Action]],
    mine: dict[PropertyAddress, CurveInAction],
    baselines: dict[str, PointsByAddress],
    span: Span,
) -> None:
    """The rotation, and what makes up for a neck that is not at the origin."""
    theirs = find_curves(pair[1])
    have, other = _take_rotation(pair[0], mine), _take_rotation(pair[1], theirs)
    tables, changes = splice_head.splice_rotation(have, other, span)
    for index, table in enumerate(tables):
        address = "OBJECT", head_pose.rotation_path(have.mode), index
        table.write(mine[address].fcurve)
        inside = None
        if changes is not None:
            factor, offset = changes[index]
            points = baseline.read_baseline_keys(theirs[address].action).get(address)
            inside = None if points is None else points * np.array([1, factor]) + np.array([0, offset])
        _update_baseline(
            baselines[mine[address].action.name], address, _generated_keys(table, span, changes is None), inside, span
        )
    _compensate_pivot(obj, pair[0], mine, baselines, have, span)


def _take_rotation(
    actions: list[bpy.types.Action], curves_of_take: dict[PropertyAddress, CurveInAction]
) -> splice_head.RotationCurves:
    """The rotation of a take that has one."""
    request = stored_request.read_request(actions[0])
    path = head_pose.rotation_path(request["rotation_mode"])
    found = [curves_of_take[address].fcurve for n in range(4) if (address := ("OBJECT", path, n)) in curves_of_take]
    return splice_head.RotationCurves(found, request["rotation_mode"], Quaternion(request["rest_rotation"]))


def _has_rotation(actions: list[bpy.types.Action]) -> bool:
    """Whether a take has a rotation, and the artist has removed none of its curves."""
    path = head_pose.rotation_path(stored_request.read_request(actions[0]).get("rotation_mode", "XYZ"))
    found = [address for address in find_curves(actions) if address[:2] == ("OBJECT", path)]
    return len(found) == (3 if path == "rotation_euler" else 4)


def _compensate_pivot(
    obj: bpy.types.Object,
    actions: list[bpy.types.Action],
    mine: dict[PropertyAddress, CurveInAction],
    baselines: dict[str, PointsByAddress],
    rotation: splice_head.RotationCurves,
    span: Span,
) -> None:
    """The delta location that goes with the new rotation, of a head that turns about its neck."""
    placed = sampling.find_placement(obj)
    addresses = [address for n in range(3) if (address := ("OBJECT", head_pose.DELTA_LOCATION, n)) in mine]
    if placed is None or len(addresses) < 3 or any(is_locked(mine[address].fcurve) for address in addresses):
        return
    request = stored_request.read_request(actions[0])
    times = KeyTable.read(rotation.curves[0]).between(span.first, span.last).frames
    vectors = rotation_values.rotation_vectors(rotation.values_at(times), rotation.mode, rotation.rest)
    swings = head_pose.pivot_compensation(obj, vectors, rotation.rest, placed.neck, request["rest_delta"])
    for address, swing in zip(addresses, swings, strict=True):
        held, made = mine[address], KeyTable.generated(times, swing.values)
        KeyTable.joined([held.table.outside(span.first, span.last), made]).write(held.fcurve)
        _update_baseline(baselines[held.action.name], address, made, None, span)


def _generated_keys(table: KeyTable, span: Span, plateau_too: bool) -> KeyTable:
    """Those keys of a new table that are neither take's."""
    inside = table.between(span.first, span.last)
    return inside if plateau_too else inside.outside(*span.plateau)


def _update_baseline(
    baseline_points: PointsByAddress,
    address: PropertyAddress,
    generated_keys: KeyTable,
    theirs: npt.NDArray | None,
    span: Span,
) -> None:
    """Have what was written say what is now as it was made, so that the artist's own keys still show as theirs."""
    mine = baseline_points.get(address, np.zeros((0, 2), np.float32))
    rest = mine[(mine[:, 0] < span.first - 1e-3) | (mine[:, 0] > span.last + 1e-3)]
    first, last = span.plateau
    if theirs is not None:
        theirs = theirs[(theirs[:, 0] >= first - 1e-3) & (theirs[:, 0] <= last + 1e-3)]
    points = np.concatenate([rest, generated_keys.co, *([] if theirs is None else [theirs])]).astype(np.float32)
    baseline_points[address] = points[np.argsort(points[:, 0], kind="stable")]


def _store_baseline(copy: bpy.types.Action, baseline_points: PointsByAddress, record: dict[str, object]) -> None:
    """Keep with a new take what its keys are as they were made, and what was spliced into it."""
    request = stored_request.read_request(copy)
    first, kept = request["first_frame"], {}
    samples: dict[str, list[SampledCurve]] = {}
    for kind, some in baseline.read_samples(copy).items():
        samples[kind] = []
        for curve in some:
            points = baseline_points[kind, curve.path, curve.index]
            frames = first + np.arange(len(curve.values))
            values = np.interp(frames, points[:, 0], points[:, 1]).astype(np.float32)
            samples[kind].append(SampledCurve(curve.path, curve.index, values))
            if len(points) != len(frames) or np.any(points[:, 0] != frames):
                kept[kind, curve.path, curve.index] = points
    baseline.store(copy, {**request, "spliced": [*request.get("spliced", ()), record]}, samples, kept)
    if take_request.WHOLE_REQUEST in copy:
        del copy[take_request.WHOLE_REQUEST]  # it would not make this take again

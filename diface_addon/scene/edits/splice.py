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
from ..animation import sample_motion
from ..characters import shape_key_names
from ..keys import head_pose, rotation_values
from ..keys.key_table import KeyTable
from ..keys.write_keys import Curve
from ..pins.pin_values import is_locked
from ..provenance import baseline, take_request
from ..takes import take_copies, takes
from . import splice_head
from .splice_span import Span

Actions = list[bpy.types.Action]
Address = tuple[str, str, int]
"""Kind of data-block ('KEY', 'OBJECT'), RNA path, and array index."""


UNLOCK = "Unlock some of its curves, or choose other regions."


@dataclass(frozen=True)
class Held:
    """An F-curve of a take, and the Action that has it."""

    action: bpy.types.Action
    fcurve: bpy.types.FCurve

    @property
    def table(self) -> KeyTable:
        """Its keys."""
        return KeyTable.read(self.fcurve)


def span(base: Actions, other: Actions, frames: tuple[int, int], ramp: int) -> Span:
    """The part of `frames` (first and last) that both takes have, with ramps of `ramp` frames where the one that is
    spliced into goes on beyond it. Raises SceneError where there is none."""
    whole, theirs = extent(base), extent(other)
    common = max(whole[0], theirs[0]), min(whole[1], theirs[1])
    first, last = max(frames[0], common[0]), min(frames[1], common[1])
    if first > last:
        message = f"In the frames {frames[0]} to {frames[1]} there is nothing of both takes."
        both = f"frames {common[0]} to {common[1]}" if common[0] <= common[1] else "no frames"
        raise errors.SceneError(message, f"They have {both} in common.")
    ramp = min(ramp, (last - first) // 2)
    return Span(first, last, ramp if first > whole[0] else 0, ramp if last < whole[1] else 0)


def extent(actions: Actions) -> tuple[int, int]:
    """First and last frame of a take's keys."""
    ranges = [action.frame_range for action in takes.apart(actions)[0]]
    return round(min(first for first, _last in ranges)), round(max(last for _first, last in ranges))


def splice(
    obj: bpy.types.Object, base: Actions, other: Actions, names: tuple[str, ...], over: Span, name: str = "Spliced"
) -> Actions:
    """A new take called `name`: `base` with the channels `names` of `other` in the frames of `over`, but for `locked`
    ones. Raises SceneError where the two have nothing else of that in common, or one is a vertex animation, with the
    scene as it was."""
    take_copies.check_keyed(base)
    take_copies.check_keyed(other)
    fixed = locked(obj, base, names)
    names = tuple(name for name in names if name not in fixed)
    theirs, wanted = curves(other), _wanted(obj, names)
    head = bool(set(channels.HEAD) & set(names)) and _turns(base) and _turns(other)
    if not head and not any(address in theirs and address[:2] in wanted for address in curves(base)):
        if fixed:
            raise errors.SceneError("What the two takes have of that in common is locked.", UNLOCK)
        raise errors.SceneError("The two takes move nothing of that in common.", "Choose other regions.")
    copies = take_copies.duplicate(base, name)
    mine = {address: held for address, held in curves(copies).items() if address in theirs and address[:2] in wanted}
    written = {copy.name: dict(baseline.as_written(copy)) for copy in copies}
    _splice_values(mine, theirs, written, over)
    if head:
        _splice_head(obj, (copies, other), curves(copies), written, over)
    record = {"take": baseline.request_of(other[0])["take"], "frames": [over.first, over.last], "channels": names}
    for copy in copies:
        _remember(copy, written[copy.name], record)
    return copies


def locked(obj: bpy.types.Object, base: Actions, names: tuple[str, ...]) -> list[str]:
    """Those of the channels `names` that stay as they are in a splice, as the artist has locked their curves in `base`;
    of the head all, where one number of its rotation is locked."""
    fixed = {address[:2] for address, held in curves(base).items() if is_locked(held.fcurve)}
    head = ("OBJECT", head_pose.path(baseline.request_of(base[0]).get("rotation_mode", "XYZ"))) in fixed
    return [name for name in names if (head if name in channels.HEAD else _wanted(obj, (name,)) & fixed)]


def curves(actions: Actions) -> dict[Address, Held]:
    """The curve that says what each property does: of a layer, rather than keys that the artist set over it."""
    found: dict[Address, Held] = {}
    for action in reversed(actions):
        known = baseline.as_written(action)
        for kind in ("KEY", "OBJECT"):
            for curve in getattr(compat.channels_of(action, kind), "fcurves", ()):
                address = kind, curve.data_path, curve.array_index
                if len(curve.keyframe_points) and (address in known or address not in found):
                    found[address] = Held(action, curve)
    return found


def _wanted(obj: bpy.types.Object, names: tuple[str, ...]) -> set[tuple[str, str]]:
    """Kind and path of the shape keys that the channels `names` are."""
    blocks = obj.data.shape_keys.key_blocks if obj.data.shape_keys else {}
    shapes = {channel: blocks[name] for channel, name in shape_key_names.face_map(obj).items()}
    return {("KEY", block.path_from_id("value")) for channel, block in shapes.items() if channel in names}


def _splice_values(
    mine: dict[Address, Held], theirs: dict[Address, Held], written: dict[str, baseline.Written], over: Span
) -> None:
    """The shape keys: from value to value."""
    known = {action.name: baseline.as_written(action) for action in {held.action for held in theirs.values()}}
    for address, held in mine.items():
        other = theirs[address]
        times = over.on_ramps(held.table, other.table)
        weights = over.weight(times)
        before, after = (sample_motion.evaluated(one.fcurve, times) for one in (held, other))
        ramps = KeyTable.generated(times, (1 - weights) * before + weights * after)
        over.joined(held.table, ramps, other.table).write(held.fcurve)
        _note(written[held.action.name], address, ramps, known[other.action.name].get(address), over)


def _splice_head(
    obj: bpy.types.Object,
    pair: tuple[Actions, Actions],
    mine: dict[Address, Held],
    written: dict[str, baseline.Written],
    over: Span,
) -> None:
    """The rotation, and what makes up for a neck that is not at the origin."""
    theirs = curves(pair[1])
    have, other = _turning(pair[0], mine), _turning(pair[1], theirs)
    tables, changes = splice_head.spliced(have, other, over)
    for index, table in enumerate(tables):
        address = "OBJECT", head_pose.path(have.mode), index
        table.write(mine[address].fcurve)
        inside = None
        if changes is not None:
            factor, offset = changes[index]
            points = baseline.as_written(theirs[address].action).get(address)
            inside = None if points is None else points * np.array([1, factor]) + np.array([0, offset])
        _note(written[mine[address].action.name], address, _made(table, over, changes is None), inside, over)
    _swing(obj, pair[0], mine, written, have, over)


def _turning(actions: Actions, held: dict[Address, Held]) -> splice_head.Turning:
    """The rotation of a take that has one."""
    request = baseline.request_of(actions[0])
    path = head_pose.path(request["rotation_mode"])
    found = [held[address].fcurve for n in range(4) if (address := ("OBJECT", path, n)) in held]
    return splice_head.Turning(found, request["rotation_mode"], Quaternion(request["rest_rotation"]))


def _turns(actions: Actions) -> bool:
    """Whether a take has a rotation, and the artist has removed none of its curves."""
    path = head_pose.path(baseline.request_of(actions[0]).get("rotation_mode", "XYZ"))
    found = [address for address in curves(actions) if address[:2] == ("OBJECT", path)]
    return len(found) == (3 if path == "rotation_euler" else 4)


def _swing(
    obj: bpy.types.Object,
    actions: Actions,
    mine: dict[Address, Held],
    written: dict[str, baseline.Written],
    turning: splice_head.Turning,
    over: Span,
) -> None:
    """The delta location that goes with the new rotation, of a head that turns about its neck."""
    placed = sample_motion.placement_of(obj)
    addresses = [address for n in range(3) if (address := ("OBJECT", head_pose.DELTA, n)) in mine]
    if placed is None or len(addresses) < 3 or any(is_locked(mine[address].fcurve) for address in addresses):
        return
    request = baseline.request_of(actions[0])
    times = KeyTable.read(turning.curves[0]).between(over.first, over.last).frames
    vectors = rotation_values.vectors(turning.numbers(times), turning.mode, turning.rest)
    swings = head_pose.swings(obj, vectors, turning.rest, placed.neck, request["rest_delta"])
    for address, swing in zip(addresses, swings, strict=True):
        held, made = mine[address], KeyTable.generated(times, swing.values)
        KeyTable.joined([held.table.outside(over.first, over.last), made]).write(held.fcurve)
        _note(written[held.action.name], address, made, None, over)


def _made(table: KeyTable, over: Span, plateau_too: bool) -> KeyTable:
    """Those keys of a new table that are neither take's."""
    inside = table.between(over.first, over.last)
    return inside if plateau_too else inside.outside(*over.plateau)


def _note(written: baseline.Written, address: Address, made: KeyTable, theirs: npt.NDArray | None, over: Span) -> None:
    """Have what was written say what is now as it was made, so that the artist's own keys still show as theirs."""
    mine = written.get(address, np.zeros((0, 2), np.float32))
    rest = mine[(mine[:, 0] < over.first - 1e-3) | (mine[:, 0] > over.last + 1e-3)]
    first, last = over.plateau
    if theirs is not None:
        theirs = theirs[(theirs[:, 0] >= first - 1e-3) & (theirs[:, 0] <= last + 1e-3)]
    points = np.concatenate([rest, made.co, *([] if theirs is None else [theirs])]).astype(np.float32)
    written[address] = points[np.argsort(points[:, 0], kind="stable")]


def _remember(copy: bpy.types.Action, written: baseline.Written, record: dict[str, object]) -> None:
    """Keep with a new take what its keys are as they were made, and what was spliced into it."""
    request = baseline.request_of(copy)
    first, kept = request["first_frame"], {}
    samples: dict[str, list[Curve]] = {}
    for kind, some in baseline.samples_of(copy).items():
        samples[kind] = []
        for curve in some:
            points = written[kind, curve.path, curve.index]
            frames = first + np.arange(len(curve.values))
            values = np.interp(frames, points[:, 0], points[:, 1]).astype(np.float32)
            samples[kind].append(Curve(curve.path, curve.index, values))
            if len(points) != len(frames) or np.any(points[:, 0] != frames):
                kept[kind, curve.path, curve.index] = points
    baseline.store(copy, {**request, "spliced": [*request.get("spliced", ()), record]}, samples, kept)
    if take_request.WHOLE in copy:
        del copy[take_request.WHOLE]  # it would not make this take again

"""The pose of a character between its lines, as an Action: no face motion, and the head as it was before DiFACE.

It also has the curves that the user added to a take, such as the location of the object, which play at all frames.
"""

from __future__ import annotations

from collections.abc import Mapping

import bpy
import numpy as np

from .... import compat
from ....core import channels, types
from ....rig.property_address import id_type
from ...animation import active_curves, body_rotation, evaluate_curves
from ...keys import nla, write_keys
from ...keys.write_keys import SampledCurve
from ...provenance import baseline
from .. import take_writers, user_curves

FIRST_FRAME = 1
"""Frame of the first of two equal keys of the pose; the strip extends them to all frames."""
SAME = 1e-3
"""Difference of values up to which poses are the same."""
NAME = "rest"
"""Last word of the names of these Actions."""


def build(obj: bpy.types.Object, leaving: Mapping[str, bpy.types.Action]) -> dict[str, bpy.types.Action]:
    """Return new Actions with the rest pose by kind of data-block, where `leaving` has more than the present ones.

    Args:
        obj: The character, on which the takes that leave are still active.
        leaving: The Actions of these takes by kind.
    """
    curves, blocks = _rest_curves(obj, leaving), active_curves.data_blocks(obj)
    actions: dict[str, bpy.types.Action] = {}
    for kind in leaving:
        present, added = _present_fcurves(blocks[kind]), user_curves.user_fcurves(obj, kind)
        known = {(fcurve.data_path, fcurve.array_index) for fcurve in present}
        if not added and all((curve.path, curve.index) in known for curve in curves[kind]):
            continue
        action = next(iter(actions.values())) if actions and compat.HAS_ACTION_SLOTS else None
        action = action or bpy.data.actions.new(f"{obj.name} {NAME}")
        bag = compat.new_channelbag(action, blocks[kind], kind)
        write_keys.write_curves(bag, curves[kind], FIRST_FRAME)
        for fcurve in (*added, *present):
            user_curves.copy_fcurve_if_missing(fcurve, bag)
        actions[kind] = action
    return actions


def _rest_curves(obj: bpy.types.Object, leaving: Mapping[str, bpy.types.Action]) -> dict[str, list[SampledCurve]]:
    """Return the curves of the pose: what a motion without any movement writes, and 0 for shapes of one take alone."""
    names = channels.SHAPES + channels.HEAD
    still = types.Motion(np.zeros((2, len(names)), np.float32), names, types.FrameRate(24))
    curves: dict[str, dict[tuple[str, int], SampledCurve]] = {kind: {} for kind in leaving}
    for writer in take_writers.find_writers(still, evaluate_curves.find_placement(obj), None):
        part = writer.write(obj, still, {})
        if not part.fields.get(body_rotation.ADDED):  # there the body's own animation is the rest
            for kind in curves.keys() & part.curves.keys():
                curves[kind] |= {(curve.path, curve.index): curve for curve in part.curves[kind]}
    for kind, action in leaving.items():
        for of_kind, path, index in baseline.read_baseline_keys(action):
            if of_kind == kind and id_type(kind) == "KEY":
                curves[kind].setdefault((path, index), SampledCurve(path, index, np.zeros(2, np.float32)))
    return {kind: list(of_kind.values()) for kind, of_kind in curves.items()}


def rest_strips(block: bpy.types.ID) -> list[bpy.types.NlaStrip]:
    """Return the strips of a data-block with the pose between its lines: one, or none."""
    return [strip for track in nla.tracks(block) if track.name == nla.REST_TRACK for strip in track.strips]


def _present_fcurves(block: bpy.types.ID) -> list[bpy.types.FCurve]:
    """Return the curves of the rest pose that a data-block has already."""
    bags = filter(None, map(compat.active_channelbag, rest_strips(block)))
    return [curve for bag in bags for curve in bag.fcurves]


def is_at_rest(block: bpy.types.ID, kind: str, action: bpy.types.Action, frame: float) -> bool:
    """Return whether an Action poses a data-block at a frame as it is between its lines."""
    bag = compat.find_channelbag(action, kind)
    for rest in _present_fcurves(block) if bag else ():
        curve = bag.fcurves.find(rest.data_path, index=rest.array_index)
        if curve and abs(curve.evaluate(frame) - rest.evaluate(FIRST_FRAME)) > SAME:
            return False
    return True

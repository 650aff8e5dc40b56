"""Writes a Motion as a new take: new Actions, and no change to existing ones."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ... import compat
from ...core import placement, types
from ..animation import active_curves, curve_groups
from ..comparison import ghost
from ..keys import nla, write_keys
from ..keys.wording import names_note
from ..provenance import baseline, stored_request
from . import rollback, take_names, take_writers, use_take, user_curves
from .face_curves import CurvesByKind
from .lines import line_strips
from .take_writers import CustomShapes, TakePart


@dataclass(frozen=True)
class TakeResult:
    """A new take.

    Attributes:
        name: Name of the take.
        actions: Its Actions: one, or one for each data-block if an Action cannot animate several, and then the layers'.
        notes: Notes for the user.
    """

    name: str
    actions: tuple[bpy.types.Action, ...]
    notes: tuple[str, ...]


def write_take(
    obj: bpy.types.Object,
    motion: types.Motion,
    name: str,
    request: dict[str, Any],
    placed: placement.Placement | None = None,
    custom_shapes: CustomShapes | None = None,
) -> TakeResult:
    """Animate `obj` with `motion` as a new take. If anything fails, the file is as it was.

    Args:
        obj: The character.
        motion: Row r is written at frame request["first_frame"] + r. Face channels go to the shape keys that
            `shape_key_names` finds in each mesh, clamped to their sliders; the head's rotation vector to its target.
        name: Name of the take; Blender may add a number.
        request: Stored with the take. Must be JSON.
        placed: Placement of a FLAME mesh, whose head rotates about its neck.
        custom_shapes: Shapes of the motion's face, for a FLAME mesh; None for ARKit's.

    Raises:
        DifaceError: A part of the take cannot be written.
    """
    identity = {"take": uuid.uuid4().hex, "name": name, "character": obj.name}
    take = {**identity, "parent": "", "created": stored_request.creation_time(), **request}
    with rollback.all_or_nothing(obj) as files:
        parts = []
        for writer in take_writers.find_writers(motion, placed, custom_shapes):
            parts.append(writer.write(obj, motion, take))
            take |= parts[-1].fields
            files += [Path(bpy.path.abspath(path)) for name, path in parts[-1].fields.items() if name == "cache"]
        main = _new_main_actions(obj, name, parts, take)
        name = main[0].name
        layers = _new_layer_actions(obj, name, parts, take)
        blocks = {kind: active_curves.data_block(obj, kind) for part in parts for kind in part.curves}
        use_take.assign(obj, blocks, (*main, *layers))
    ghost.remove_ghosts()
    notes = tuple(note for part in parts for note in part.notes)
    return TakeResult(name, (*main, *layers), (*notes, *_solo_notes(blocks.values())))


def _solo_notes(blocks: Iterable[bpy.types.ID]) -> list[str]:
    """Return a note about tracks that keep a take from playing."""
    names = [f"{track.name} of {block.name}" for block in blocks for track in nla.solo_tracks(block)]
    return names_note("NLA tracks with Solo hide the take; turn their star off:", names)


def _new_main_actions(
    obj: bpy.types.Object, name: str, parts: list[TakePart], take: dict[str, Any]
) -> list[bpy.types.Action]:
    """Return one Action for all kinds of data-blocks, or one each without slots.

    A take without curves, such as a vertex cache without the head, has an empty Action that represents it.
    """
    curves: CurvesByKind = {}
    for part in parts:
        for kind, of_kind in part.curves.items():
            curves.setdefault(kind, []).extend(of_kind)
    actions = []
    for of_action in _by_action(curves) or [{}]:
        suffix = take_names.part_suffix(obj, next(iter(of_action), "KEY")) if actions else ""
        actions.append(_new_action(obj, f"{name} {suffix}" if suffix else name, of_action, take))
    of_other_lines = line_strips.find_staying_kinds(obj, actions)
    for kind in [kind for kind in curves if kind not in of_other_lines]:
        holder = use_take.action_for_kind(actions, kind)
        user_curves.copy_user_fcurves(obj, kind, compat.find_channelbag(holder, kind))
    return actions


def _by_action(curves: CurvesByKind) -> list[CurvesByKind]:
    """Return the curves of each Action: all in one, or one Action for each data-block without slots."""
    if compat.HAS_ACTION_SLOTS:
        return [curves] if curves else []
    return [{kind: of_kind} for kind, of_kind in curves.items()]


def _new_layer_actions(
    obj: bpy.types.Object, name: str, parts: list[TakePart], take: dict[str, Any]
) -> list[bpy.types.Action]:
    return [
        _new_action(obj, f"{name} {layer}", of_action, {**take, "layer": layer})
        for part in parts
        for layer, curves in part.layers.items()
        for of_action in _by_action(curves)
    ]


def _new_action(obj: bpy.types.Object, name: str, curves: CurvesByKind, take: dict[str, Any]) -> bpy.types.Action:
    action = bpy.data.actions.new(name)
    action.use_fake_user = True  # an inactive take would be lost on saving
    for kind, kind_curves in curves.items():
        channelbag = compat.new_channelbag(action, active_curves.data_block(obj, kind), kind)
        write_keys.write_curves(channelbag, kind_curves, take["first_frame"])
    curve_groups.arrange(obj, action, hide="layer" not in take)
    baseline.store(action, take, curves)
    return action

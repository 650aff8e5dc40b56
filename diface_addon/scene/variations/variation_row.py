"""The row of variations of a character, and the takes that were active before; stored with its main mesh."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import bpy

from ...core import errors
from ...rig import parts
from ...rig.property_address import id_type
from ..animation import active_actions
from ..provenance import stored_request
from ..takes import take_index, use_take
from ..vertex_animation import vertex_cache

ROW = "diface_variations"
"""Custom property of the main mesh: the row as JSON."""
_names: dict[str, str] = {}
"""The name of an Action of each take when all were last looked up: where to look first."""


@dataclass(frozen=True)
class ActiveTake:
    """A take, and the kinds of data-blocks that it animates: of two takes, one has the face and one the head."""

    take: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class VariationRow:
    """Variations of one thing.

    Attributes:
        label: What they are variations of, for the user.
        before: What was active before them; empty if nothing was.
        takes: Their ids, in the order in which they were made.
    """

    label: str
    before: tuple[ActiveTake, ...]
    takes: tuple[str, ...] = ()


def read(obj: bpy.types.Object | None) -> VariationRow | None:
    """Return the row of a character without takes that were deleted since; None if it has none."""
    row = _stored(obj)
    if row is None:
        return None
    existing = take_index.all_takes()
    row = replace(row, takes=tuple(take for take in row.takes if take in existing))
    return row if row.takes else None


def exists(obj: bpy.types.Object | None) -> bool:
    """Return whether a character has a row, as `read` does. Fast: every button of the row asks on each redraw."""
    row = _stored(obj)
    if row is None:
        return False
    if any(map(_has_action, row.takes)):
        return True
    _names.clear()
    _names.update((take, actions[0].name) for take, actions in take_index.all_takes().items())
    return any(take in _names for take in row.takes)


def is_one_shown(obj: bpy.types.Object) -> bool:
    """Return whether a variation, or a copy of its Action, is active. Fast: a button asks on each redraw."""
    row = _stored(obj)
    requests = filter(None, map(stored_request.read_request, active_actions.active_actions(obj)))
    active, cache = {request["take"] for request in requests}, vertex_cache.active_take(obj)
    return row is not None and any(take in active or (cache and take.startswith(cache)) for take in row.takes)


def _has_action(take: str) -> bool:
    """Return whether an Action of a take is where it was when all were last looked up."""
    action = bpy.data.actions.get(_names[take]) if take in _names else None
    request = stored_request.read_request(action) if action else None
    return request is not None and request["take"] == take


def _stored(obj: bpy.types.Object | None) -> VariationRow | None:
    """Return the row of a character as it was stored; None if it has none."""
    try:
        stored = json.loads(obj.get(ROW, "") if obj is not None else "")
        before = tuple(ActiveTake(str(one["take"]), tuple(map(str, one["kinds"]))) for one in stored["before"])
        return VariationRow(str(stored["label"]), before, tuple(map(str, stored["takes"])))
    except (ValueError, TypeError, KeyError):
        return None


def store(obj: bpy.types.Object, row: VariationRow) -> None:
    """Store the row of a character."""
    obj[ROW] = json.dumps(asdict(row))


def add_active(obj: bpy.types.Object, row: VariationRow) -> VariationRow:
    """Add the active take to the row of a character, and return the row. Raises SceneError if none is active."""
    active = active_takes(obj)
    if not active:
        raise errors.SceneError("The variation was deleted.", "Undo that.")
    known = {*row.takes, *(one.take for one in row.before)}
    new = tuple(one.take for one in active if one.take not in known)[:1]
    row = replace(row, takes=(*row.takes, *new))
    store(obj, row)
    return row


def remove(obj: bpy.types.Object) -> None:
    """Remove the row of a character. Its takes stay."""
    if ROW in obj:
        del obj[ROW]


def active_takes(obj: bpy.types.Object) -> tuple[ActiveTake, ...]:
    """Return which takes animate a character, that of the face first."""
    takes, blocks = take_index.all_takes(), parts.data_blocks(obj)
    found = []
    for take in take_index.active_takes(obj, takes):
        main, _layers = take_index.split_layers(takes[take])
        kinds = tuple(kind for kind, block in blocks.items() if use_take.is_active_on(block, main))
        found.append(ActiveTake(take, kinds))
    return tuple(sorted(found, key=lambda one: not any(id_type(kind) == "KEY" for kind in one.kinds)))


def number_shown(obj: bpy.types.Object, row: VariationRow) -> int:
    """Return the place of the variation that is active, from 1; 0 if none is."""
    active = {one.take for one in active_takes(obj)}
    return next((number for number, take in enumerate(row.takes, 1) if take in active), 0)


def show(obj: bpy.types.Object, row: VariationRow, number: int) -> None:
    """Make a variation active, counted from 1, or with 0 what was active before. Raises SceneError if it is gone."""
    if number:
        use_take.use_take(obj, take_index.all_takes()[row.takes[number - 1]])
    else:
        use(obj, row.before)


def use(obj: bpy.types.Object, takes: Sequence[ActiveTake]) -> None:
    """Make takes active where they were before.

    Raises:
        SceneError: One of them was deleted. Nothing is changed.
    """
    existing, blocks = take_index.all_takes(), parts.data_blocks(obj)
    if any(one.take not in existing for one in takes):
        raise errors.SceneError(
            "The take that was active before the variations was deleted.", "Undo that, or keep one of the variations."
        )
    if not takes:
        _use_none(obj, blocks)
    elif len(takes) == 1:
        use_take.use_take(obj, existing[takes[0].take])
    else:
        for one in takes:
            use_take.assign(obj, {kind: blocks[kind] for kind in one.kinds if kind in blocks}, existing[one.take])


def _use_none(obj: bpy.types.Object, blocks: dict[str, bpy.types.ID]) -> None:
    active = {one.take for one in active_takes(obj)}
    main = [action for take in active for action in take_index.all_takes()[take]]
    use_take.clear_face(obj)
    for block in blocks.values():
        if use_take.is_active_on(block, main):
            block.animation_data.action = None

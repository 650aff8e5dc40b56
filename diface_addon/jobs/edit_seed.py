"""The seed of an edit: the panel's for a new edit, the next unused one if the same edit is made again."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
from typing import Any

import bpy

from ..scene.provenance import stored_request
from .edit_plan import EditContext, Plan

RECORD = "edit"
"""Entry of a take's request that identifies the edit that made it: its key, its base, and what the planner adds."""


def with_seed(plan: Plan, edit_context: EditContext, settings: bpy.types.PropertyGroup, first: int) -> Plan:
    """Return `plan` with its seed and its record.

    A plan that names a seed keeps it. Otherwise the seed is the first one, from the panel's on, that no take has that
    the same edit of the same motion made: the first press uses the panel's seed, and each further press with nothing
    changed gives another variation.

    Args:
        plan: The edit.
        edit_context: The motion that is edited.
        settings: `scene.diface`.
        first: The seed of the panel.
    """
    key = _edit_key(plan, edit_context, settings)
    previous = edit_context.stored.get(RECORD, {})
    is_repeated = previous.get("key") == key
    base = previous["base"] if is_repeated else edit_context.stored.get("take", "")
    seed = plan.seed if plan.seed is not None else _unused_seed(first, key, base)
    return dataclasses.replace(plan, seed=seed, record={**plan.record, "key": key, "base": base})


def _unused_seed(first: int, key: str, base: str) -> int:
    requests = filter(None, map(stored_request.read_request, bpy.data.actions))
    used = {request["seed"] for request in requests if _is_made_by(request, key, base)}
    return next(seed for seed in itertools.count(first) if seed not in used)


def _is_made_by(request: dict[str, Any], key: str, base: str) -> bool:
    record = request.get(RECORD, {})
    return record.get("key") == key and record.get("base") == base


def _edit_key(plan: Plan, edit_context: EditContext, settings: bpy.types.PropertyGroup) -> str:
    """Return a hash of everything that determines the edit except its seed."""
    pins = sorted((pin.kind, pin.path, pin.index, pin.frame, pin.value) for pin in plan.pins)
    edit, channels = settings.edit, edit_context.motion.channels
    choices = (edit_context.first_frame, channels, pins, edit.falloff, edit.keep_motion, settings.quality)
    return hashlib.sha256(repr(choices).encode() + plan.regenerate_mask.tobytes()).hexdigest()[:32]

"""What each fix does: at once, or by a job of the worker."""

from __future__ import annotations

from collections.abc import Callable

import bpy

from ...core import errors
from ...scene.animation import active_curves
from ...scene.diagnostics import check_shapes, check_tracks
from ...scene.diagnostics.problem import Problem
from ...scene.pins import pins
from ...settings import scene_settings
from .. import edit, running_job
from ..new_shapes import arkit_keys
from . import fix_plan, renew, retime

Immediate = Callable[[bpy.types.Context, Problem], object]
"""Fixes a problem at once. Raises DifaceError with nothing changed."""
Begin = Callable[[bpy.types.Context, Problem], running_job.RunningJob]
"""Begins the job that fixes a problem. Raises DifaceError with nothing changed."""

HIGHER = 1.5
"""Factor by which the end of a slider is raised."""


def is_immediate(problem: Problem) -> bool:
    """Return whether a fix needs no job."""
    return problem.kind in IMMEDIATE


def apply(context: bpy.types.Context, problem: Problem) -> None:
    """Fix a problem at once. Raises DifaceError with nothing changed."""
    running_job.check_idle()
    IMMEDIATE[problem.kind](context, problem)


def begin(context: bpy.types.Context, problem: Problem) -> running_job.RunningJob:
    """Begin the job that fixes a problem. Raises DifaceError with nothing changed."""
    if problem.kind not in BEGIN:
        raise errors.SceneError(f"{problem.text}.", "No button fixes this: see the row's tooltip.")
    return BEGIN[problem.kind](context, problem)


def _pin(context: bpy.types.Context, problem: Problem) -> running_job.RunningJob:
    """Begin the edit that pins the keys of a problem."""
    obj, by_frame = scene_settings.character(context), {}
    for key in problem.keys:
        by_frame.setdefault(key.frame, {})[key.channel] = key.value
    if problem.kind == "missed_closure" and "mouthClose" not in active_curves.reached_channels(obj):
        for values in by_frame.values():  # only the jaw can close these lips
            values |= {"jawOpen": 0.0, "mouthClose": 0.0}
    new = [pin for frame, values in by_frame.items() for pin in pins.value_pins(obj, frame, values)]
    new = pins.without_locked(obj, new)
    if not new:
        raise errors.SceneError(f"No curve of {obj.name} can be pinned here.", "Unlock its curves, and try again.")
    return edit.begin(context, fix_plan.PinPlanner(problem, tuple(new), context.scene.diface.edit.keep_motion))


def _unpin(context: bpy.types.Context, problem: Problem) -> running_job.RunningJob:
    return edit.begin(context, fix_plan.UnpinPlanner(problem))


def _raise_limit(context: bpy.types.Context, problem: Problem) -> running_job.RunningJob:
    """Raise the end of a slider, and begin the edit that regenerates the part that was cut off."""
    obj = scene_settings.character(context)
    planner = fix_plan.RegeneratePlanner(problem, check_shapes.channels_of(obj, problem.target))
    before = check_shapes.raise_slider(obj, problem.target, HIGHER)
    try:
        return edit.begin(context, planner)
    except errors.DifaceError:
        check_shapes.set_slider(obj, problem.target, before)
        raise


IMMEDIATE: dict[str, Immediate] = {
    "sync_offset": lambda context, problem: retime.shift(context, problem.amount),
    "strip_moved": lambda context, problem: retime.follow_strip(context, problem.target),
    "rate_changed": lambda context, problem: retime.convert(context),
    "muted": lambda context, problem: check_tracks.unmute(scene_settings.character(context), problem.target),
}
BEGIN: dict[str, Begin] = {
    "missed_closure": _pin,
    "false_contact": _pin,
    "moving_in_silence": _pin,
    "pin_against_speech": _unpin,
    "clipped": _raise_limit,
    "strip_replaced": lambda context, problem: renew.begin(context, problem.target),
    "missing_shape": lambda context, problem: arkit_keys.begin(context),
}

"""What the scene shows without the worker: strip, frame rate, muted tracks, shapes and sliders."""

from __future__ import annotations

from pathlib import Path

import bpy

from ...scene.animation import active_curves
from ...scene.animation.active_actions import active_actions
from ...scene.diagnostics import check_shapes, check_sound, check_tracks
from ...scene.diagnostics.problem import Problem
from ...scene.keys import frame_rate
from ...scene.pins import vertex_pins
from ...scene.provenance import baseline, stored_request


def check(context: bpy.types.Context, obj: bpy.types.Object, folder: Path) -> tuple[Problem, ...]:
    """Return what is wrong in the scene. Of an animation that DiFACE did not generate, its tracks and shapes.

    Args:
        context: Names the scene and its sequencer.
        obj: The character.
        folder: Holds the files that have to be written.
    """
    actions = active_actions(obj) or vertex_pins.take_actions(vertex_pins.find_take(obj) or "")
    takes = [action for action in actions if stored_request.read_request(action)]
    stored = stored_request.read_request(takes[0]) if takes else None
    rows = baseline.row_count(takes)
    first = stored["first_frame"] if stored else context.scene.frame_start
    last = first + max(rows - 1, 0) if stored else context.scene.frame_end
    found = check_sound.check_sound(context, stored, last, folder) if stored else []
    found += check_tracks.check_tracks(obj, first, last)
    if active_curves.has_face(obj) and not _is_threediface(stored):
        found += check_shapes.check_shapes(obj, first, last)
        found += check_shapes.check_sliders(obj, first, last - first + 1, frame_rate.scene_rate(context.scene).value)
    return tuple(found)


def _is_threediface(stored: dict | None) -> bool:
    return bool(stored and stored.get("engine"))

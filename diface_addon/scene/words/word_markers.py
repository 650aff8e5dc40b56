"""Timeline markers at the starts of words: shown, found again after the user dragged them, and removed.

Markers have no custom properties in every Blender, so the scene stores which ones are of words: "3 bad" is that of the
third word.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import bpy

PROPERTY = "diface_word_markers"
"""Custom property of the scene: the name of each marker and the frame at which it was put, as JSON."""


def show(scene: bpy.types.Scene, words: Sequence[tuple[str, float]]) -> None:
    """Replace the markers of words by new ones.

    Args:
        scene: The scene with the timeline.
        words: Text and first frame of each word.
    """
    hide(scene)
    put = [(f"{number} {text}"[:63], round(frame)) for number, (text, frame) in enumerate(words, 1)]
    for name, frame in put:
        scene.timeline_markers.new(name, frame=frame)
    scene[PROPERTY] = json.dumps(put)


def hide(scene: bpy.types.Scene) -> None:
    """Remove the markers of words; those of the user stay."""
    for name, _frame in _stored(scene):
        if marker := scene.timeline_markers.get(name):
            scene.timeline_markers.remove(marker)
    scene.pop(PROPERTY, None)


def are_shown(scene: bpy.types.Scene) -> bool:
    """Return whether there are markers of words."""
    return any(name in scene.timeline_markers for name, _frame in _stored(scene))


def dragged(scene: bpy.types.Scene) -> dict[int, int]:
    """Return by how many frames the user moved the markers of words, by index; those that were not are left out."""
    found: dict[int, int] = {}
    for index, (name, frame) in enumerate(_stored(scene)):
        marker = scene.timeline_markers.get(name)
        if marker and marker.frame != frame:
            found[index] = marker.frame - frame
    return found


def _stored(scene: bpy.types.Scene) -> list[tuple[str, int]]:
    try:
        return [(str(name), int(frame)) for name, frame in json.loads(scene.get(PROPERTY, "[]"))]
    except (ValueError, TypeError):
        return []

"""Timeline markers at the starts of words: shown, found again after the user dragged them, and removed."""

from __future__ import annotations

from collections.abc import Sequence

import bpy

INDEX, FRAME = "diface_word", "diface_frame"
"""Custom properties of a marker: the word's index, and the frame at which the marker was put."""


def show(scene: bpy.types.Scene, words: Sequence[tuple[str, float]]) -> None:
    """Replace the markers of words by new ones.

    Args:
        scene: The scene with the timeline.
        words: Text and first frame of each word.
    """
    hide(scene)
    for index, (text, frame) in enumerate(words):
        marker = scene.timeline_markers.new(text, frame=round(frame))
        marker[INDEX], marker[FRAME] = index, marker.frame


def hide(scene: bpy.types.Scene) -> None:
    """Remove the markers of words; those of the user stay."""
    for marker in [marker for marker in scene.timeline_markers if INDEX in marker]:
        scene.timeline_markers.remove(marker)


def are_shown(scene: bpy.types.Scene) -> bool:
    """Return whether there are markers of words."""
    return any(INDEX in marker for marker in scene.timeline_markers)


def dragged(scene: bpy.types.Scene) -> dict[int, int]:
    """Return by how many frames the user moved the markers of words, by index; those that were not are left out."""
    markers = [marker for marker in scene.timeline_markers if INDEX in marker]
    return {marker[INDEX]: marker.frame - marker[FRAME] for marker in markers if marker.frame != marker[FRAME]}

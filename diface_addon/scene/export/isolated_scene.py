"""A copy of the scene in which only a character is selected, and only the exported frames are played."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence

import bpy

from ...core import errors
from ..files.scene_copy import scene_copy


@contextlib.contextmanager
def isolated(
    objects: Sequence[bpy.types.Object], scene: bpy.types.Scene, frames: tuple[int, int]
) -> Generator[bpy.types.Scene]:
    """Override the context with a copy of the scene in which `objects` are selected and `frames` is the range.

    Args:
        objects: The objects of a character, its main mesh first.
        scene: The scene.
        frames: First and last frame.

    Yields:
        The copy.

    Raises:
        SceneError: The main mesh cannot be exported.
    """
    main = objects[0]
    if main.hide_viewport:
        raise errors.SceneError(f"{main.name} is disabled in viewports.", "Turn it on in the Outliner (screen symbol).")
    edited = next((obj for obj in objects if obj.mode == "EDIT"), None)
    if edited is not None:
        raise errors.SceneError(f"{edited.name} is in Edit Mode, where it cannot be exported.", "Leave it with Tab.")
    with scene_copy(scene) as copy:
        layer = copy.view_layers[0]
        if main.name not in layer.objects:
            raise errors.SceneError(f"{main.name} is in an excluded collection.", "Include it in the Outliner.")
        for other in layer.objects:
            other.hide_set(other.hide_get(view_layer=layer) and other not in objects, view_layer=layer)
            other.select_set(other in objects, view_layer=layer)
        if not main.select_get(view_layer=layer):
            hint = "In the Outliner, turn on its and its collection's arrow, eye and screen symbols."
            raise errors.SceneError(f"{main.name} is hidden, or cannot be selected.", hint)
        layer.objects.active = main
        copy.use_preview_range = False
        copy.frame_start, copy.frame_end = frames
        selected = [obj for obj in objects if obj.name in layer.objects and obj.select_get(view_layer=layer)]
        # Without the override, Blender would export the selection of the scene in the window.
        context = {"scene": copy, "view_layer": layer, "selected_objects": selected, "active_object": main}
        with bpy.context.temp_override(**context):  # pyrefly: ignore[bad-context-manager]
            yield copy

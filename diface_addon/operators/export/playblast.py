"""Playblast: render a quick video of the character with its sound."""

from __future__ import annotations

import contextlib
from typing import cast

import bpy

from ... import compat
from ...core import errors
from ...scene.animation import character_checks
from ...scene.characters import camera
from ...scene.export import playblast
from ...scene.keys import frame_range
from ...settings import performance, scene_settings
from ..base.write_file import WriteFileOperator

POLL_INTERVAL = 0.1
"""Seconds between two checks whether the render has finished."""


class DIFACE_OT_playblast(WriteFileOperator, bpy.types.Operator):
    """Render the preview range or the scene range to an mp4 file with sound"""

    bl_idname = "diface.playblast"
    bl_label = "Playblast"

    filename_ext = ".mp4"
    filter_glob: bpy.props.StringProperty(default="*.mp4", options={"HIDDEN"})
    look: bpy.props.EnumProperty(
        name="Look",
        description="How the video is rendered",
        items=(
            ("WORKBENCH", "Workbench", "Fast, lit like a solid viewport"),
            ("SCENE", "Scene", "With the render engine and lights of the scene"),
        ),
    )

    view: bpy.props.EnumProperty(
        name="View",
        description="What the video shows",
        items=(
            ("HEAD", "Framed Head", "A portrait camera that frames the head of the character"),
            ("VIEWPORT", "Viewport", "The view of the 3D viewport"),
            ("CAMERA", "Scene Camera", "The camera of the scene; without one, the framed head"),
        ),
    )

    _render = cast("playblast.BackgroundRender | None", None)
    _timer: bpy.types.Timer | None = None

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        character_checks.check(scene_settings.character(context), ())

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        self._is_interactive = not bpy.app.background
        return super().invoke(context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        # From the file browser the render has a window, progress and Esc, like Blender's own. Scripts wait for it.
        return self._start_render(context) if getattr(self, "_is_interactive", False) else super().execute(context)

    def run(self, context: bpy.types.Context) -> str:
        playblast.render(context, scene_settings.character(context), self._settings(context))
        return self._result_message(context)

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type != "TIMER" or (self._render.is_running and not self._render.is_lost):
            return {"PASS_THROUGH"}
        try:
            self._finish(context)
        except errors.DifaceError as error:
            return self.report_error(error)
        self.notify(self._result_message(context))
        return {"FINISHED"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Clean up after Blender removed the operator, as when a file is opened."""
        with contextlib.suppress(errors.DifaceError):
            self._finish(context, cancelled=True)

    def _start_render(self, context: bpy.types.Context) -> set[str]:
        self._render = playblast.BackgroundRender()
        try:
            self._render.start(context, scene_settings.character(context), self._settings(context))
        except errors.DifaceError as error:
            return self.report_error(error)
        try:
            self._timer = context.window_manager.event_timer_add(POLL_INTERVAL, window=context.window)
            context.window_manager.modal_handler_add(self)
        except BaseException:
            self.cancel(context)
            raise
        return {"RUNNING_MODAL"}

    def _finish(self, context: bpy.types.Context, cancelled: bool = False) -> None:
        """End the timer and the render. Raises DifaceError if there is no video."""
        timer, self._timer = self._timer, None
        try:
            if timer is not None:
                context.window_manager.event_timer_remove(timer)
        finally:
            self._render.finish(cancelled)

    def _settings(self, context: bpy.types.Context) -> playblast.PlayblastSettings:
        return playblast.PlayblastSettings(
            frames=frame_range.export_range(context.scene),
            look=self.look,
            path=self.output_path(),
            sound_file=performance.speech_choice(performance.active(context)).filepath,
            add_camera=self._camera(context),
        )

    def _camera(self, context: bpy.types.Context) -> playblast.AddCamera | None:
        """Return what adds the camera. Raises SceneError if the viewport is chosen and no window shows one."""
        if self.view == "HEAD":
            return camera.add_framing_camera
        if self.view == "CAMERA":
            return None
        space = _viewport(context)
        if space.region_3d.view_perspective == "CAMERA":
            return None
        return lambda scene, _obj: camera.add_viewport_camera(scene, space, space.region_3d)

    def _result_message(self, context: bpy.types.Context) -> str:
        first, last = frame_range.export_range(context.scene)
        silent = "" if compat.HAS_AUDIO else " It is silent, because this Blender is built without sound."
        return f"Frames {first} to {last} are in {self.output_path()}.{silent}"


def _viewport(context: bpy.types.Context) -> bpy.types.SpaceView3D:
    """Return the 3D viewport of the current editor, otherwise the first one on the screen."""
    areas = [context.area, *context.screen.areas] if context.screen else []
    space = next((area.spaces.active for area in areas if area and area.type == "VIEW_3D"), None)
    if not isinstance(space, bpy.types.SpaceView3D):
        raise errors.SceneError("No 3D viewport is open.", "Open one, or set View to Framed Head.")
    return space


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_playblast,))

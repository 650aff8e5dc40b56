"""Playblast: a quick video of the character with the sound."""

from __future__ import annotations

import contextlib

import bpy

from ... import compat
from ...core import errors
from ...scene.animation import character_checks
from ...scene.export import playblast
from ...scene.keys import frame_range
from ...settings import scene_settings
from ..base.write_file import WriteFileOperator


class DIFACE_OT_playblast(WriteFileOperator, bpy.types.Operator):
    """Render the preview range or the scene's frames to an mp4 file with the sound"""

    bl_idname = "diface.playblast"
    bl_label = "Playblast"

    filename_ext = ".mp4"
    filter_glob: bpy.props.StringProperty(default="*.mp4", options={"HIDDEN"})
    look: bpy.props.EnumProperty(
        name="Look",
        items=(
            ("WORKBENCH", "Workbench", "Quick, lit as in a solid viewport"),
            ("SCENE", "Scene", "With the scene's own render engine and lights"),
        ),
    )

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        character_checks.check(scene_settings.character(context), ())

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        self._is_interactive = not bpy.app.background
        return super().invoke(context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        # From the panel as Blender's own renders are: in a window, with progress, until Esc. From a script at once.
        return self._start_render(context) if getattr(self, "_is_interactive", False) else super().execute(context)

    def run(self, context: bpy.types.Context) -> str:
        playblast.render(*self._render_arguments(context))
        return self._result_message(context)

    def _start_render(self, context: bpy.types.Context) -> set[str]:
        self._exit_stack = contextlib.ExitStack()
        try:
            copy = self._exit_stack.enter_context(playblast.prepared_scene(*self._render_arguments(context)))
        except errors.DifaceError as error:
            return self.report_error(error)
        _cancelled.clear()
        bpy.app.handlers.render_cancel.append(_on_render_cancel)
        bpy.ops.render.render("INVOKE_DEFAULT", animation=True, scene=copy.name)
        self._timer = context.window_manager.event_timer_add(0.1, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type != "TIMER" or bpy.app.is_job_running("RENDER"):
            return {"PASS_THROUGH"}
        context.window_manager.event_timer_remove(self._timer)
        bpy.app.handlers.render_cancel.remove(_on_render_cancel)
        try:
            with self._exit_stack:
                if _cancelled:
                    raise errors.Cancelled
        except errors.DifaceError as error:
            return self.report_error(error)
        self.report({"INFO"}, self._result_message(context))
        return {"FINISHED"}

    def _render_arguments(self, context: bpy.types.Context):
        return (
            context,
            scene_settings.character(context),
            frame_range.export_range(context.scene),
            self.look,
            self.output_path(),
            scene_settings.speech_choice(context.scene).filepath,
        )

    def _result_message(self, context: bpy.types.Context) -> str:
        _context, _character, (first, last), _look, path, _sound = self._render_arguments(context)
        silent = "" if compat.HAS_AUDIO else " It is silent, as this Blender is built without sound."
        return f"Frames {first} to {last} are in {path}.{silent}"


_cancelled: list[bool] = []


def _on_render_cancel(*_args: object) -> None:
    _cancelled.append(True)


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_playblast,))

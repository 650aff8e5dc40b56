"""Load Audio: add a sound file as a strip, and choose it as the speech."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy_extras.io_utils import ImportHelper

from ... import compat
from ...core import errors
from ...jobs.setup import prefetch
from ...scene.audio import audio_strip
from ...settings import performance
from ..base.operator_base import OperatorBase

EXTENSIONS = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff", ".m4a", ".mp4", ".mov", ".mkv")


class DIFACE_OT_load_audio(OperatorBase, ImportHelper, bpy.types.Operator):
    """Add a sound file at the current frame as the speech, extend the scene to its end, and sync playback to audio"""

    bl_idname = "diface.load_audio"
    bl_label = "Load Audio"
    bl_options = {"REGISTER", "UNDO"}

    filter_glob: bpy.props.StringProperty(default=";".join(f"*{suffix}" for suffix in EXTENSIONS), options={"HIDDEN"})
    # SKIP_SAVE, as dropped files need it: the path of an earlier call must not look like one that was dropped.
    filepath: bpy.props.StringProperty(name="File", subtype="FILE_PATH", options={"SKIP_SAVE"})
    generate: bpy.props.BoolProperty(
        name="Generate", description="Generate motion for the sound at once", default=False, options={"SKIP_SAVE"}
    )

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        if not compat.HAS_AUDIO:
            raise errors.AudioError("This Blender is built without sound.", "Set Audio to File and choose one there.")

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.filepath:  # of a file that was dropped
            return self.execute(context)
        return super().invoke(context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        status = super().execute(context)
        if self.generate and "FINISHED" in status and bpy.ops.diface.generate.poll():
            bpy.ops.diface.generate("INVOKE_DEFAULT")
        return status

    def run(self, context: bpy.types.Context) -> str:
        path = Path(bpy.path.abspath(self.filepath))
        strip = audio_strip.add_strip(context, path, context.scene.frame_current)
        scene, settings = context.scene, performance.to_change(context)
        settings.source, settings.strip = "STRIP", strip.name
        scene.sync_mode = "AUDIO_SYNC"
        first, end = compat.strip_bounds(strip)
        extended = f" The end of the scene was {scene.frame_end} before." if end - 1 > scene.frame_end else ""
        scene.frame_end = max(scene.frame_end, end - 1)
        prefetch.schedule()
        return f"{strip.name} plays from frame {first} to {end - 1}.{extended}"


class DIFACE_FH_sound(bpy.types.FileHandler):
    """Sound files that are dropped on the 3D viewport."""

    bl_idname = "DIFACE_FH_sound"
    bl_label = "Speech for DiFACE"
    bl_import_operator = DIFACE_OT_load_audio.bl_idname
    bl_file_extensions = ";".join(EXTENSIONS)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return compat.HAS_AUDIO and context.area is not None and context.area.type == "VIEW_3D"


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_load_audio, DIFACE_FH_sound))

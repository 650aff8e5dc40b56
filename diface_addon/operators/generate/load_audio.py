"""Load Audio: add sound files as strips, and choose the first as the speech."""

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
    """Load Audio."""

    bl_idname = "diface.load_audio"
    bl_label = "Load Audio"
    bl_description = (
        "Add a sound file at the current frame as the speech, extend the scene to its end, and sync playback to audio. "
        "Several files become strips one after another on one channel"
    )
    bl_options = {"REGISTER", "UNDO"}

    filter_glob: bpy.props.StringProperty(default=";".join(f"*{suffix}" for suffix in EXTENSIONS), options={"HIDDEN"})
    # SKIP_SAVE, as dropped files need it: the path of an earlier call must not look like one that was dropped.
    filepath: bpy.props.StringProperty(name="File", subtype="FILE_PATH", options={"SKIP_SAVE"})
    directory: bpy.props.StringProperty(
        name="Directory", description="Folder of the files", subtype="DIR_PATH", options={"SKIP_SAVE", "HIDDEN"}
    )
    files: bpy.props.CollectionProperty(
        name="Files", type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE", "HIDDEN"}
    )
    generate: bpy.props.BoolProperty(
        name="Generate", description="Generate motion for the sound at once", default=False, options={"SKIP_SAVE"}
    )

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        if not compat.HAS_AUDIO:
            raise errors.AudioError("This Blender is built without sound.", "Set Audio to File and choose one there.")

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.filepath or self.files:  # of files that were dropped
            return self.execute(context)
        return super().invoke(context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        status = super().execute(context)
        if self.generate and "FINISHED" in status and bpy.ops.diface.generate.poll():
            bpy.ops.diface.generate("INVOKE_DEFAULT")
        return status

    def run(self, context: bpy.types.Context) -> str:
        scene, settings = context.scene, performance.to_change(context)
        strips, failures = audio_strip.add_strips(context, self._paths(), scene.frame_current)
        settings.source, settings.strip = "STRIP", strips[0].name
        scene.sync_mode = "AUDIO_SYNC"
        first, end = compat.strip_bounds(strips[0])[0], compat.strip_bounds(strips[-1])[1]
        extended = f" The end of the scene was {scene.frame_end} before." if end - 1 > scene.frame_end else ""
        scene.frame_end = max(scene.frame_end, end - 1)
        prefetch.schedule()
        played = f"{strips[0].name} plays" if len(strips) == 1 else f"{len(strips)} sounds play one after another"
        return "\n".join([f"{played} from frame {first} to {end - 1}.{extended}", *map(str, failures)])

    def _paths(self) -> list[Path]:
        """Return the chosen files; a call with only `filepath` has no others."""
        folder = Path(bpy.path.abspath(self.directory))
        named = [folder / file.name for file in self.files if file.name]
        return named or [Path(bpy.path.abspath(self.filepath))]


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

"""Load Audio: add a sound file as a strip, and choose it as the speech."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy_extras.io_utils import ImportHelper

from ... import compat
from ...core import errors
from ...jobs.setup import prefetch
from ...scene.audio import audio_strip
from ..base.operator_base import OperatorBase


class DIFACE_OT_load_audio(OperatorBase, ImportHelper, bpy.types.Operator):
    """Add a sound file at the current frame as the speech, extend the scene to its end, and sync playback to audio"""

    bl_idname = "diface.load_audio"
    bl_label = "Load Audio"
    bl_options = {"REGISTER", "UNDO"}

    filter_glob: bpy.props.StringProperty(
        default="*.wav;*.flac;*.ogg;*.mp3;*.aif;*.aiff;*.m4a;*.mp4;*.mov;*.mkv", options={"HIDDEN"}
    )

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        if not compat.HAS_AUDIO:
            raise errors.AudioError("This Blender is built without sound.", "Set Audio to File and choose one there.")

    def run(self, context: bpy.types.Context) -> str:
        path = Path(bpy.path.abspath(self.filepath))
        strip = audio_strip.add_strip(context, path, context.scene.frame_current)
        scene = context.scene
        scene.diface.source, scene.diface.strip = "STRIP", strip.name
        scene.sync_mode = "AUDIO_SYNC"
        first, end = compat.strip_bounds(strip)
        extended = f" The end of the scene was {scene.frame_end} before." if end - 1 > scene.frame_end else ""
        scene.frame_end = max(scene.frame_end, end - 1)
        prefetch.schedule()
        return f"{strip.name} plays from frame {first} to {end - 1}.{extended}"


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_load_audio,))

"""Load Audio: a sound file as a strip, there to be heard and chosen."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy_extras.io_utils import ImportHelper

from .. import compat
from ..core import errors
from ..scene import audio_strip
from .verb import Verb


class DIFACE_OT_load_audio(Verb, ImportHelper, bpy.types.Operator):
    """Add a sound file to the Sequencer at the current frame, and choose it"""

    bl_idname = "diface.load_audio"
    bl_label = "Load Audio"
    bl_options = {"REGISTER", "UNDO"}

    filter_glob: bpy.props.StringProperty(
        default="*.wav;*.flac;*.ogg;*.mp3;*.aif;*.aiff;*.m4a;*.mp4;*.mov;*.mkv", options={"HIDDEN"}
    )

    @classmethod
    def check_ready(cls, _context: bpy.types.Context) -> None:
        if not compat.HAS_AUDIO:
            raise errors.AudioError("This Blender is built without sound.", "Set Audio to File and choose one there.")

    def run(self, context: bpy.types.Context) -> str:
        path = Path(bpy.path.abspath(self.filepath))
        strip = audio_strip.add(context, path, context.scene.frame_current)
        context.scene.diface.source = "STRIP"
        context.scene.diface.strip = strip.name
        return f"{strip.name} starts at frame {compat.strip_bounds(strip)[0]}."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_load_audio,))

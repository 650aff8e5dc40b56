"""A quick video of the character with the sound, from a copy of the scene: the artist's settings stay as they are."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import bpy

from ... import compat
from ...core import errors
from ..audio import mixdown, speech_source
from ..characters import camera, stage
from ..files import atomic_write, temporary

RenderLook = Literal["WORKBENCH", "SCENE"]
"""Rendered as in the viewport, or with the scene's own engine and look."""


def render(
    context: bpy.types.Context,
    obj: bpy.types.Object,
    frames: tuple[int, int],
    look: RenderLook,
    path: Path,
    sound_file: str | None = None,
) -> None:
    """Render frames[0] to frames[1] to an mp4 file, with sound if this Blender has audio.

    Args:
        context: Names the scene.
        obj: The character, which the camera frames if the scene has no camera.
        frames: First and last frame.
        look: How it is rendered.
        path: The mp4 file.
        sound_file: The sound file of the speech; None plays the sequencer's sound.

    Raises:
        DifaceError: The file cannot be written, or rendering was cancelled.
    """
    with prepared_scene(context, obj, frames, look, path, sound_file) as copy:
        bpy.ops.render.render(animation=True, scene=copy.name)


@contextlib.contextmanager
def prepared_scene(
    context: bpy.types.Context,
    obj: bpy.types.Object,
    frames: tuple[int, int],
    look: RenderLook,
    path: Path,
    sound_file: str | None = None,
) -> Iterator[bpy.types.Scene]:
    """A copy of the scene, ready to be rendered as an animation; at the end the video is at `path`, and the copy gone.

    An error raised inside leaves no video. Raises DifaceError.
    """
    with (
        temporary.folder() as folder,
        atomic_write.replacing(path) as draft,
        mixdown.scene_copy(context.scene) as copy,
        _temporary_camera(copy, obj),
    ):
        if look == "WORKBENCH":
            copy.render.engine = "BLENDER_WORKBENCH"
            stage.use_workbench_look(copy, obj)
        with _temporary_sound(context, copy, frames, sound_file, Path(folder)):
            _set_output(copy, frames, draft)
            yield copy
        _check_complete(draft)


def _set_output(copy: bpy.types.Scene, frames: tuple[int, int], draft: Path) -> None:
    copy.use_preview_range = False
    copy.frame_start, copy.frame_end = frames
    copy.frame_step = 1

    render = copy.render
    render.filepath = str(draft)
    render.use_file_extension = False
    render.use_overwrite = True
    render.use_sequencer = True  # for the sound: the copy's sequencer holds nothing else
    render.use_compositing = False
    render.use_border = False
    render.use_multiview = False
    render.use_lock_interface = True  # nobody edits what is being rendered
    _make_even(render)

    compat.use_video(render.image_settings)
    render.image_settings.color_mode = "RGB"
    video = render.ffmpeg
    video.use_lossless_output = video.use_autosplit = False
    video.format = "MPEG4"
    video.codec = "H264"
    video.constant_rate_factor = "HIGH"
    video.ffmpeg_preset = "GOOD"
    video.gopsize = 12
    video.audio_codec = "AAC" if compat.HAS_AUDIO else "NONE"
    video.audio_bitrate = 192
    video.audio_channels = "STEREO"
    video.audio_mixrate = 48000


def _make_even(render: bpy.types.RenderSettings) -> None:
    """H.264 halves both sides of its picture for the colours."""
    for side in ("resolution_x", "resolution_y"):
        pixels = int(getattr(render, side) * render.resolution_percentage / 100)
        setattr(render, side, max(2, pixels - pixels % 2))
    render.resolution_percentage = 100


@contextlib.contextmanager
def _temporary_camera(copy: bpy.types.Scene, obj: bpy.types.Object) -> Iterator[None]:
    """A camera that frames the character, where the scene has none; it is gone afterwards."""
    if copy.camera is not None:
        yield
        return
    copy.camera = camera.add_framing_camera(copy, obj)
    data = copy.camera.data
    try:
        yield
    finally:
        bpy.data.objects.remove(copy.camera)
        bpy.data.cameras.remove(data)


@contextlib.contextmanager
def _temporary_sound(
    context: bpy.types.Context, copy: bpy.types.Scene, frames: tuple[int, int], sound_file: str | None, folder: Path
) -> Iterator[None]:
    """What is to be heard, in the copy's sequencer: the sequencer's own sound, or the chosen file's."""
    before = set(bpy.data.sounds)
    if compat.HAS_AUDIO:
        _place_sound(context, copy, frames, sound_file, folder)
    try:
        yield
    finally:
        for sound in set(bpy.data.sounds) - before:
            bpy.data.sounds.remove(sound)


def _place_sound(
    context: bpy.types.Context, copy: bpy.types.Scene, frames: tuple[int, int], sound_file: str | None, folder: Path
) -> None:
    """One strip with all that is to be heard: pictures in the sequencer would be rendered in the 3D view's place."""
    heard = compat.sequencer_scene(context) or context.scene
    sound = None
    if sound_file is not None:
        with contextlib.suppress(errors.AudioError):  # a video without sound says more than none
            spoken = speech_source.find_speech(context, speech_source.SpeechChoice(filepath=sound_file), folder)
            sound, frame = spoken.section.path, spoken.first_frame
    elif heard.sequence_editor and compat.strips(heard.sequence_editor):
        with mixdown.scene_copy(heard) as other:
            sound, frame = mixdown.mix_scene(other, (frames[0], frames[1] + 1), folder), frames[0]

    copy.sequence_editor_clear()
    if sound:
        compat.strips(copy.sequence_editor_create()).new_sound(sound.name, str(sound), 1, frame)


def _check_complete(draft: Path) -> None:
    """An mp4 without its table of contents cannot be played: the disk was full."""
    with draft.open("rb") as file:
        while header := file.read(8):
            if header[4:] == b"moov":
                return
            size = int.from_bytes(header[:4], "big")
            file.seek((int.from_bytes(file.read(8), "big") - 16) if size == 1 else max(size - 8, 0), 1)
    raise OSError(0, "the video came out incomplete")

"""Render a quick video of the character with its sound, from a copy of the scene, so that settings stay unchanged."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import bpy

from ... import compat
from ...core import errors
from ..characters import camera, stage
from ..files import atomic_write, temporary
from ..files.scene_copy import scene_copy
from . import played_sound

RenderLook = Literal["WORKBENCH", "SCENE"]
"""As in a solid viewport, or with the render engine and look of the scene."""

AddCamera = Callable[[bpy.types.Scene, bpy.types.Object], bpy.types.Object]
"""Adds the camera of the video to a scene, for a character."""


@dataclass(frozen=True)
class PlayblastSettings:
    """What is rendered, and where the video is written.

    Attributes:
        frames: First and last frame.
        look: How it is rendered.
        path: The mp4 file.
        sound_file: The sound file of the speech; None plays the sequencer's sound.
        add_camera: Adds the camera; None: the camera of the scene, or one that frames the character if it has none.
    """

    frames: tuple[int, int]
    look: RenderLook
    path: Path
    sound_file: str | None = None
    add_camera: AddCamera | None = None


def render(context: bpy.types.Context, obj: bpy.types.Object, settings: PlayblastSettings) -> None:
    """Render the character `obj` to an mp4 file, with sound if this Blender has audio.

    Raises:
        DifaceError: The file cannot be written, or rendering was cancelled.
    """
    with prepared_scene(context, obj, settings) as copy:
        bpy.ops.render.render(animation=True, scene=copy.name)


class BackgroundRender:
    """A render that Blender runs in a window while the interface stays usable."""

    def __init__(self) -> None:
        self._was_cancelled = False
        self._exit_stack: contextlib.ExitStack | None = None
        self._scene_uid = 0

    @property
    def is_running(self) -> bool:
        """Whether Blender is still rendering."""
        return bpy.app.is_job_running("RENDER")

    @property
    def is_lost(self) -> bool:
        """Whether the scene that is rendered is gone, as after another file was opened."""
        return all(scene.session_uid != self._scene_uid for scene in bpy.data.scenes)

    def start(self, context: bpy.types.Context, obj: bpy.types.Object, settings: PlayblastSettings) -> None:
        """Begin to render; the arguments are those of `render`. Raises DifaceError, with nothing left behind."""
        self._exit_stack = contextlib.ExitStack()
        with contextlib.ExitStack() as stack:
            copy = stack.enter_context(prepared_scene(context, obj, settings))
            self._scene_uid = copy.session_uid
            stack.enter_context(_handler(bpy.app.handlers.render_cancel, self._on_cancel))
            _invoke_render(copy)
            self._exit_stack = stack.pop_all()

    def finish(self, cancelled: bool = False) -> None:
        """Move the video to its place and remove the copy of the scene. Raises DifaceError if there is no video."""
        stack, self._exit_stack = self._exit_stack, None
        if stack is None:
            return
        with stack:
            if cancelled or self._was_cancelled or self.is_lost:
                raise errors.Cancelled

    def _on_cancel(self) -> None:
        self._was_cancelled = True


def _invoke_render(scene: bpy.types.Scene) -> None:
    bpy.ops.render.render("INVOKE_DEFAULT", animation=True, scene=scene.name)


@contextlib.contextmanager
def _handler(handlers: list, callback: Callable[[], None]) -> Generator[None]:
    """Register an application handler for the duration of the block. One left behind crashes Blender at exit."""

    def handler(*_args: object) -> None:
        callback()

    handlers.append(handler)
    try:
        yield
    finally:
        if handler in handlers:  # opening another file removes it
            handlers.remove(handler)


@contextlib.contextmanager
def prepared_scene(
    context: bpy.types.Context, obj: bpy.types.Object, settings: PlayblastSettings
) -> Generator[bpy.types.Scene]:
    """Yield a copy of the scene that is ready to be rendered as an animation.

    At the end the video is at `settings.path`, and the copy is removed. If the block raises, there is no video. Raises
    DifaceError.
    """
    with (
        temporary.folder() as folder,
        atomic_write.replacing(settings.path) as draft,
        scene_copy(context.scene) as copy,
        _temporary_camera(copy, obj, settings.add_camera),
    ):
        if settings.look == "WORKBENCH":
            copy.render.engine = "BLENDER_WORKBENCH"  # pyrefly: ignore[bad-assignment]
            stage.use_workbench_look(copy, obj)
        with played_sound.temporary_sound(context, copy, settings.frames, settings.sound_file, Path(folder)):
            _set_output(copy, settings.frames, draft)
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
    render.use_sequencer = True  # for the sound: the sequencer of the copy has no other strips
    render.use_compositing = False
    render.use_border = False
    render.use_multiview = False
    render.use_lock_interface = True  # the user must not edit what is rendered
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
    """Make width and height even: H.264 stores colours at half the resolution."""
    for side in ("resolution_x", "resolution_y"):
        pixels = int(getattr(render, side) * render.resolution_percentage / 100)
        setattr(render, side, max(2, pixels - pixels % 2))
    render.resolution_percentage = 100


@contextlib.contextmanager
def _temporary_camera(copy: bpy.types.Scene, obj: bpy.types.Object, add_camera: AddCamera | None) -> Generator[None]:
    """Add the camera, and remove it afterwards. Without `add_camera` the scene's camera is used, if it has one."""
    if add_camera is None and copy.camera is not None:
        yield
        return
    copy.camera = (add_camera or camera.add_framing_camera)(copy, obj)
    data = copy.camera.data
    try:
        yield
    finally:
        with contextlib.suppress(ReferenceError):  # another file was opened
            bpy.data.objects.remove(copy.camera)
            bpy.data.cameras.remove(data)


def _check_complete(draft: Path) -> None:
    """Raise OSError if the mp4 has no "moov" box, without which it cannot be played: the disk was full."""
    with draft.open("rb") as file:
        while header := file.read(8):
            if header[4:] == b"moov":
                return
            size = int.from_bytes(header[:4], "big")
            file.seek((int.from_bytes(file.read(8), "big") - 16) if size == 1 else max(size - 8, 0), 1)
    raise OSError(0, "the video is incomplete")

"""The playblast: a playable video with synchronous sound; the scene is unchanged."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import bpy
import numpy as np
import pytest
from mathutils import Vector

from diface_addon import compat
from diface_addon.scene.characters.camera import add_viewport_camera
from tests.addon.conftest import needs_audio
from tests.addon.scene import fingerprint, scenes

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed.")


def streams(path: Path) -> dict[str, dict]:
    """Return the streams of a video by type."""
    command = ["ffprobe", "-v", "error", "-show_streams", "-of", "json", str(path)]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["streams"]
    return {stream["codec_type"]: stream for stream in found}


def clicks_in(path: Path) -> list[float]:
    """Return the seconds at which clicks begin in the sound of a video."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "f32le", "-ac", "1", "-ar", "16000", "-"]
    samples = np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.float32)
    loud = np.flatnonzero(np.abs(samples) > 0.15) / 16000
    return loud[np.diff(loud, prepend=-1) > 0.1].tolist()


@pytest.fixture
def small(scene, head) -> bpy.types.Scene:
    """Return a scene that renders fast: 24 frames from frame 5 on, with an odd size."""
    scene.render.resolution_x, scene.render.resolution_y = 65, 49
    scene.frame_start, scene.frame_end = 5, 28
    return scene


@needs_ffmpeg
def test_video_of_the_frame_range(small, tmp_path) -> None:
    before = fingerprint.of_file()
    assert bpy.ops.diface.playblast(filepath=str(tmp_path / "out.mp4")) == {"FINISHED"}
    assert fingerprint.difference(before, fingerprint.of_file()) == []
    video = streams(tmp_path / "out.mp4")["video"]
    assert (video["codec_name"], video["nb_frames"], video["width"], video["height"]) == ("h264", "24", 64, 48)
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


@needs_ffmpeg
@needs_audio
@pytest.mark.parametrize("source", ["FILE", "STRIP", "the sequencer's own scene"])
def test_sound_is_in_sync(small, clicks, tmp_path, source) -> None:
    """The click is at 0.5 s of the sound, which begins at the first frame."""
    path = clicks([0.5])
    if source == "FILE":
        scenes.use_audio_file(small, path)
    elif source == "STRIP":
        scenes.add_strip(small, path, 5)
    elif compat.HAS_SEQUENCER_SCENE:
        scenes.add_strip(bpy.data.scenes.new("Edit"), path, 5)
    else:
        pytest.skip("This Blender's sequencer always shows the scene itself.")
    before = fingerprint.of_file()
    bpy.ops.diface.playblast(filepath=str(tmp_path / "out.mp4"))
    assert fingerprint.difference(before, fingerprint.of_file()) == []
    assert streams(tmp_path / "out.mp4")["audio"]["codec_name"] == "aac"
    assert clicks_in(tmp_path / "out.mp4") == pytest.approx([0.5], abs=0.03)


def test_silent_video_is_reported_without_audio(small, tmp_path, capfd) -> None:
    bpy.ops.diface.playblast(filepath=str(tmp_path / "out.mp4"))
    assert ("It is silent" in capfd.readouterr().out) == (not compat.HAS_AUDIO)


@needs_ffmpeg
@pytest.mark.parametrize(
    ("camera", "view", "is_shown"),
    [(False, "HEAD", True), (True, "HEAD", True), (False, "CAMERA", True), (True, "CAMERA", False)],
)
def test_camera_frames_the_character(small, tmp_path, camera, view, is_shown) -> None:
    """The head is framed, unless the scene has a camera that is chosen."""
    if camera:
        small.camera = bpy.data.objects.new("Away", bpy.data.cameras.new("Away"))
        small.collection.objects.link(small.camera)
        small.camera.location = (0, 0, 50)
        small.camera.rotation_euler.x = 3.14  # upwards, so that nothing is visible
    small.frame_end = small.frame_start
    bpy.ops.diface.playblast(filepath=str(tmp_path / "out.mp4"), view=view)
    command = ["ffmpeg", "-v", "error", "-i", str(tmp_path / "out.mp4"), "-f", "rawvideo", "-pix_fmt", "gray", "-"]
    picture = np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.uint8)
    contrast = int(picture.max()) - int(picture.min())
    assert (contrast >= 20) == is_shown


@pytest.fixture
def viewport_space() -> bpy.types.SpaceView3D:
    return next(area.spaces.active for area in bpy.context.screen.areas if area.type == "VIEW_3D")


def test_viewport_camera_has_the_view_of_the_viewport(small, viewport_space) -> None:
    viewport_space.region_3d.view_perspective = "PERSP"
    camera = add_viewport_camera(small, viewport_space, viewport_space.region_3d)
    bpy.context.view_layer.update()
    for row, expected in zip(camera.matrix_world, viewport_space.region_3d.view_matrix.inverted(), strict=True):
        assert tuple(row) == pytest.approx(tuple(expected), abs=1e-5)
    assert camera.data.lens == viewport_space.lens


def test_viewport_camera_shows_what_is_behind_the_origin_of_an_orthographic_view(small, viewport_space) -> None:
    region = viewport_space.region_3d
    region.view_perspective = "ORTHO"
    camera = add_viewport_camera(small, viewport_space, region)
    bpy.context.view_layer.update()
    for depth in (-0.49, 0.0, 0.49):  # in depths of the viewport
        point = region.view_matrix.inverted() @ Vector((0.0, 0.0, depth * viewport_space.clip_end))
        distance = -(camera.matrix_world.inverted() @ point).z
        assert camera.data.clip_start < distance < camera.data.clip_end
    assert camera.data.type == "ORTHO"


def test_viewport_is_refused_if_none_is_open(small, tmp_path) -> None:
    for area in bpy.context.screen.areas:
        area.type = "TEXT_EDITOR"
    with pytest.raises(RuntimeError, match="No 3D viewport is open"):
        bpy.ops.diface.playblast(filepath=str(tmp_path / "out.mp4"), view="VIEWPORT")

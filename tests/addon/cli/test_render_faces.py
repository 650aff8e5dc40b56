"""Render 3DiFACE results as a video, with the script that the command line runs in Blender."""

import sys
from pathlib import Path

import numpy as np
import pytest

from diface_addon import compat
from diface_core import DifaceError
from diface_core.threediface.cli import video_renderer

pytestmark = pytest.mark.slow


@pytest.fixture
def studio(shared: Path) -> video_renderer.FaceVideoRenderer:
    return video_renderer.FaceVideoRenderer(
        (sys.executable, "-m", video_renderer.BLENDER_MODULE), np.load(shared / "flame2023open.npz")["faces"]
    )


@pytest.fixture
def faces(shared: Path) -> np.ndarray:
    """Return two frames (2, 5023, 3) of FLAME's template, the second one taller."""
    template = np.load(shared / "flame2023open.npz")["v_template"]
    return np.stack([template, template * [1.0, 1.2, 1.0]]).astype(np.float32)


def test_video_of_two_faces_with_sound(studio, faces, tmp_path, monkeypatch):
    monkeypatch.setattr(video_renderer, "WIDTH", 96)
    monkeypatch.setattr(video_renderer, "HEIGHT", 128)
    reported = []
    sound = 0.1 * np.sin(np.arange(1067) / 5, dtype=np.float32)
    takes = {"before": faces, "after": faces[::-1]}
    studio.render_video(tmp_path / "a.mp4", takes, sound, lambda stage, done: reported.append(done))

    film = (tmp_path / "a.mp4").read_bytes()
    assert reported == [0.5, 1.0]
    assert b"moov" in film
    assert b"avc1" in film
    assert (b"mp4a" in film) == compat.HAS_AUDIO
    # The track header contains the size of the picture as 16.16 fixed-point numbers: two faces side by side.
    assert (192 << 16).to_bytes(4, "big") + (128 << 16).to_bytes(4, "big") in film
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_failed_render_leaves_no_file(studio, faces, tmp_path, monkeypatch):
    monkeypatch.setattr(video_renderer, "vertex_colours", lambda rest: np.zeros((3, 3)))  # invalid faces
    with pytest.raises(DifaceError, match="Blender failed"):
        studio.render_video(tmp_path / "a.mp4", {"": faces}, np.zeros(1067, np.float32), lambda stage, done: None)
    assert not list(tmp_path.iterdir())

"""Render motions on the bundled head, with the script that `build.py rate` runs in Blender."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from diface_core import channels
from diface_core.motion.files import write_motion
from diface_core.types import FrameRate, Motion
from tests.addon.conftest import needs_audio

pytestmark = [pytest.mark.slow, needs_audio]

ROWS = 3


def render(root: Path, folder: Path, names: list[str]) -> subprocess.CompletedProcess[str]:
    clips = [{k: str(folder / f"{n}.{v}") for k, v in FILES.items()} for n in names]
    (folder / "job.json").write_text(json.dumps({"size": [96, 64], "clips": clips}), "utf-8")
    command = [sys.executable, "-m", "diface_addon.cli.render_motions", folder / "job.json", folder / "done"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True)


FILES = {"motion": "npz", "sound": "wav", "out": "mp4"}


@pytest.fixture
def motions(tmp_path: Path, asset) -> Path:
    """A folder with two motions and their sounds: jaws that stay shut, and one that opens."""
    for name, jaw in (("shut", 0.0), ("open", 0.8)):
        values = np.zeros((ROWS, len(channels.FACE)), np.float32)
        values[:, channels.FACE.index("jawOpen")] = jaw
        write_motion(tmp_path / f"{name}.npz", Motion(values, channels.FACE, FrameRate(30)))
        soundfile.write(tmp_path / f"{name}.wav", 0.1 * np.sin(np.arange(1600) / 5), 16000)
    return tmp_path


def test_each_motion_becomes_a_video_with_its_sound(root, motions):
    done = render(root, motions, ["shut", "open"])
    assert (motions / "done").is_file(), done.stdout + done.stderr
    films = [(motions / f"{name}.mp4").read_bytes() for name in ("shut", "open")]
    assert films[0] != films[1]
    for film in films:
        assert b"moov" in film
        assert b"mp4a" in film
        assert (96 << 16).to_bytes(4, "big") + (64 << 16).to_bytes(4, "big") in film


def test_file_that_is_no_motion_is_named(root, motions):
    (motions / "open.npz").write_bytes(b"nothing")
    done = render(root, motions, ["open"])
    assert not (motions / "done").exists()
    assert "open.npz is not a motion" in done.stderr

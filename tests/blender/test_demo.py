"""Test of `build.py demo` on one second of speech."""

import os
import subprocess
from pathlib import Path

import pytest

from tools.build.environments import blender_environment
from tools.build.venvs import venv_python
from tools.build.versions import MAIN_BLENDER

soundfile = pytest.importorskip("soundfile")


def test_demo_writes_all_results(root: Path, speech: Path, tmp_path: Path) -> None:
    samples, rate = soundfile.read(speech, frames=16_000, start=6 * 16_000)
    sound = tmp_path / "a second.wav"
    soundfile.write(sound, samples, rate)

    done = subprocess.run(
        [venv_python(f"bpy-{MAIN_BLENDER}"), "-m", "diface_addon.cli.demo", sound, tmp_path],
        cwd=root,
        env={**os.environ, **blender_environment(MAIN_BLENDER, "demo")},
        capture_output=True,
        text=True,
        timeout=900,
    )

    finished = tmp_path / "demo.done"
    assert finished.is_file(), done.stdout + done.stderr
    made = {Path(line).suffix: Path(line) for line in finished.read_text("utf-8").splitlines()}
    assert set(made) == {".mp4", ".blend", ".fbx", ".abc"}
    film = made[".mp4"].read_bytes()
    for kind in (b"vide", b"soun", b"avc1", b"mp4a"):  # a video and an audio track, H.264 and AAC
        assert kind in film
    # A file with the head is larger than an empty scene.
    for ending in (".blend", ".fbx", ".abc"):
        assert made[ending].stat().st_size > 500_000, ending

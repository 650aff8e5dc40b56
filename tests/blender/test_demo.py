"""`build.py demo` on a second of speech."""

import os
import subprocess
from pathlib import Path

import pytest

import build

soundfile = pytest.importorskip("soundfile")


def test_demo_leaves_what_it_promises(root: Path, speech: Path, tmp_path: Path) -> None:
    samples, rate = soundfile.read(speech, frames=16_000, start=6 * 16_000)
    sound = tmp_path / "a second.wav"
    soundfile.write(sound, samples, rate)

    done = subprocess.run(
        [build.venv_python(f"bpy-{build.MAIN_BLENDER}"), "-m", "diface_addon.cli.demo", sound, tmp_path],
        cwd=root,
        env={**os.environ, **build.blender_home(build.MAIN_BLENDER)},
        capture_output=True,
        text=True,
        timeout=900,
    )

    finished = tmp_path / "demo.done"
    assert finished.is_file(), done.stdout + done.stderr
    made = {Path(line).suffix: Path(line) for line in finished.read_text("utf-8").splitlines()}
    assert set(made) == {".mp4", ".blend", ".fbx", ".abc"}
    film = made[".mp4"].read_bytes()
    for kind in (b"vide", b"soun", b"avc1", b"mp4a"):  # a picture and a sound track, H.264 and AAC
        assert kind in film
    # The head is in them, and not an empty scene.
    for ending in (".blend", ".fbx", ".abc"):
        assert made[ending].stat().st_size > 500_000, ending

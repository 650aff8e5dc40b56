"""3DiFACE checkpoints without weights, toy 3DiFACE models in a real worker, a FLAME mesh; a listener and a strip."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import bpy
import pytest
import soundfile

from diface_addon.scene.audio import audio_strip
from diface_addon.scene.characters import bundled_head
from diface_addon.settings import preferences, threediface_files
from diface_addon.worker import process
from tests.addon.conftest import PYTHON, check_python
from tests.addon.scene import scenes
from tests.addon.scene.flame_scenes import add_flame
from tests.addon.settings.checkpoints import FACE, HEAD, checkpoint

ROWS = 36


@pytest.fixture(scope="session")
def flame(shared) -> Path:
    """A FLAME file."""
    return shared / "flame2023open.npz"


@pytest.fixture
def user_models(tmp_path, flame, monkeypatch) -> Path:
    """Set the preferences to a folder with the general face model, a personal one and a head, and to a FLAME file."""
    folder = tmp_path / "models"
    for name, kind in (("a_personal", FACE), (threediface_files.GENERAL_FACE_MODEL, FACE), ("head_reg", HEAD)):
        checkpoint(folder / name, kind)
    monkeypatch.setattr(preferences, "checkpoints_folder", lambda: folder)
    monkeypatch.setattr(preferences, "flame_file", lambda: flame)
    return folder


@pytest.fixture(scope="session")
def cached_toy_models(tmp_path_factory, root, speech) -> Path:
    """The folder that toy_threediface_models.py wrote for these sources, with the sound; not to be changed.

    All Blenders of a test run use the same one: writing it imports torch and transformers, which takes seconds.
    """
    check_python()
    folder = root / ".build" / "toy_models" / _source_hash(root, speech)
    if not folder.is_dir():
        draft = tmp_path_factory.mktemp("toy_models") / "draft"
        draft.mkdir()
        _write_toy_models(draft, root, speech)
        folder.parent.mkdir(parents=True, exist_ok=True)
        other = Path(tempfile.mkdtemp(dir=folder.parent))
        shutil.copytree(draft, other, dirs_exist_ok=True)
        with contextlib.suppress(OSError):  # another process was faster
            other.rename(folder)
        shutil.rmtree(other, ignore_errors=True)
    return folder


def _source_hash(root: Path, speech: Path) -> str:
    """Hash (hex) of everything that the toy models depend on."""
    sources = [*(root / "diface_core").rglob("*.py"), *(root / "tests" / "core" / "threediface").glob("*.py")]
    sources += [root / "tests" / "addon" / "jobs" / "toy_threediface_models.py", Path(__file__), speech]
    digest = hashlib.sha256()
    for path in sorted(sources):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _write_toy_models(folder: Path, root: Path, speech: Path) -> None:
    samples, rate = soundfile.read(speech, frames=ROWS * 16000 // 30)
    soundfile.write(folder / "speech.wav", samples, rate, subtype="FLOAT")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    module = "tests.addon.jobs.toy_threediface_models"
    command = [os.environ[PYTHON], "-m", module, str(folder), str(folder / "speech.wav")]
    done = subprocess.run(command, cwd=root, env={**environment, "HF_HUB_OFFLINE": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def toy_models(cached_toy_models, tmp_path_factory) -> Path:
    """A copy of the toy models, and a worker that is closed at the end."""
    folder = tmp_path_factory.mktemp("own") / "models"
    shutil.copytree(cached_toy_models, folder)
    yield folder
    process.close_shared_worker()


@pytest.fixture
def toy_speaker(scene, toy_models, shared, monkeypatch, tmp_path) -> bpy.types.Object:
    """A FLAME mesh with the toy models as its settings, 30 frames per second from frame 1 on."""
    monkeypatch.setattr(threediface_files, "SCAN_LIFETIME", 0.0)
    monkeypatch.setattr(preferences, "checkpoints_folder", lambda: toy_models / "models")
    monkeypatch.setattr(preferences, "wav2vec2_folder", lambda: toy_models / "wav2vec2")
    monkeypatch.setattr(preferences, "flame_file", lambda: shared / "flame2023open.npz")
    scene.render.fps = 30
    scenes.use_audio_file(scene, toy_models / "speech.wav")
    settings = scene.diface
    settings.engine, settings.seed = "THREEDIFACE", 3
    settings.threediface.condition, settings.threediface.steps = "2", 10
    obj = add_flame(shared / "flame2023open.npz")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    return obj


@pytest.fixture
def listener(scene) -> bpy.types.Object:
    """The bundled head, 25 frames per second, frames 11 to 130."""
    scene.render.fps, scene.frame_start, scene.frame_end = 25, 11, 130
    return bundled_head.add_head(bpy.context)


@pytest.fixture
def strip(scene, listener, speech, tmp_path) -> bpy.types.bpy_struct:
    """A strip of 4 s of the sample speech from frame 21 on."""
    samples, rate = soundfile.read(speech, frames=4 * 16000)
    soundfile.write(tmp_path / "speech.wav", samples, rate)
    return audio_strip.add_strip(bpy.context, tmp_path / "speech.wav", 21)

"""A Blender with DiFACE in it, an empty scene for each test, sounds, and a worker whose answers are known."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy
import numpy as np
import pytest
import soundfile

import diface_addon
from diface_addon import compat
from diface_addon.worker import process
from tests.addon.scene import fingerprint, scenes

PYTHON = "DIFACE_PYTHON"

needs_audio = pytest.mark.skipif(not compat.HAS_AUDIO, reason="This bpy module is built without sound.")


@pytest.fixture(scope="session", autouse=True)
def addon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Register the add-on, with an empty cache folder. What stays registered keeps some Blenders from exiting."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    diface_addon.register()
    yield
    diface_addon.unregister()


@pytest.fixture
def scene() -> bpy.types.Scene:
    """An empty scene of a new file."""
    return scenes.new_file()


@pytest.fixture
def head(scene: bpy.types.Scene) -> bpy.types.Object:
    """A small mesh with jawOpen, mouthSmileLeft and a shape that is no channel; active and selected."""
    return scenes.add_character(scene)


@pytest.fixture
def clicks(tmp_path: Path) -> Callable[..., Path]:
    """Makes a sound file of clicks at the seconds given."""

    def make(times: list[float], seconds: float = 3.0, name: str = "clicks.wav", rate: int = 48000) -> Path:
        samples = np.zeros(round(seconds * rate), np.float32)
        for time in times:
            samples[round(time * rate) : round(time * rate) + rate // 1000] = 0.8
        path = tmp_path / name
        soundfile.write(path, samples, rate)
        return path

    return make


@pytest.fixture(scope="session")
def _test_worker() -> Iterator[process.WorkerProcess]:
    worker = process.WorkerProcess("tests.addon.worker.fake_engine")
    yield worker
    worker.close()


@pytest.fixture
def worker(_test_worker: process.WorkerProcess, monkeypatch: pytest.MonkeyPatch) -> process.WorkerProcess:
    """Requests go to the engine of tests/addon/worker/fake_engine.py, in a process of DIFACE_PYTHON."""
    if not os.environ.get(PYTHON):
        pytest.skip(f"{PYTHON} is not set to a Python with DiFACE's packages: `python3 build.py test` does.")
    monkeypatch.setattr(process, "_shared", _test_worker)
    return _test_worker


@pytest.fixture
def unchanged() -> Iterator[None]:
    """The test ends with the file's data as they were when this was asked for; put it last."""
    before = fingerprint.of_file()
    yield
    assert fingerprint.difference(before, fingerprint.of_file()) == []

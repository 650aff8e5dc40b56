"""Fixtures: the registered add-on, an empty scene for each test, audio files, and a worker with known results."""

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
    """Register the add-on, with an empty cache folder. Unregister it, or some Blender versions hang at exit."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    diface_addon.register()
    yield
    diface_addon.unregister()


@pytest.fixture
def scene() -> bpy.types.Scene:
    """Return the empty scene of a new file."""
    return scenes.new_file()


@pytest.fixture
def head(scene: bpy.types.Scene) -> bpy.types.Object:
    """Return a small mesh with jawOpen, mouthSmileLeft and one other shape key; active and selected."""
    return scenes.add_character(scene)


@pytest.fixture
def clicks(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes an audio file with clicks at the given seconds."""

    def make(times: list[float], seconds: float = 3.0, name: str = "clicks.wav", rate: int = 48000) -> Path:
        samples = np.zeros(round(seconds * rate), np.float32)
        for time in times:
            samples[round(time * rate) : round(time * rate) + rate // 1000] = 0.8
        path = tmp_path / name
        soundfile.write(path, samples, rate)
        return path

    return make


def check_python() -> None:
    """Skip the test without a Python for the worker."""
    if not os.environ.get(PYTHON):
        pytest.skip(f"{PYTHON} is not set to a Python with DiFACE's packages: `python3 build.py test` does.")


@pytest.fixture(scope="module")
def real_worker() -> Iterator[None]:
    """One worker with the trained models, which starts at the first request, for all tests of a module."""
    check_python()
    yield
    process.close_shared_worker()


@pytest.fixture(scope="session")
def _test_worker() -> Iterator[process.WorkerProcess]:
    worker = process.WorkerProcess("tests.addon.worker.fake_engine")
    yield worker
    worker.close()


@pytest.fixture
def worker(_test_worker: process.WorkerProcess, monkeypatch: pytest.MonkeyPatch) -> process.WorkerProcess:
    """Send requests to the engine of tests/addon/worker/fake_engine.py, in a process of DIFACE_PYTHON."""
    check_python()
    monkeypatch.setattr(process, "_shared", _test_worker)
    return _test_worker


@pytest.fixture
def unchanged() -> Iterator[None]:
    """Check that the test does not change the file's data. Request this fixture last."""
    before = fingerprint.of_file()
    yield
    assert fingerprint.difference(before, fingerprint.of_file()) == []

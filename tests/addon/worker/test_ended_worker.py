"""A worker that is gone does not take Blender along."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import bpy
import pytest

from tests.addon import engine, scenes


@pytest.fixture
def default_sigpipe() -> Iterator[None]:
    """As in Blenders whose Python does not ignore SIGPIPE: writing to a closed pipe ends the process, and the tests."""
    if not hasattr(signal, "SIGPIPE"):
        pytest.skip("This system has no SIGPIPE.")
    before = signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGPIPE, before)


def test_writing_to_a_dead_worker(scene, head, clicks, worker, default_sigpipe) -> None:
    scenes.use_file(scene, clicks([0.25]))
    scene.diface.seed = engine.KILLED
    with pytest.raises(RuntimeError, match="The worker process was ended"):
        bpy.ops.diface.generate()
    scene.diface.seed = 1
    assert bpy.ops.diface.generate() == {"FINISHED"}

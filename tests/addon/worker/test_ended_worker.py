"""A worker that ended does not end Blender."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import bpy
import pytest

from tests.addon.scene import scenes
from tests.addon.worker import fake_engine


@pytest.fixture
def default_sigpipe() -> Iterator[None]:
    """Use the default SIGPIPE handler, as the Python of some Blenders: writing to a closed pipe ends the process."""
    if not hasattr(signal, "SIGPIPE"):
        pytest.skip("This system has no SIGPIPE.")
    before = signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGPIPE, before)


def test_generate_after_the_worker_was_killed(scene, head, clicks, worker, default_sigpipe) -> None:
    scenes.use_audio_file(scene, clicks([0.25]))
    scene.diface.seed = fake_engine.KILLED
    with pytest.raises(RuntimeError, match="The worker process was ended"):
        bpy.ops.diface.generate()
    scene.diface.seed = 1
    assert bpy.ops.diface.generate() == {"FINISHED"}

"""Processes with Blender's module, which may hang when they end."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable

from . import paths
from .console import say


def wait_for(process: subprocess.Popen[bytes], is_done: Callable[[], bool], patience: float = 30) -> int:
    """Wait for a process and return its exit code.

    A process that still runs `patience` seconds after `is_done` is killed: its work is done. On a busy machine Python
    alone takes some seconds to free large libraries.
    """
    done = None
    while process.poll() is None:
        time.sleep(0.2)
        if done is None and is_done():
            done = time.monotonic()
        if done is not None and time.monotonic() - done > patience:
            say("   Blender's module does not exit after its work: killed.")
            process.send_signal(signal.SIGTERM if paths.WINDOWS else signal.SIGKILL)
            process.wait()
    return process.returncode

"""Processes with Blender's module, which may hang when they end."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

from . import paths
from .console import say


def wait_for(process: subprocess.Popen[bytes], report: Path, patience: float = 5) -> int:
    """Wait for a process and return its exit code.

    A process that still runs `patience` seconds after it wrote its report is killed: its work is done.
    """
    reported = None
    while process.poll() is None:
        time.sleep(0.2)
        if reported is None and report.is_file():
            reported = time.monotonic()
        if reported is not None and time.monotonic() - reported > patience:
            say("   Blender's module does not exit after its work: killed.")
            process.send_signal(signal.SIGTERM if paths.WINDOWS else signal.SIGKILL)
            process.wait()
    return process.returncode

"""The end of a command line's process: Blender 4.5 as a Python module may hang while it frees its data at the exit."""

from __future__ import annotations

import atexit
import os
import sys
import traceback
from collections.abc import Callable

import bpy


def run_and_exit(command: Callable[[], int | None]) -> None:
    """Run a command and end the process with its status; Blender as a module frees nothing, which could hang."""
    if bpy.app.binary_path:  # within Blender's program, which ends as usual
        sys.exit(command())
    status: int | str | None = 1
    try:
        status = command()
    except SystemExit as ended:
        status = ended.code
    except BaseException:  # noqa: BLE001 - printed as Python does; KeyboardInterrupt as well
        traceback.print_exc()
    if isinstance(status, str):
        sys.stderr.write(f"{status}\n")
        status = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status or 0)

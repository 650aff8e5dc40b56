"""What the tests in a real window need: a Blender with a window, a virtual display, and a mouse for it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

from .. import paths

PROGRAM = "DIFACE_BLENDER"
"""Environment variable: the Blender to test in. By default the first `blender` on the search path."""
OLDEST = (5, 2)


def windowed_blender() -> str:
    """Return the Blender to test in, "" without one."""
    return os.environ.get(PROGRAM) or shutil.which("blender") or ""


def unavailable() -> str:
    """Return why the tests cannot run on this machine, and the next step; "" if they can."""
    if not paths.LINUX:
        return "windowed: the virtual display is Xvfb, which is for Linux. Run this part there."
    missing = [name for name in ("Xvfb", "xdotool") if not shutil.which(name)]
    if missing:
        packages = " ".join("xvfb" if name == "Xvfb" else name for name in missing)
        return f"windowed: {' and '.join(missing)} not found. Debian: apt-get install {packages}."
    program = windowed_blender()
    if not program:
        return (
            f"windowed: no Blender with a window was found. Put `blender` {OLDEST[0]}.{OLDEST[1]} or newer on the "
            f"search path, or name it in the environment variable {PROGRAM}."
        )
    return _version_problem(program)


def _version_problem(program: str) -> str:
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=120)
    except (OSError, subprocess.TimeoutExpired) as problem:
        return f"windowed: {program} does not start ({problem}). Name another Blender in {PROGRAM}."
    found = re.search(r"^Blender (\d+)\.(\d+)", done.stdout, re.MULTILINE)
    if found and (int(found[1]), int(found[2])) >= OLDEST:
        return ""
    printed = (done.stdout + done.stderr).strip().partition("\n")[0]
    return (
        f"windowed: {program} is not Blender {OLDEST[0]}.{OLDEST[1]} or newer (it prints {printed!r}). "
        f"Name another Blender in {PROGRAM}."
    )

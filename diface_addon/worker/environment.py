"""A virtual environment with torch for the worker: find a Python for it, and what to run. Does not import bpy."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..core import errors
from .launch import blender_python, clean_environment

REQUIREMENTS = Path(__file__).with_name("environment.txt")
"""What the worker needs with the user's 3DiFACE models, and to align words, with all dependencies: every package has
one version and the hashes of its files, so that pip installs nothing else. Written by wheels/lock.py."""

NAMED_PACKAGES = ("torch", "transformers", "onnxruntime", "numpy", "soundfile")
"""Those of the requirements that the dialog names."""

DOWNLOAD_MEGABYTES = {"linux": 2840, "win32": 230, "darwin": 220}
"""Size of the packages and their dependencies by system, for Python 3.11: on Linux torch includes CUDA."""

PYTHON_VERSIONS = ((3, 11), (3, 12), (3, 13), (3, 14))
"""For which all packages have wheels, except PocketSphinx, which is optional."""

PROBE = "import sys, venv, ensurepip; print(sys.version_info[0], sys.version_info[1])"
PROBE_SECONDS = 5.0

NO_PYTHON_HINT = (
    "Install Python 3.11 to 3.14 with its venv module (on Debian and Ubuntu the package python3-venv), "
    "and restart Blender."
)


@dataclass(frozen=True)
class EnvironmentPlan:
    """How an environment is made.

    Attributes:
        python: The Python that it is based on.
        folder: Where it will be.
        requirements: File with the packages that pip installs, pinned and hashed.
    """

    python: Path
    folder: Path
    requirements: Path = REQUIREMENTS

    @property
    def interpreter(self) -> Path:
        """The environment's Python."""
        return self.folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")

    @property
    def commands(self) -> tuple[tuple[str, ...], ...]:
        """What is run, in order: make the environment, install the packages, and check that they can be loaded."""
        pip = (str(self.interpreter), "-m", "pip", "install")
        options = ("--require-hashes", "--only-binary", ":all:", "--no-input", "--disable-pip-version-check")
        return (
            (str(self.python), "-m", "venv", str(self.folder)),
            (*pip, *options, "--requirement", str(self.requirements)),
            (str(self.interpreter), "-c", "import numpy, onnxruntime, soundfile, soxr, torch, transformers"),
        )

    @property
    def command_lines(self) -> tuple[str, ...]:
        """The commands as text for a terminal."""
        join = subprocess.list2cmdline if sys.platform == "win32" else shlex.join
        return tuple(join(command) for command in self.commands)

    @cached_property
    def packages(self) -> dict[str, str]:
        """Name -> version of the packages. Those that only other systems or Pythons need are among them."""
        pinned = re.findall(r"^([\w-]+)==([^\s;]+)", self.requirements.read_text("utf-8"), re.MULTILINE)
        return dict(pinned)

    @property
    def megabytes(self) -> int:
        """Approximate size of the download."""
        return DOWNLOAD_MEGABYTES.get(sys.platform, DOWNLOAD_MEGABYTES["linux"])


def find_python() -> Path:
    """Return a Python that can make an environment with pip: one of the system, otherwise Blender's.

    Raises:
        WorkerError: None was found.
    """
    for path in _candidates():
        if _can_make_environments(path):
            return path
    raise errors.WorkerError("No Python that can make an environment with pip was found.", NO_PYTHON_HINT)


def _candidates() -> list[Path]:
    names = [f"python{major}.{minor}" for major, minor in PYTHON_VERSIONS] + ["python3", "python"]
    found = [Path(path) for name in names if (path := shutil.which(name))]
    # The launcher's folder is on the path, and the stub of the Microsoft Store's, which opens the Store.
    found = [path for path in found if "WindowsApps" not in path.parts]
    try:
        return [*found, blender_python()]
    except errors.WorkerError:
        return found


def _can_make_environments(python: Path) -> bool:
    command = [str(python), "-c", PROBE]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PROBE_SECONDS, env=clean_environment(), check=False
        )
        return done.returncode == 0 and tuple(map(int, done.stdout.split())) in PYTHON_VERSIONS
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return False

"""Python installations on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import paths

_PROBE = (
    "import sys, venv, ensurepip; print(sys.executable, '%d.%d' % sys.version_info[:2], sys.maxsize > 2**32, sep='\\n')"
)


def find_python(version: str) -> list[str] | None:
    """Return a command that starts a 64-bit Python of a version ("3.11") with the venv module, or None."""
    for command in _candidates(version):
        try:
            done = subprocess.run([*command, "-c", _PROBE], capture_output=True, text=True, timeout=60)
        except (OSError, subprocess.TimeoutExpired):
            continue
        printed = done.stdout.split("\n")
        if done.returncode == 0 and printed[1:3] == [version, "True"]:
            return [printed[0]]
    return None


def _candidates(version: str) -> list[list[str]]:
    """Return commands that may start this version: this Python, the search path, pyenv, Windows' py, uv."""
    commands = [[sys.executable]]
    commands += [[path] for name in (f"python{version}", "python3", "python") for path in _on_path(name)]
    commands += _of_pyenv(version)
    if shutil.which("py"):
        commands.append(["py", f"-{version}"])
    if shutil.which("uv"):
        done = subprocess.run(["uv", "python", "find", "--no-project", version], capture_output=True, text=True)
        commands += [[done.stdout.strip()]] if done.returncode == 0 else []
    return commands


def _on_path(name: str) -> list[str]:
    """Return every program of a name on the search path: on Windows all versions have the same name."""
    folders = os.environ.get("PATH", "").split(os.pathsep)
    return list(dict.fromkeys(path for folder in folders if (path := shutil.which(name, path=folder or os.curdir))))


def _of_pyenv(version: str) -> list[list[str]]:
    """Return the interpreters that pyenv or pyenv-win installed, newest patch version first."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = sorted(root.glob(f"versions/{version}.*"), reverse=True)
    folders += sorted(root.glob(f"pyenv-win/versions/{version}.*"), reverse=True)
    return [[str(folder / ("python.exe" if paths.WINDOWS else "bin/python"))] for folder in folders]


def install_hint(version: str) -> str:
    """Return the ways to install a Python of this version on this machine, as a sentence."""
    ways = []
    if shutil.which("apt-get"):
        ways.append(f"apt-get install python{version} python{version}-venv (if the distribution has it)")
    if sys.platform == "darwin":
        ways.append(f"brew install python@{version}")
    if paths.WINDOWS:
        ways.append(f"winget install Python.Python.{version}")
    if shutil.which("pyenv"):
        ways.append(f"pyenv install {version}")
    ways.append(f"uv python install {version} (on any system; install uv with `pip install uv`)")
    return "To install it: " + ", or ".join(ways) + "."

"""Virtual environments in .build/venvs and the packages in them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from . import paths
from .console import BuildError, child_environment, run
from .pythons import find_python, install_hint
from .stamps import digest, is_current

NETWORK_HINT = "Check the network connection and run the same command again to continue."


def venv_python(name: str) -> Path:
    """Return the path of the interpreter of the environment `name` ("core", "bpy-4.5"), which may not exist yet."""
    return venv_folder(name) / ("Scripts/python.exe" if paths.WINDOWS else "bin/python")


def venv_folder(name: str) -> Path:
    """Return the folder of the environment `name`."""
    return paths.BUILD / "venvs" / name


def venv_stamp(name: str) -> Path:
    """Return the file that is written last, with the digest of what was installed."""
    return venv_folder(name) / "diface-stamp"


def make_venv(name: str, version: str, inputs: list[Path], lists: Callable[[Path], list[Path]]) -> Path:
    """Set up an environment with exactly the packages of some lists, unless it is current; return its interpreter.

    An environment with other packages is changed, not made again: most packages stay the same.

    Args:
        name: The environment.
        version: Its Python version.
        inputs: Files that the environment depends on.
        lists: Returns the lists to install, given the interpreter.
    """
    python, stamp, expected = venv_python(name), venv_stamp(name), digest(version, *inputs)
    if not (is_current(stamp, expected) and python.exists()):
        stamp.unlink(missing_ok=True)
        if not _runs(python, version):
            create_venv(name, version)
        chosen = lists(python)
        install(name, *chosen)
        _uninstall_others(name, chosen)
        stamp.write_text(expected)
    return python


def _runs(python: Path, version: str) -> bool:
    """Return whether an interpreter exists, works, and is of a version."""
    try:
        done = subprocess.run([str(python), "-m", "pip", "--version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.rstrip().endswith(f"(python {version})")


def _uninstall_others(name: str, lists: list[Path]) -> None:
    """Remove the packages that no list names: a test must not pass because of one of them."""
    listed = {
        normalised(line) for path in lists for line in re.findall(r"^[\w.-]+(?===)", path.read_text(), re.MULTILINE)
    }
    command = [str(venv_python(name)), "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check"]
    done = subprocess.run(command, env=child_environment(), capture_output=True, text=True, check=True)
    installed = {normalised(line.partition("==")[0]) for line in done.stdout.splitlines()}
    others = sorted(installed - listed - {"pip", "setuptools"})
    if others:
        run(f"{name}: remove {', '.join(others)}", [venv_python(name), "-m", "pip", "uninstall", "-y", *others])


def normalised(name: str) -> str:
    """Return a package name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def create_venv(name: str, version: str) -> None:
    """Create an empty environment, replacing an existing one."""
    command = find_python(version)
    if command is None:
        raise BuildError(f"{name} needs Python {version} with its venv module. {install_hint(version)}")
    shutil.rmtree(venv_folder(name), ignore_errors=True)
    run(f"{name}: create a virtual environment with Python {version}", [*command, "-m", "venv", venv_folder(name)])


def install(name: str, *lists: Path) -> None:
    """Install the packages of some lists into an environment."""
    options = [word for path in lists for word in ("-r", path)]
    command = pip(venv_python(name), "install", "--find-links", downloads(), *options)
    run(f"{name}: install packages", command, hint=NETWORK_HINT)


def fetch(python: Path, pinned: Path, folder: Path, title: str, *options: str) -> None:
    """Download the packages of a list into a folder."""
    run(title, pip(python, "download", "-d", folder, "-r", pinned, *options), hint=NETWORK_HINT)


def pip(python: Path, command: str, *options: object) -> list[object]:
    """Return a pip command line that accepts only files whose hash is in a list, and builds nothing from source."""
    checks = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--disable-pip-version-check"]
    return [python, "-m", "pip", command, *checks, *options]


def downloads() -> Path:
    """Return the folder of downloaded wheels; it exists."""
    folder = paths.BUILD / "downloads"
    folder.mkdir(parents=True, exist_ok=True)
    return folder

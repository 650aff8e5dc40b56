"""Virtual environments in .build/venvs and the packages in them."""

from __future__ import annotations

import shutil
from pathlib import Path

from . import paths
from .console import BuildError, run
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


def make_venv(name: str, version: str, pinned: Path) -> Path:
    """Create an environment with exactly the packages of one list, unless it exists; return its interpreter."""
    python, stamp, expected = venv_python(name), venv_stamp(name), digest(version, pinned)
    if not (is_current(stamp, expected) and python.exists()):
        create_venv(name, version)
        install(name, pinned)
        stamp.write_text(expected)
    return python


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

"""The files of the checkout that belong in the extension: what Blender and the worker can reach, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

from .. import paths
from .imports import PACKAGES, reachable

ENTRIES = ("diface_addon", "diface_core.worker")
"""The modules that start something in an installed extension: Blender imports the add-on, which starts the worker.

The command lines (`diface_core.__main__`, `diface_addon.cli`) are documented for the checkout, where their packages
have the names to call them by. In an installed extension the packages have other names.
"""


def extension_files() -> list[Path]:
    """Return the reachable modules, the data files beside them, and the pages of the guide.

    A data file belongs to the modules in its folder. In a folder without modules (weights, assets) it belongs to those
    of the nearest folder above that has some.
    """
    code = list(reachable(ENTRIES).values())
    folders = {file.parent for file in code}
    data = [file for package in PACKAGES for file in _data_files(paths.ROOT / package)]
    guide = sorted((paths.ROOT / "docs" / "guide").glob("*.md"))  # opened by Online Manual
    return code + [file for file in data if _nearest_package(file) in folders] + guide


def _data_files(folder: Path) -> list[Path]:
    """Return all files below a folder that are no code, caches or hidden files; links to folders are followed."""
    found: list[Path] = []
    for parent, _, names in os.walk(folder, followlinks=True):
        inner = Path(parent).relative_to(paths.ROOT).parts
        if not any(part.startswith(".") or part == "__pycache__" for part in inner):
            found += [Path(parent, name) for name in names if not name.startswith(".")]
    return sorted(file for file in found if file.suffix not in (".py", ".pyc"))


def _nearest_package(file: Path) -> Path:
    """Return the nearest folder at or above a data file that has modules."""
    return next(folder for folder in file.parents if any(folder.glob("*.py")))

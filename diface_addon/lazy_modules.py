"""Modules of the extension that are run when they are first used, so that Blender starts quickly.

An add-on must define its panels, operators and settings when it is enabled. What these use to do their work is most of
the code, and is needed when something is drawn or pressed. `importlib.util.LazyLoader` runs a module at the first
access to one of its attributes; `from .module import name` is such an access, `from . import module` is none.
Importing this module begins it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType


class LazyFinder(MetaPathFinder):
    """Finds the modules below some packages, and lets them be run at their first use."""

    def __init__(self, packages: Sequence[str]) -> None:
        self._prefixes = tuple(f"{package}." for package in packages)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the specification of a module; None for those of others."""
        if not fullname.startswith(self._prefixes) or ".cli." in fullname:  # `python -m` cannot run a lazy module
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


def _packages() -> list[str]:
    """Return the names of the add-on and of the core, which is beside it: in a checkout, and in an extension."""
    addon = __name__.rpartition(".")[0]
    extension = addon.rpartition(".")[0]
    return [addon, f"{extension}.diface_core" if extension else "diface_core"]


_finder = LazyFinder(_packages())


def begin() -> None:
    """Let modules that are imported from now on be run at their first use."""
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


def end() -> None:
    """Let modules be run when they are imported. Those that were not run yet stay as they are."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)


begin()

"""Modules of the extension that are run when they are first used, so that Blender starts quickly.

An add-on must define its panels, operators and settings when it is enabled. What these use to do their work is most of
the code, and is needed when something is drawn or pressed. A module is run at the first access to one of its
attributes; `from .module import name` is such an access, `from . import module` is none. Importing this module begins
it.

Python has `importlib.util.LazyLoader` for this, but its modules are run also when they are asked for their place or
their `__dict__`. Blender's preferences ask all modules for their place, in a loop over `sys.modules` that must not
change meanwhile; when it quits Blender asks all for their `__dict__`, also those of an add-on that was uninstalled.
"""

from __future__ import annotations

import sys
from _thread import RLock
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from os import path as os_path
from os import sep
from types import ModuleType
from typing import Any

ALWAYS = frozenset({"__name__", "__file__", "__spec__", "__loader__", "__package__", "__class__", "__dict__"})
"""Attributes of a module that can be read before it is run; of `__dict__` then only these are in it."""


class LazyModule(ModuleType):
    """A module that has not been run."""

    def __getattribute__(self, name: str) -> Any:
        if name not in ALWAYS:
            self.__loader__.run(self)
        return ModuleType.__getattribute__(self, name)


class LazyLoader(SourceFileLoader):
    """Runs a module in a file at its first use."""

    def __init__(self, name: str, file: str) -> None:
        super().__init__(name, file)
        self._lock, self._is_running = RLock(), False

    def exec_module(self, module: ModuleType) -> None:
        """Let a module wait."""
        module.__class__ = LazyModule

    def run(self, module: ModuleType) -> None:
        """Run a module that has waited. Other threads wait for it; what it imports sees what it has defined so far."""
        with self._lock:
            if self._is_running or module.__class__ is not LazyModule:
                return
            self._is_running = True
            try:
                super().exec_module(module)
            finally:
                self._is_running = False
            module.__class__ = ModuleType


class LazyFinder:
    """Finds the modules below some packages, each of one folder, and lets them be run at their first use.

    Python's own finder looks for files of more kinds, and `pathlib` makes objects: both take three times as long.
    """

    def __init__(self, packages: Sequence[str]) -> None:
        self._prefixes = tuple(f"{package}." for package in packages)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the specification of a module; None for those of others."""
        if not path or not fullname.startswith(self._prefixes) or ".cli." in fullname:
            return None  # `python -m` cannot run a lazy module
        place = f"{path[0]}{sep}{fullname.rpartition('.')[2]}"
        if os_path.isfile(f"{place}.py"):  # noqa: PTH113
            return _lazy_spec(fullname, f"{place}.py", None)
        package = f"{place}{sep}__init__.py"
        return _lazy_spec(fullname, package, [place]) if os_path.isfile(package) else None  # noqa: PTH113


def _lazy_spec(name: str, file: str, folders: list[str] | None) -> ModuleSpec | None:
    """Return the specification of the module in a file. folders: where a package has its modules."""
    return spec_from_file_location(name, file, loader=LazyLoader(name, file), submodule_search_locations=folders)


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

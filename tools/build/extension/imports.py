"""The static import graph of the extension's packages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from .. import paths

PACKAGES = ("diface_addon", "diface_core")


def modules() -> dict[str, Path]:
    """Return every module of the packages, by its dotted name."""
    return {module_name(file): file for package in PACKAGES for file in sorted((paths.ROOT / package).rglob("*.py"))}


def module_name(file: Path) -> str:
    """Return the dotted name of a file: "diface_core.faces" for diface_core/faces/__init__.py."""
    parts = file.relative_to(paths.ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def reachable(entries: tuple[str, ...]) -> dict[str, Path]:
    """Return the modules that some modules import directly or indirectly, including those and all parent packages.

    Imports inside functions count. Imports for type checkers only (`if TYPE_CHECKING:`) do not.
    """
    known = modules()
    found: dict[str, Path] = {}
    pending = list(entries)
    while pending:
        name = pending.pop()
        if name in found:
            continue
        found[name] = known[name]
        parent = name.rpartition(".")[0]
        candidates = [*imported_names(known[name]), *([parent] if parent else [])]
        pending += [candidate for candidate in candidates if candidate in known]
    return dict(sorted(found.items()))


def imported_names(file: Path) -> set[str]:
    """Return the absolute names that a module imports: `from .a import b` in x/y.py is both "x.a" and "x.a.b".

    Relative imports above the packages lead to the extension's root, so `from ..diface_core import types` in
    diface_addon/core.py is "diface_core" and "diface_core.types".
    """
    package = file.relative_to(paths.ROOT).parts[:-1]
    names: set[str] = set()
    for node in _runtime_nodes(ast.parse(file.read_text("utf-8"), str(file))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            source = ".".join([*base, *([node.module] if node.module else [])])
            names |= {source, *(f"{source}.{alias.name}".lstrip(".") for alias in node.names)} - {""}
    return names


def _runtime_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield all nodes of a module but those that only a type checker reads."""
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            pending += node.orelse
        else:
            pending += ast.iter_child_nodes(node)

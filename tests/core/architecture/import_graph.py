"""The import graph of both packages, read from the source without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("diface_core", "diface_addon")


def module_name(path: Path) -> str:
    """Return the dotted name of the module in `path`; a package for its `__init__.py`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, Path]:
    """Return every module of both packages by its dotted name."""
    paths = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    return {module_name(path): path for path in paths if "__pycache__" not in path.parts}


@cache
def import_graph() -> dict[str, frozenset[str]]:
    """Return the modules of both packages that each module imports, anywhere in it."""
    return {name: frozenset(set(_imported(name, path)) - {name}) for name, path in modules().items()}


@cache
def external_imports(name: str) -> frozenset[str]:
    """Return the top-level names that a module imports absolutely, from other packages or this one by its name."""
    tree = ast.parse(modules()[name].read_text("utf-8"))
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level]
    return frozenset(name.partition(".")[0] for name in names)


def reachable(*starts: str) -> set[str]:
    """Return all modules that importing `starts` can load, the packages around them included."""
    found: set[str] = set()
    waiting = list(starts)
    while waiting:
        name = waiting.pop()
        if name in modules() and name not in found:
            found.add(name)
            waiting += [*import_graph()[name], name.rpartition(".")[0]]
    return found


def cycles(graph: dict[str, frozenset[str]]) -> list[list[str]]:
    """Return the strongly connected components of more than one node (Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    components: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for following in graph[node]:
            if following not in index:
                visit(following)
                low[node] = min(low[node], low[following])
            elif following in stack:
                low[node] = min(low[node], index[following])
        if low[node] == index[node]:
            component = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            components.append(component)

    for node in graph:
        if node not in index:
            visit(node)
    return [sorted(component) for component in components if len(component) > 1]


def package_graph(root: str) -> dict[str, frozenset[str]]:
    """Return which direct children (packages or modules) of `root` import which others."""
    graph: dict[str, set[str]] = {}
    for name, imported in import_graph().items():
        part = _child(root, name)
        if part:
            others = {_child(root, other) for other in imported} - {"", part}
            graph.setdefault(part, set()).update(others)
    return {part: frozenset(others & set(graph)) for part, others in graph.items()}


def _child(root: str, name: str) -> str:
    """Return the direct child of `root` that `name` lies in; "" if it is not in `root`."""
    return name.removeprefix(f"{root}.").partition(".")[0] if name.startswith(f"{root}.") else ""


def _imported(name: str, path: Path) -> Iterator[str]:
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules())
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                submodule = f"{source}.{alias.name}"
                target = submodule if submodule in modules() else source
                if target in modules():
                    yield target

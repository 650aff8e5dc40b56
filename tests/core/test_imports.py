"""Who may import whom: the rules of docs/development/architecture.md, over every file."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = sorted((ROOT / "diface_core").rglob("*.py"))
ADDON = sorted((ROOT / "diface_addon").rglob("*.py"))

BLENDERS_OWN = {"bpy", "bpy_extras", "bmesh", "gpu", "blf", "mathutils", "aud", "addon_utils"}
HEAVY = {"torch", "transformers", "scipy"}
FOR_THE_ADDON = {
    "types",
    "errors",
    "channels",
    "protocol",
    "bend",
    "request_file",
    *(f"faces.{name}" for name in ("head", "flame", "flame_recognition", "identities", "placement")),
}
"""What the add-on may use of the core beside the package itself: modules that need only numpy."""


def imports(path: Path, package: str) -> Iterator[str]:
    """Every name that a file imports, as a whole: `from .a import b` in x/y.py is both "x.a" and "x.a.b"."""
    here = [package, *path.relative_to(ROOT / package).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else []
            if node.level > len(here):  # above the package: the extension's root
                base = []
            source = ".".join([*base, *([node.module] if node.module else [])])
            yield from filter(None, [source])
            yield from (f"{source}.{alias.name}".lstrip(".") for alias in node.names)


def top(name: str) -> str:
    return name.partition(".")[0]


def where(name: str) -> str:
    """The part of the add-on that a name lies in: "operators", "scene", "jobs", ..."""
    return name.split(".")[1] if name.startswith("diface_addon.") else ""


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_core_has_never_heard_of_blender(path: Path) -> None:
    found = {top(name) for name in imports(path, "diface_core")}
    assert not found & (BLENDERS_OWN | {"diface_addon"})


@pytest.mark.parametrize("path", ADDON, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_addon_does_no_mathematics(path: Path) -> None:
    found = {top(name) for name in imports(path, "diface_addon")}
    assert not found & HEAVY


@pytest.mark.parametrize("path", ADDON, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_one_file_names_the_core(path: Path) -> None:
    named = {name for name in imports(path, "diface_addon") if top(name) == "diface_core"}
    if path.name != "core.py":
        assert not named, f"say `from .core import ...` instead of {sorted(named)}"
    for name in named - {"diface_core", "diface_core.faces"}:
        inside = name.removeprefix("diface_core.")
        assert any(f"{inside}.".startswith(f"{module}.") for module in FOR_THE_ADDON), name


@pytest.mark.parametrize("path", ADDON, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_inside_the_addon_are_relative(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level:
            assert top(node.module or "") != "diface_addon"
        if isinstance(node, ast.Import):
            assert all(top(alias.name) != "diface_addon" for alias in node.names)


@pytest.mark.parametrize("path", ADDON, ids=lambda path: str(path.relative_to(ROOT)))
def test_who_knows_whom_in_the_addon(path: Path) -> None:
    part = path.relative_to(ROOT / "diface_addon").parts[0].removesuffix(".py")
    used = {where(name) for name in imports(path, "diface_addon")} - {"", part}
    if part != "__init__":
        assert not used & {"panels", "operators"}, "only diface_addon/__init__.py imports operators and panels"
    if part == "scene":
        assert used <= {"compat", "core"}, f"scene knows only compat and the core. Got {used}"
    if part == "operators":
        known = {"scene", "generation", "editing", "answers", "learning", "jobs", "properties", "preferences"}
        known |= {"compat", "core"}
        assert used <= known, f"operators have the rest done by others. Got {used - known}"
    if part == "panels":
        assert used <= {"properties", "scene"}, f"panels show the settings and the scene, and do nothing. Got {used}"
    if part in ("compat", "core"):
        assert not used, "the ground floor stands on nothing"


def test_only_compat_asks_for_blenders_version() -> None:
    asking = [path.name for path in ADDON if re.search(r"bpy\.app\.version\b(?!_)", path.read_text("utf-8"))]
    assert set(asking) <= {"compat.py"}


def test_nobody_edits_the_search_path() -> None:
    editing = re.compile(r"sys\.path\s*(\.(append|insert|extend|remove)|\[.*\]\s*=|\+?=)")
    assert [str(path) for path in CORE + ADDON if editing.search(path.read_text("utf-8"))] == []


def test_no_eval() -> None:
    for path in CORE + ADDON:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            assert called not in ("eval", "exec"), path


def test_no_root_package() -> None:
    assert not (ROOT / "__init__.py").exists(), (
        "pytest would import it, and bpy with it; build.py writes it into the zip"
    )


def test_top_level_is_what_the_architecture_says() -> None:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a git checkout")
    picture = (ROOT / "docs" / "development" / "architecture.md").read_text("utf-8")
    known = {".ci", ".gitignore", "LICENSE", "README.md", "docs", "pyproject.toml", "tests", "wheels"}
    for name in {line.partition("/")[0] for line in done.stdout.splitlines()} - known:
        assert name in picture, f"docs/development/architecture.md does not name {name}"


@pytest.mark.parametrize("module", ["diface_core", *(f"diface_core.{name}" for name in sorted(FOR_THE_ADDON))])
def test_what_the_addon_uses_needs_only_numpy(module: str) -> None:
    blocked = sorted(HEAVY | {"soundfile", "safetensors"})
    code = f"import sys\nfor name in {blocked}: sys.modules[name] = None\nimport {module}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

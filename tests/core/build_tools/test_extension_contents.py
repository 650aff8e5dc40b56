"""Tests that the extension contains exactly the modules that it can import, and their data files."""

import ast
import re
import runpy
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.build import paths
from tools.build.extension.contents import ENTRIES, extension_files
from tools.build.extension.imports import PACKAGES, imported_names, module_name, modules, reachable
from tools.build.extension.stage import stage_extension

pytestmark = pytest.mark.slow

FROM_BLENDER = {"bpy", "bpy_extras", "bmesh", "gpu", "blf", "mathutils", "aud", "addon_utils", "numpy"}
DISTRIBUTIONS = {"yaml": "pyyaml"}
"""Names of packages on the index that differ from the module's name."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension's files, staged with one wheel."""
    folder = tmp_path_factory.mktemp("staged")
    wheel = folder / "some-1.0-py3-none-any.whl"
    wheel.write_bytes(b"PK")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "BUILD", folder / ".build")
        return stage_extension("windows-x64", [wheel])


@pytest.fixture(scope="module")
def shipped(stage: Path) -> dict[str, Path]:
    """The modules in the staged extension: dotted name -> file in the checkout."""
    files = [file.relative_to(stage) for package in PACKAGES for file in (stage / package).rglob("*.py")]
    return {module_name(paths.ROOT / file): paths.ROOT / file for file in files}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], None]:
    """Return a function that writes files of a small project, used in place of the checkout."""
    monkeypatch.setattr(paths, "ROOT", tmp_path)

    def write(files: dict[str, str]) -> None:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)

    return write


def test_manifest_lists_the_wheels_and_the_platform(stage: Path) -> None:
    manifest = tomllib.loads((stage / "blender_manifest.toml").read_text("utf-8"))
    assert manifest["platforms"] == ["windows-x64"]
    assert manifest["wheels"] == ["./wheels/some-1.0-py3-none-any.whl"]
    assert (stage / "wheels" / "some-1.0-py3-none-any.whl").read_bytes() == b"PK"
    assert "register" in (stage / "__init__.py").read_text()
    assert not list(stage.rglob("__pycache__"))


def test_every_shipped_module_is_reachable(shipped: dict[str, Path]) -> None:
    assert shipped.keys() == reachable(ENTRIES).keys()
    assert {"diface_addon", "diface_core", "diface_core.worker"} <= shipped.keys()
    assert not [name for name in shipped if name.startswith(("diface_core.asset_build", "diface_core.training.eval"))]


def test_training_is_not_shipped(stage: Path) -> None:
    assert not (stage / "diface_core" / "training").exists()


def test_every_import_of_a_shipped_module_resolves(shipped: dict[str, Path]) -> None:
    """In the extension, Blender, the standard library, or a package of wheels/lock.py."""
    lock = runpy.run_path(str(paths.PINNED / "lock.py"))
    requested = [*lock["RUNTIME"], *lock["TORCH_PACKAGES"]]
    declared = {re.split("[=;]", requirement)[0] for requirement in requested}
    every = modules()
    for name, file in shipped.items():
        for target in imported_names(file):
            top = target.partition(".")[0]
            if top in PACKAGES:
                assert target in shipped or target not in every, f"{name} imports {target}"
            else:
                distribution = DISTRIBUTIONS.get(top, top)
                assert top in FROM_BLENDER | sys.stdlib_module_names or distribution in declared, f"{name}: {target}"


def test_modules_that_are_started_by_name_are_shipped(shipped: dict[str, Path]) -> None:
    """For example the worker, whose name is a string in the add-on."""
    every = modules()
    named = set()
    for file in shipped.values():
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value:
                named |= {node.value} & every.keys()
    assert "diface_core.worker" in named
    assert named <= shipped.keys()


def test_every_shipped_module_of_the_core_can_be_imported_from_the_extension(
    stage: Path, shipped: dict[str, Path]
) -> None:
    names = [name for name in shipped if name.startswith("diface_core")]
    code = f"import importlib\nfor name in {names}: importlib.import_module(name)\nimport diface_core"
    code += "\nprint(diface_core.__file__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=stage, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()) == stage / "diface_core" / "__init__.py"


def test_data_files_are_shipped_with_their_modules(stage: Path) -> None:
    core = stage / "diface_core"
    assert (core / "weights" / "README.md").is_file()
    assert list(core.glob("weights/*.safetensors"))
    assert list(core.glob("assets/*"))
    assert list(core.glob("faces/flame/*.npz"))


def test_all_kinds_of_import_are_followed(project: Callable[[dict[str, str]], None]) -> None:
    project(
        {
            "diface_addon/__init__.py": "from .core import x\n\ndef late():\n    from . import inner\n",
            "diface_addon/core.py": "import diface_core.deep.one\n",
            "diface_addon/inner.py": "",
            "diface_addon/unused.py": "import diface_core.unused",
            "diface_core/__init__.py": "",
            "diface_core/types.py": "if TYPE_CHECKING:\n    from .unused import a\nelse:\n    from .used import a\n",
            "diface_core/used.py": "",
            "diface_core/worker.py": "from . import types",
            "diface_core/unused.py": "",
            "diface_core/deep/__init__.py": "",
            "diface_core/deep/one.py": "from ..wide.two import value",
            "diface_core/wide/__init__.py": "",
            "diface_core/wide/two.py": "",
            "diface_core/wide/table.json": "",
            "diface_core/weights/some.bin": "",
            "diface_core/training/__init__.py": "",
            "diface_core/training/configs/some.toml": "",
        }
    )
    files = {file.relative_to(paths.ROOT).as_posix() for file in extension_files()}
    assert files == {
        "diface_addon/__init__.py",
        "diface_addon/core.py",
        "diface_addon/inner.py",
        "diface_core/__init__.py",
        "diface_core/deep/__init__.py",
        "diface_core/deep/one.py",
        "diface_core/types.py",
        "diface_core/used.py",
        "diface_core/weights/some.bin",
        "diface_core/wide/__init__.py",
        "diface_core/wide/table.json",
        "diface_core/wide/two.py",
        "diface_core/worker.py",
    }

"""Which libraries and modules each package may use: the rules of docs/development/architecture.md, over every file."""

import ast
import re
import subprocess
import sys

import pytest

from tests.core.architecture.import_graph import ROOT, external_imports, import_graph, modules

CORE = {name: path for name, path in modules().items() if name.startswith("diface_core")}
ADDON = {name: path for name, path in modules().items() if name.startswith("diface_addon")}

BLENDER = {"bpy", "bpy_extras", "bmesh", "gpu", "blf", "mathutils", "aud", "addon_utils"}
HEAVY = {"torch", "transformers", "scipy", "onnxruntime", "soundfile", "safetensors"}
FOR_THE_ADDON = {
    "diface_core",
    "diface_core.types",
    "diface_core.errors",
    "diface_core.channels",
    "diface_core.protocol",
    "diface_core.request_file",
    "diface_core.words",
    "diface_core.transcripts.read_transcript",
    "diface_core.transcripts.spread_words",
    "diface_core.runtime.start_errors",
    *(f"diface_core.motion.{name}" for name in ("files", "head_angles", "key_reduction", "pc2", "resample", "warp")),
    *(
        f"diface_core.recordings.{name}"
        for name in ("align", "placed", "read", "recording", "row_times", "sound_timecode")
    ),
    *(f"diface_core.directing.{name}" for name in ("articulation_controls", "direction", "mood_controls")),
    *(f"diface_core.directing.gaze.{name}" for name in ("controls", "eye_response", "geometry", "target")),
    "diface_core.faces.head",
    *(
        f"diface_core.faces.poses.{name}"
        for name in (
            "displacements",
            "known_poses",
            "perception",
            "pose_channels",
            "pose_set",
            "shape_recognition",
            "solve_poses",
        )
    ),
    *(f"diface_core.faces.flame.{name}" for name in ("flame_model", "recognition", "identities", "placement")),
}
"""Modules of the core that the add-on may import: those that need only numpy."""


@pytest.mark.parametrize("module", CORE)
def test_core_does_not_import_blender(module: str) -> None:
    assert not external_imports(module) & (BLENDER | {"diface_addon"})


@pytest.mark.parametrize("module", ADDON)
def test_addon_does_not_import_heavy_libraries(module: str) -> None:
    assert not external_imports(module) & HEAVY


@pytest.mark.parametrize("module", ADDON)
def test_addon_reaches_the_core_through_one_module(module: str) -> None:
    used = {name for name in import_graph()[module] if name.startswith("diface_core")}
    assert used <= (FOR_THE_ADDON if module == "diface_addon.core" else set()), "write `from .core import ...`"


@pytest.mark.parametrize("module", ADDON)
def test_imports_inside_the_addon_are_relative(module: str) -> None:
    assert "diface_addon" not in external_imports(module)


@pytest.mark.parametrize("module", [name for name in ADDON if name.startswith("diface_addon.worker")])
def test_worker_client_runs_without_blender(module: str) -> None:
    assert not external_imports(module) & BLENDER


def test_only_compat_asks_for_the_blender_version() -> None:
    asking = [path.name for path in ADDON.values() if re.search(r"bpy\.app\.version\b(?!_)", path.read_text("utf-8"))]
    assert set(asking) <= {"compat.py"}


def test_search_path_is_not_edited() -> None:
    editing = re.compile(r"sys\.path\s*(\.(append|insert|extend|remove)|\[.*\]\s*=|\+?=)")
    assert [str(path) for path in modules().values() if editing.search(path.read_text("utf-8"))] == []


def test_no_eval() -> None:
    for path in modules().values():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            assert called not in ("eval", "exec"), path


def test_no_root_package() -> None:
    assert not (ROOT / "__init__.py").exists(), (
        "pytest would import it, and bpy with it; build.py writes it into the zip"
    )


def test_architecture_page_names_the_top_level() -> None:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a git checkout")
    picture = (ROOT / "docs" / "development" / "architecture.md").read_text("utf-8")
    known = {
        ".ci", ".github", ".gitignore", ".pre-commit-config.yaml", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE",
        "README.md", "SECURITY.md", "docs", "pyproject.toml", "tests", "wheels",
    }  # fmt: skip
    for name in {line.partition("/")[0] for line in done.stdout.splitlines()} - known:
        assert name in picture, f"docs/development/architecture.md does not name {name}"


@pytest.mark.parametrize("module", sorted(FOR_THE_ADDON))
def test_core_modules_of_the_addon_need_only_numpy(module: str) -> None:
    blocked = sorted(HEAVY)
    code = f"import sys\nfor name in {blocked}: sys.modules[name] = None\nimport {module}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

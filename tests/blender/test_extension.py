"""Tests of the built zip: its contents, and its installation and use in a real Blender."""

import json
import os
import subprocess
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tools.build.assets import ASSETS
from tools.build.console import BuildError
from tools.build.extension.archive import extension_tool, make_zip
from tools.build.extension.platforms import this_platform
from tools.build.extension.wheels import get_wheels
from tools.build.venvs import venv_python
from tools.build.versions import BLENDERS, MAIN_BLENDER

PLATFORM = this_platform()


@pytest.fixture(scope="session")
def light_zip() -> Path:
    """Build the extension without wheels: fast to install, sufficient to register."""
    return make_zip(PLATFORM, with_wheels=False)


@pytest.fixture(scope="session")
def full_zip() -> Path:
    """Build the extension as distributed, with torch."""
    try:
        get_wheels(PLATFORM)
    except BuildError as reason:
        pytest.skip(str(reason))
    return make_zip(PLATFORM)


def in_blender(version: str, folder: Path, *words: str | Path) -> dict[str, Any]:
    """Run in_blender.py in Blender `version` with empty settings in `folder`; return its report."""
    python = venv_python(f"bpy-{version}")
    if not python.is_file():
        pytest.skip(f"Blender {version} is not set up here: `python3 build.py test` says why.")
    (folder / "user").mkdir()
    report = folder / "report.json"
    environment = {name: value for name, value in os.environ.items() if name not in ("DIFACE_PYTHON", "PYTHONPATH")}
    done = subprocess.run(
        [python, Path(__file__).with_name("in_blender.py"), report, *words],
        cwd=folder,  # not the checkout: its packages would be imported
        env={**environment, "BLENDER_USER_RESOURCES": str(folder / "user")},
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert report.is_file(), done.stdout + done.stderr
    result = json.loads(report.read_text())
    assert "error" not in result, result["error"] + done.stdout + done.stderr
    return result


def test_zip_contains_the_required_files_and_no_others(full_zip: Path) -> None:
    with zipfile.ZipFile(full_zip) as archive:
        names = set(archive.namelist())
        manifest = tomllib.loads(archive.read("blender_manifest.toml").decode())
    assert {"__init__.py", "LICENSE", "diface_addon/__init__.py", "diface_core/worker.py"} <= names
    assert {f"diface_core/assets/{asset}" for asset in ASSETS} <= names
    assert any(name.startswith("diface_core/weights/") and name.endswith(".safetensors") for name in names)
    assert manifest["platforms"] == [PLATFORM]
    assert sorted(wheel.removeprefix("./") for wheel in manifest["wheels"]) == sorted(
        name for name in names if name.endswith(".whl")
    )
    assert {name.split("/")[0] for name in names} == {
        "__init__.py",
        "LICENSE",
        "blender_manifest.toml",
        "diface_addon",
        "diface_core",
        "docs",  # the guide, which Online Manual opens
        "wheels",
    }
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".blend"))]


def test_validation_by_blender_can_fail(light_zip: Path, tmp_path: Path) -> None:
    """make_zip passes `validate`; a zip with an invalid manifest must not."""
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(light_zip) as valid, zipfile.ZipFile(broken, "w") as invalid:
        manifest = valid.read("blender_manifest.toml").decode()
        invalid.writestr("blender_manifest.toml", manifest.replace('type = "add-on"', 'type = "gadget"'))
        invalid.writestr("__init__.py", valid.read("__init__.py"))
    tool = extension_tool()
    python = venv_python(f"bpy-{MAIN_BLENDER}")
    for file, passes in ((light_zip, True), (broken, False)):
        done = subprocess.run([python, tool, "validate", file], capture_output=True, text=True)
        assert (done.returncode == 0) is passes, done.stdout + done.stderr


def check_registered(result: dict[str, Any]) -> None:
    assert result["enabled"]
    assert result["settings"]
    assert {"add_head", "generate", "export_fbx", "export_alembic", "playblast"} <= set(result["operators"])
    assert result["top_level"] == [], "packages must be sub-packages of the extension, and torch in the worker only"
    assert result["left_behind"] == []


@pytest.mark.parametrize("version", BLENDERS)
def test_extension_installs_registers_and_unregisters(version: str, light_zip: Path, tmp_path: Path) -> None:
    check_registered(in_blender(version, tmp_path, "register", light_zip))


def test_blender_with_another_python_accepts_the_wheels(full_zip: Path, tmp_path: Path) -> None:
    """Blender refuses a zip with compiled wheels of which none is for its Python."""
    check_registered(in_blender("5.2", tmp_path, "register", full_zip))


def test_generates_with_the_python_of_blender_and_the_wheels(full_zip: Path, speech: Path, tmp_path: Path) -> None:
    result = in_blender(MAIN_BLENDER, tmp_path, "generate", full_zip, speech)
    assert result["status"] == ["FINISHED"]
    assert result["action"]
    jaw = result["jaw"]
    assert max(jaw) > 0.1, "the jaw does not open"
    assert max(jaw) - min(jaw) > 0.1
    assert result["top_level"] == []

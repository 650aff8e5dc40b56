"""The built zip: what it holds, and what happens to it in a real Blender, installed as an artist would."""

import json
import os
import subprocess
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

import build

PLATFORM = build.this_platform()


@pytest.fixture(scope="session")
def light_zip() -> Path:
    """The extension without its wheels: quick to install, enough to register."""
    return build.make_zip(PLATFORM, with_wheels=False)


@pytest.fixture(scope="session")
def full_zip() -> Path:
    """The extension as it is given away, torch and all."""
    try:
        build.get_wheels(PLATFORM)
    except build.BuildError as reason:
        pytest.skip(str(reason))
    return build.make_zip(PLATFORM)


def in_blender(version: str, folder: Path, *words: str | Path) -> dict[str, Any]:
    """What in_blender.py saw in Blender `version` with settings of its own in `folder`."""
    python = build.venv_python(f"bpy-{version}")
    if not python.is_file():
        pytest.skip(f"Blender {version} is not set up here: `python3 build.py test` says why.")
    (folder / "user").mkdir()
    report = folder / "report.json"
    own = {name: value for name, value in os.environ.items() if name not in ("DIFACE_PYTHON", "PYTHONPATH")}
    done = subprocess.run(
        [python, Path(__file__).with_name("in_blender.py"), report, *words],
        cwd=folder,  # not the checkout, whose packages would be found
        env={**own, "BLENDER_USER_RESOURCES": str(folder / "user")},
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert report.is_file(), done.stdout + done.stderr
    seen = json.loads(report.read_text())
    assert "error" not in seen, seen["error"] + done.stdout + done.stderr
    return seen


def test_zip_holds_what_it_needs_and_no_more(full_zip: Path) -> None:
    with zipfile.ZipFile(full_zip) as archive:
        names = set(archive.namelist())
        manifest = tomllib.loads(archive.read("blender_manifest.toml").decode())
    assert {"__init__.py", "LICENSE", "diface_addon/__init__.py", "diface_core/worker.py"} <= names
    assert {f"diface_core/assets/{asset}" for asset in build.ASSETS} <= names
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
        "wheels",
    }
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".blend"))]


def test_blenders_own_check_can_fail(light_zip: Path, tmp_path: Path) -> None:
    """make_zip passed `validate`; a zip with a manifest against the rules must not."""
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(light_zip) as good, zipfile.ZipFile(broken, "w") as bad:
        manifest = good.read("blender_manifest.toml").decode()
        bad.writestr("blender_manifest.toml", manifest.replace('type = "add-on"', 'type = "gadget"'))
        bad.writestr("__init__.py", good.read("__init__.py"))
    tool = next((build.BUILD / "venvs" / f"bpy-{build.MAIN_BLENDER}").rglob("bl_pkg/cli/blender_ext.py"))
    python = build.venv_python(f"bpy-{build.MAIN_BLENDER}")
    for file, passes in ((light_zip, True), (broken, False)):
        done = subprocess.run([python, tool, "validate", file], capture_output=True, text=True)
        assert (done.returncode == 0) is passes, done.stdout + done.stderr


def check_registered(seen: dict[str, Any]) -> None:
    assert seen["enabled"]
    assert seen["settings"]
    assert {"add_head", "generate", "export_fbx", "export_alembic", "playblast"} <= set(seen["operators"])
    assert seen["top_level"] == [], "the extension's packages are its own, and torch stays in the worker"
    assert seen["left_behind"] == []


@pytest.mark.parametrize("version", build.BLENDERS)
def test_installs_registers_and_leaves(version: str, light_zip: Path, tmp_path: Path) -> None:
    check_registered(in_blender(version, tmp_path, "register", light_zip))


def test_blender_of_another_python_takes_the_wheels_too(full_zip: Path, tmp_path: Path) -> None:
    """Blender refuses a zip with compiled wheels but none for its own Python."""
    check_registered(in_blender("5.2", tmp_path, "register", full_zip))


def test_generates_with_blenders_python_and_the_wheels(full_zip: Path, speech: Path, tmp_path: Path) -> None:
    seen = in_blender(build.MAIN_BLENDER, tmp_path, "generate", full_zip, speech)
    assert seen["answer"] == ["FINISHED"]
    assert seen["action"]
    jaw = seen["jaw"]
    assert max(jaw) > 0.1, "the jaw never opens"
    assert max(jaw) - min(jaw) > 0.1
    assert seen["top_level"] == []

"""Tests of the built zip: its contents, and its installation and use in a real Blender."""

import json
import os
import shutil
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
def small_zip() -> Path:
    """Build the extension as distributed."""
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
        env={
            **environment,
            "BLENDER_USER_RESOURCES": str(folder / "user"),
            "DIFACE_TEST_SOCKETS": str(folder / "sockets.txt"),
        },
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert report.is_file(), done.stdout + done.stderr
    result = json.loads(report.read_text())
    assert "error" not in result, result["error"] + done.stdout + done.stderr
    return result


def test_zip_contains_the_required_files_and_no_others(small_zip: Path) -> None:
    with zipfile.ZipFile(small_zip) as archive:
        names = set(archive.namelist())
        manifest = tomllib.loads(archive.read("blender_manifest.toml").decode())
    assert {"__init__.py", "LICENSE", "LICENSES.md", "diface_addon/__init__.py", "diface_core/worker.py"} <= names
    assert {f"diface_core/assets/{asset}" for asset in ASSETS} <= names
    assert any(name.startswith("diface_core/weights/") and name.endswith(".safetensors") for name in names)
    assert manifest["platforms"] == [PLATFORM]
    assert sorted(wheel.removeprefix("./") for wheel in manifest["wheels"]) == sorted(
        name for name in names if name.endswith(".whl")
    )
    assert {name.split("/")[0] for name in names} == {
        "__init__.py",
        "LICENSE",
        "LICENSES.md",
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


@pytest.mark.parametrize("version", BLENDERS)
def test_generates_with_the_python_of_blender_and_the_wheels(
    version: str, small_zip: Path, speech: Path, tmp_path: Path
) -> None:
    result = in_blender(version, tmp_path, "generate", small_zip, speech)
    assert result["status"] == ["FINISHED"]
    assert result["action"]
    jaw = result["jaw"]
    assert max(jaw) > 0.1, "the jaw does not open"
    assert max(jaw) - min(jaw) > 0.1
    check_registered(result)
    assert result["written"] == [], "the extension's folder may be read-only"
    sockets = tmp_path / "sockets.txt"
    assert not sockets.exists(), sockets.read_text()


def test_generates_below_a_folder_with_spaces_and_letters_of_other_scripts(
    small_zip: Path, speech: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "Мои файлы 我的 é"
    folder.mkdir()
    sound = folder / "звук 音.flac"
    shutil.copy2(speech, sound)
    result = in_blender(MAIN_BLENDER, folder, "generate", small_zip, sound)
    assert result["status"] == ["FINISHED"]
    assert max(result["jaw"]) > 0.1, "the jaw does not open"


def test_zip_is_small_and_names_its_licences(small_zip: Path) -> None:
    assert small_zip.stat().st_size < 130e6
    with zipfile.ZipFile(small_zip) as archive:
        page = archive.read("LICENSES.md").decode()
        wheels = [Path(name).name for name in archive.namelist() if name.endswith(".whl")]
    assert wheels
    for wheel in wheels:
        name, version = wheel.split("-")[:2]
        assert f"| {name} | {version} |" in page


def test_zip_is_reproducible(light_zip: Path, tmp_path: Path) -> None:
    first = light_zip.read_bytes()
    assert make_zip(PLATFORM, with_wheels=False).read_bytes() == first


def test_full_edition_has_torch_and_is_valid() -> None:
    try:
        get_wheels(PLATFORM, "full")
    except BuildError as reason:
        pytest.skip(str(reason))
    with zipfile.ZipFile(make_zip(PLATFORM, edition="full")) as archive:
        wheels = {Path(name).name.split("-")[0] for name in archive.namelist() if name.endswith(".whl")}
    assert {"torch", "transformers", "onnxruntime"} <= wheels


def test_repository_lists_the_extension(small_zip: Path, tmp_path: Path) -> None:
    shutil.copy2(small_zip, tmp_path)
    python = venv_python(f"bpy-{MAIN_BLENDER}")
    subprocess.run([python, extension_tool(), "server-generate", "--repo-dir", tmp_path, "--html"], check=True)
    (entry,) = json.loads((tmp_path / "index.json").read_text())["data"]
    assert (entry["id"], entry["platforms"]) == ("diface", [PLATFORM])
    assert entry["archive_url"] == f"./{small_zip.name}"

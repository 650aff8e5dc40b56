"""Tests of wheels/*.txt: everything that build.py installs is pinned and hashed."""

import re
from pathlib import Path

import pytest

from tools.build import paths
from tools.build.extension.platforms import EDITIONS, PLATFORMS
from tools.build.versions import BLENDERS

LISTS = sorted(paths.PINNED.glob("*.txt"))


def requirements(path: Path) -> dict[str, tuple[str, int]]:
    """Return name -> (version, number of hashes); fail on any other kind of line."""
    found: dict[str, tuple[str, int]] = {}
    for entry in re.split(r"\n(?=\S)", path.read_text().strip()):
        if entry.startswith("#"):
            continue
        first, *hashes = entry.split(" \\\n")
        match = re.fullmatch(r"([a-z0-9-]+)==([^ ;]+)(?: ; .+)?", first)
        assert match, f"not a pinned requirement: {first}"
        assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}", line) for line in hashes), entry
        found[match[1] if match[1] not in found else f"{match[1]} again"] = (match[2], len(hashes))
    return found


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.name)
def test_every_requirement_is_pinned_and_hashed(path: Path) -> None:
    found = requirements(path)
    assert found
    assert all(count > 0 for _, count in found.values())


def test_every_environment_has_a_list() -> None:
    wanted = {
        "core",
        "torch",
        "torch-cpu",
        "assets",
        "rendering",
        "receivers",
        "docs",
        *(f"bpy-{version}" for version in BLENDERS),
    }
    wanted |= {
        f"{edition}-{platform}-{python}"
        for edition in EDITIONS
        for platform, pythons in PLATFORMS.items()
        for python in pythons
    }
    assert {path.stem for path in LISTS} == wanted


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize(("platform", "pythons"), PLATFORMS.items())
def test_zip_contains_one_version_of_each_package(platform: str, pythons: tuple[str, ...], edition: str) -> None:
    """Every Blender unpacks the wheels for any Python, so two versions would overwrite each other."""
    lists = [requirements(paths.PINNED / f"{edition}-{platform}-{python}.txt") for python in pythons]
    versions = [{name: version for name, (version, _) in found.items()} for found in lists]
    for found in versions:
        for name in found.keys() & versions[0].keys():
            assert found[name] == versions[0][name], name


def test_worker_has_the_same_packages_inside_and_outside_the_zip() -> None:
    core = requirements(paths.PINNED / "core.txt")
    for name, (version, _) in requirements(paths.PINNED / "full-linux-x64-3.11.txt").items():
        assert core[name][0] == version, name


def test_numpy_is_the_version_of_blender() -> None:
    """The oldest supported Blender contains numpy 1.24, and the wheels must be compatible with it."""
    numbers = {version: requirements(paths.PINNED / f"bpy-{version}.txt")["numpy"][0] for version in BLENDERS}
    assert numbers["4.2"].startswith("1.24.")
    assert not any("numpy" in requirements(path) for path in paths.PINNED.glob("[sf]*-*-3.*.txt"))

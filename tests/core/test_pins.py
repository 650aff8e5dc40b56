"""What build.py installs is pinned, hashed, and the same for everybody."""

import re
from pathlib import Path

import pytest

import build

LISTS = sorted(build.PINNED.glob("*.txt"))


def requirements(path: Path) -> dict[str, tuple[str, int]]:
    """name -> (version, number of hashes); fails on every line of another kind."""
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


def test_there_is_a_list_for_everything() -> None:
    wanted = {"core", "torch", "torch-cpu", "assets", "rendering", *(f"bpy-{version}" for version in build.BLENDERS)}
    wanted |= {f"extension-{platform}-{python}" for platform, pythons in build.PLATFORMS.items() for python in pythons}
    assert {path.stem for path in LISTS} == wanted


@pytest.mark.parametrize(("platform", "pythons"), build.PLATFORMS.items())
def test_a_zip_holds_one_version_of_each_package(platform: str, pythons: tuple[str, ...]) -> None:
    """A wheel for any Python is unpacked by every Blender, so that two of them would overwrite each other."""
    lists = [requirements(build.PINNED / f"extension-{platform}-{python}.txt") for python in pythons]
    versions = [{name: version for name, (version, _) in found.items() if name != "scipy"} for found in lists]
    for found in versions:
        for name in found.keys() & versions[0].keys():
            assert found[name] == versions[0][name], name


def test_the_worker_is_the_same_inside_and_outside_of_the_zip() -> None:
    core = requirements(build.PINNED / "core.txt")
    for name, (version, _) in requirements(build.PINNED / "extension-linux-x64-3.11.txt").items():
        assert core[name][0] == version, name


def test_numpy_is_blenders() -> None:
    """numpy 1.24 is the oldest of the Blenders that we run in, and scipy must run with it."""
    numbers = {version: requirements(build.PINNED / f"bpy-{version}.txt")["numpy"][0] for version in build.BLENDERS}
    assert numbers["4.2"].startswith("1.24.")
    assert not any("numpy" in requirements(path) for path in build.PINNED.glob("extension-*.txt"))

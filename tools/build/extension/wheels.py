"""The wheels that the extension contains."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from .. import paths
from ..console import BuildError
from ..environments import core_python, cpu_torch
from ..stamps import digest, is_current
from ..venvs import fetch
from .platforms import EDITIONS, PLATFORMS, WHEEL_TAGS


def get_wheels(target: str, edition: str = "small") -> list[Path]:
    """Return the wheels for one platform and edition, downloaded unless they are there and current."""
    if target not in PLATFORMS or edition not in EDITIONS:
        choices = f"the platforms {', '.join(PLATFORMS)} and the editions {', '.join(EDITIONS)}"
        raise BuildError(f"Wheels exist for {choices}. Got {target}, {edition}.")
    lists = [paths.PINNED / f"{edition}-{target}-{version}.txt" for version in PLATFORMS[target]]
    folder = paths.BUILD / "wheels" / f"{edition}-{target}"
    stamp, expected = folder / "stamp", digest(*lists, paths.PINNED / "torch-cpu.txt")
    if not is_current(stamp, expected):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if edition == "full" and target == "linux-x64":
            _link_cpu_torch(folder)
        for version, pinned in zip(PLATFORMS[target], lists):
            title = f"wheels: {edition} edition, {target}, Python {version}"
            fetch(core_python(), pinned, folder, title, *_download_options(target, version))
        stamp.write_text(expected)
    return sorted(folder.glob("*.whl"))


def _link_cpu_torch(folder: Path) -> None:
    """Add the CPU build of torch for Linux, which is not in the lists of the extension."""
    torch = cpu_torch(core_python())
    if torch is None:
        raise BuildError("The full edition for Linux contains the CPU build of torch. The small one needs no torch.")
    link(torch, folder / torch.name)


def _download_options(target: str, version: str) -> list[str]:
    """Return pip's options that select wheels of a platform and Python version."""
    options = ["--python-version", version, "--implementation", "cp"]
    for abi in ("cp" + version.replace(".", ""), "abi3", "none"):
        options += ["--abi", abi]
    for name in WHEEL_TAGS[target]:
        options += ["--platform", name]
    return options


def link(source: Path, target: Path) -> None:
    """Create a hard link to a file, or a copy if the file system does not support links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)

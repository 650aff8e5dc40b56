"""The extension's zip, built and checked by Blender's own tool."""

from __future__ import annotations

import re
import shutil
import zipfile
from pathlib import Path

from .. import paths
from ..assets import make_assets
from ..console import BuildError, run
from ..environments import blender_python
from ..venvs import venv_folder
from ..versions import MAIN_BLENDER
from .stage import stage_extension
from .wheels import get_wheels

_DATE = (1980, 1, 1, 0, 0, 0)
"""The date of every entry: the earliest that a zip can state."""


def make_zip(target: str, with_wheels: bool = True, edition: str = "small") -> Path:
    """Build and validate the extension for one platform and edition; return the zip.

    The same sources give the same bytes.
    """
    if not any((paths.ROOT / "diface_core" / "weights").glob("*.safetensors")):
        raise BuildError("diface_core/weights has no weights. Train them: python -m diface_core.training.train.")
    make_assets()
    wheels = get_wheels(target, edition) if with_wheels else []
    python = blender_python(MAIN_BLENDER)
    stage = stage_extension(target, wheels, edition)
    paths.OUT.mkdir(exist_ok=True)
    kind = ("" if edition == "small" else f"-{edition}") if with_wheels else "-no-wheels"
    file = paths.OUT / f"diface-{_version(stage)}-{target}{kind}.zip"
    tool = extension_tool()
    run(f"zip: {file.name}", [python, tool, "build", "--source-dir", stage, "--output-filepath", file])
    normalise(file)
    run("zip: validate", [python, tool, "validate", file])
    return file


def normalise(file: Path) -> None:
    """Write a zip again, with its entries sorted and without times and permissions of this machine."""
    draft = file.with_suffix(".draft")
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(draft, "w") as target:
        for old in sorted(source.infolist(), key=lambda entry: entry.filename):
            entry = zipfile.ZipInfo(old.filename, _DATE)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            stored = old.filename.endswith(".whl")  # which is compressed already
            entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            with source.open(old) as content, target.open(entry, "w", force_zip64=False) as copy:
                shutil.copyfileobj(content, copy, 1 << 20)
    draft.replace(file)


def extension_tool() -> Path:
    """Return Blender's command-line tool for extensions, a Python script."""
    return next(venv_folder(f"bpy-{MAIN_BLENDER}").rglob("bl_pkg/cli/blender_ext.py"))


def _version(stage: Path) -> str:
    """Return the version in a staged manifest."""
    match = re.search(r'^version = "(.+)"', (stage / "blender_manifest.toml").read_text("utf-8"), re.MULTILINE)
    if match is None:
        raise BuildError('blender_manifest.toml has no line version = "...".')
    return match[1]

"""The extension's zip, built and checked by Blender's own tool."""

from __future__ import annotations

import re
from pathlib import Path

from .. import paths
from ..assets import make_assets
from ..console import BuildError, run
from ..environments import blender_python
from ..venvs import venv_folder
from ..versions import MAIN_BLENDER
from .stage import stage_extension
from .wheels import get_wheels


def make_zip(target: str, with_wheels: bool = True) -> Path:
    """Build and validate the extension for one platform; return the zip."""
    if not any((paths.ROOT / "diface_core" / "weights").glob("*.safetensors")):
        raise BuildError("diface_core/weights has no weights. Train them: python -m diface_core.training.train.")
    make_assets()
    wheels = get_wheels(target) if with_wheels else []
    python = blender_python(MAIN_BLENDER)
    stage = stage_extension(target, wheels)
    paths.OUT.mkdir(exist_ok=True)
    file = paths.OUT / f"diface-{_version(stage)}-{target}{'' if with_wheels else '-no-wheels'}.zip"
    tool = extension_tool()
    run(f"zip: {file.name}", [python, tool, "build", "--source-dir", stage, "--output-filepath", file])
    run("zip: validate", [python, tool, "validate", file])
    return file


def extension_tool() -> Path:
    """Return Blender's command-line tool for extensions, a Python script."""
    return next(venv_folder(f"bpy-{MAIN_BLENDER}").rglob("bl_pkg/cli/blender_ext.py"))


def _version(stage: Path) -> str:
    """Return the version in a staged manifest."""
    match = re.search(r'^version = "(.+)"', (stage / "blender_manifest.toml").read_text("utf-8"), re.MULTILINE)
    if match is None:
        raise BuildError('blender_manifest.toml has no line version = "...".')
    return match[1]

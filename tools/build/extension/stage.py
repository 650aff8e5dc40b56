"""The extension's files in a folder, as they go into the zip."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from .. import paths
from .contents import extension_files
from .licences import licence_list
from .wheels import link

ENTRY = '''"""DiFACE as a Blender extension."""

from .diface_addon import register, unregister

__all__ = ["register", "unregister"]
'''
"""The extension's own __init__.py, which the checkout must not have (pytest would import it, and bpy with it)."""


def stage_extension(target: str, wheels: list[Path], edition: str = "small") -> Path:
    """Copy the extension's files for one platform and edition into an empty folder; return the folder."""
    stage = paths.BUILD / "stage" / f"{edition}-{target}"
    shutil.rmtree(stage, ignore_errors=True)
    for file in extension_files():
        copy = stage / file.relative_to(paths.ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, copy)
    shutil.copy2(paths.ROOT / "LICENSE", stage)
    (stage / "LICENSES.md").write_text(licence_list(wheels), "utf-8")
    (stage / "__init__.py").write_text(ENTRY, "utf-8")
    (stage / "wheels").mkdir()
    for wheel in wheels:
        link(wheel, stage / "wheels" / wheel.name)
    (stage / "blender_manifest.toml").write_text(_manifest(target, wheels), "utf-8")
    return stage


def _manifest(target: str, wheels: list[Path]) -> str:
    """Return the manifest, narrowed to one platform and with the list of wheels."""
    text = (paths.ROOT / "blender_manifest.toml").read_text("utf-8")
    listed = "".join(f'    "./wheels/{wheel.name}",\n' for wheel in wheels)
    lines = f'platforms = ["{target}"]\n' + (f"wheels = [\n{listed}]" if wheels else "")
    return re.sub(r"^platforms = .*$", lines, text, flags=re.MULTILINE)

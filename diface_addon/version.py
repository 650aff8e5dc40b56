"""DiFACE's version, read from the manifest."""

import tomllib
from pathlib import Path

_PACKAGE = __name__.rpartition(".")[0]
EXTENSION = _PACKAGE.rpartition(".")[0] or _PACKAGE
"""The module name under which Blender enabled the add-on: the extension, or this package in a checkout."""

VERSION: str = tomllib.loads((Path(__file__).parents[1] / "blender_manifest.toml").read_text("utf-8"))["version"]

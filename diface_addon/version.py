"""DiFACE's version, from the manifest, where it stands once."""

import tomllib
from pathlib import Path

EXTENSION = __package__.rpartition(".")[0] or __package__
"""The name that Blender enabled this add-on under: the extension's package, or this package in a checkout."""

VERSION: str = tomllib.loads((Path(__file__).parents[1] / "blender_manifest.toml").read_text("utf-8"))["version"]

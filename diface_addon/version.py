"""DiFACE's version, from the manifest, where it stands once."""

import tomllib
from pathlib import Path

VERSION: str = tomllib.loads((Path(__file__).parents[1] / "blender_manifest.toml").read_text("utf-8"))["version"]

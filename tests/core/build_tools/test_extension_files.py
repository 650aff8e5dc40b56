"""Tests of the extension's files before they are zipped."""

import tomllib
from pathlib import Path

from tools.build.extension.stage import stage_extension


def test_staged_extension_lists_its_wheels_and_platform(scratch: Path) -> None:
    wheel = scratch / "some-1.0-py3-none-any.whl"
    wheel.write_bytes(b"PK")
    stage = stage_extension("windows-x64", [wheel])
    manifest = tomllib.loads((stage / "blender_manifest.toml").read_text("utf-8"))
    assert manifest["platforms"] == ["windows-x64"]
    assert manifest["wheels"] == ["./wheels/some-1.0-py3-none-any.whl"]
    assert (stage / "wheels" / wheel.name).read_bytes() == b"PK"
    assert "register" in (stage / "__init__.py").read_text()
    assert not list(stage.rglob("__pycache__"))

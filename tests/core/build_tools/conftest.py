"""Fixtures of the tests of tools/build."""

from pathlib import Path

import pytest

from tools.build import paths


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder; build.py's intermediate files go to .build in it."""
    monkeypatch.setattr(paths, "BUILD", tmp_path / ".build")
    return tmp_path

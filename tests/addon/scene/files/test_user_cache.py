"""The cache folder outside an extension: in the user's cache folder, and private."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest

from diface_addon.core import errors
from diface_addon.settings import preferences

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="XDG_CACHE_HOME and permissions are Linux's.")


@pytest.fixture
def cache_home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize("find_folder", [preferences.cache_folder, preferences.styles_folder])
def test_folder_is_private_and_the_users(cache_home, find_folder) -> None:
    folder = find_folder()
    assert folder.parent == cache_home / "diface"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert Path(tempfile.gettempdir()) != folder.parent
    folder.chmod(0o777)
    assert find_folder().stat().st_mode & 0o777 == 0o700


def test_folder_of_another_user_is_refused(cache_home, monkeypatch) -> None:
    preferences.cache_folder()
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(errors.SceneError, match="belongs to another user"):
        preferences.cache_folder()

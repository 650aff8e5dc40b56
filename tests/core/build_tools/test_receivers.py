"""The programs of others that check exported files: pinned with hashes, and named if they cannot be set up."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tools.build import paths, receivers
from tools.build.console import BuildError

NODE = paths.PINNED / "node"


def test_every_package_of_node_is_pinned_with_a_hash() -> None:
    wanted = json.loads((NODE / "package.json").read_text("utf-8"))["dependencies"]
    locked = json.loads((NODE / "package-lock.json").read_text("utf-8"))["packages"]
    assert locked.pop("")["dependencies"] == wanted
    assert {name.removeprefix("node_modules/"): entry["version"] for name, entry in locked.items()} == wanted
    assert all(entry["integrity"].startswith("sha512-") for entry in locked.values())
    assert not any("resolved" in entry for entry in locked.values())


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> Path:
        raise BuildError("receivers needs Python 3.11.")

    monkeypatch.setattr(receivers, "make_venv", fail)
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    found, missing = receivers.receivers()
    assert found == {}
    assert missing == ["Exported USD and FBX files: receivers needs Python 3.11.", receivers.NODE]


def test_packages_of_node_are_installed_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    commands: list[list[object]] = []
    monkeypatch.setattr(receivers, "make_venv", lambda *_arguments: tmp_path / "python")
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(paths, "BUILD", tmp_path)
    monkeypatch.setattr(receivers, "run", lambda _title, command, hint="": commands.append(command))
    for _ in range(2):
        found, missing = receivers.receivers()
        assert missing == []
        assert found == {
            receivers.PYTHON: str(tmp_path / "python"), receivers.MODULES: str(tmp_path / "node" / "node_modules")
        }  # fmt: skip
    assert len(commands) == 1
    assert {"ci", "--ignore-scripts"} <= set(map(str, commands[0]))
    assert (tmp_path / "node" / "package-lock.json").is_file()

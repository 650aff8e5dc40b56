"""Tests of creating, updating and reusing environments."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.build import venvs

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def steps(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the steps; a created environment is a copy of this interpreter."""
    taken: list[str] = []

    def create(name: str, version: str) -> None:
        taken.append("create")
        python = venvs.venv_python(name)
        python.parent.mkdir(parents=True, exist_ok=True)
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)

    monkeypatch.setattr(venvs, "create_venv", create)
    monkeypatch.setattr(venvs, "install", lambda name, *lists: taken.append(" ".join(path.name for path in lists)))
    monkeypatch.setattr(venvs, "_uninstall_others", lambda name, lists: taken.append("clean"))
    return taken


def make(pinned: Path, version: str = VERSION) -> Path:
    return venvs.make_venv("some", version, [pinned], lambda python: [pinned])


@pytest.mark.skipif(sys.platform == "win32", reason="The stand-in for an interpreter is a shell script.")
def test_environment_is_created_once_and_updated_with_its_list(scratch: Path, steps: list[str]) -> None:
    pinned = scratch / "some.txt"
    pinned.write_text("a==1")
    assert make(pinned) == venvs.venv_python("some")
    assert steps == ["create", "some.txt", "clean"]
    make(pinned)
    assert len(steps) == 3
    pinned.write_text("a==2")
    make(pinned)
    assert steps[3:] == ["some.txt", "clean"]


@pytest.mark.skipif(sys.platform == "win32", reason="The stand-in for an interpreter is a shell script.")
def test_environment_is_recreated_for_another_python_or_if_broken(scratch: Path, steps: list[str]) -> None:
    pinned = scratch / "some.txt"
    pinned.write_text("a==1")
    make(pinned)
    make(pinned, "2.7")
    assert steps.count("create") == 2
    venvs.venv_python("some").write_text("#!/bin/sh\nexit 1\n")
    venvs.venv_stamp("some").unlink()
    make(pinned)
    assert steps.count("create") == 3


def test_interrupted_installation_is_not_current(
    scratch: Path, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned = scratch / "some.txt"
    pinned.write_text("a==1")
    make(pinned)
    pinned.write_text("a==2")

    def interrupt(name: str, *lists: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(venvs, "install", interrupt)
        with pytest.raises(KeyboardInterrupt):
            make(pinned)
    pinned.write_text("a==1")
    make(pinned)
    assert steps[-2:] == ["some.txt", "clean"]


def test_packages_that_no_list_names_are_removed(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pinned = scratch / "some.txt"
    pinned.write_text(
        "# Made by a tool\nsome-package==1.0 ; python_version > '3'  \\\n    --hash=sha256:00\nother==2\n"
    )
    listed = "Some_Package==1.0\nother==2\npip==24.0\nsetuptools==70.0\nleft.over==3\n"
    done = subprocess.CompletedProcess([], 0, stdout=listed)
    monkeypatch.setattr(venvs.subprocess, "run", lambda *words, **options: done)
    commands: list[list[str]] = []
    monkeypatch.setattr(venvs, "run", lambda title, command: commands.append([str(word) for word in command]))
    venvs._uninstall_others("some", [pinned])
    assert [command[-3:] for command in commands] == [["uninstall", "-y", "left-over"]]


def test_interpreter_is_recognised_by_its_version() -> None:
    assert venvs._runs(Path(sys.executable), VERSION)
    assert not venvs._runs(Path(sys.executable), "2.7")
    assert not venvs._runs(Path("absent"), VERSION)

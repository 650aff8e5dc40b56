"""Tests of when the part "windowed" of the tests runs, and what is printed if it cannot."""

import argparse
from pathlib import Path

import pytest

from tools.build import paths
from tools.build.commands import test as test_command
from tools.build.testing import parts, windowed

pytestmark = pytest.mark.skipif(not paths.LINUX, reason="The virtual display is for Linux.")


def install(folder: Path, **programs: str) -> None:
    """Write shell scripts that print one line, as programs."""
    for name, printed in programs.items():
        (folder / name).write_text(f"#!/bin/sh\necho {printed}\n")
        (folder / name).chmod(0o755)


@pytest.fixture
def search_path(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that is the whole search path."""
    monkeypatch.setenv("PATH", str(scratch))
    monkeypatch.delenv(windowed.PROGRAM, raising=False)
    return scratch


def test_missing_programs_are_named_with_the_command_that_installs_them(search_path: Path) -> None:
    install(search_path, blender="Blender 5.2.0")
    assert windowed.unavailable() == ("windowed: Xvfb and xdotool not found. Debian: apt-get install xvfb xdotool.")


def test_missing_blender_is_named_with_the_variable(search_path: Path) -> None:
    install(search_path, Xvfb="", xdotool="")
    assert windowed.PROGRAM in windowed.unavailable()


@pytest.mark.parametrize("printed", ["Blender 5.2.0 LTS", "Blender 6.0.0", "Blender 5.10.1"])
def test_blender_of_the_search_path_is_used(search_path: Path, printed: str) -> None:
    install(search_path, Xvfb="", xdotool="", blender=printed)
    assert windowed.unavailable() == ""
    assert windowed.windowed_blender() == str(search_path / "blender")


@pytest.mark.parametrize("printed", ["Blender 4.5.3 LTS", "nonsense", ""])
def test_older_blender_is_refused(search_path: Path, printed: str) -> None:
    install(search_path, Xvfb="", xdotool="", blender=printed)
    assert printed in windowed.unavailable()
    assert "5.2" in windowed.unavailable()


def test_variable_names_the_blender(search_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(search_path, Xvfb="", xdotool="", blender="Blender 4.2.0", other="Blender 5.2.0")
    monkeypatch.setenv(windowed.PROGRAM, str(search_path / "other"))
    assert windowed.unavailable() == ""
    monkeypatch.setenv(windowed.PROGRAM, str(search_path / "absent"))
    assert "does not start" in windowed.unavailable()


def test_part_that_cannot_run_is_printed_as_not_tested(search_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parts.run_parts([parts.WINDOWED], 1) == 1  # nothing passed
    printed = capsys.readouterr().out
    assert "NOT TESTED     windowed: Xvfb" in printed
    assert "apt-get install" in printed


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], False),
        (["core"], False),
        (["--quick"], False),
        (["--windowed"], True),
        (["core", "--windowed"], True),
        (["windowed"], True),
        (["windowed", "--windowed"], True),
    ],
)
def test_part_runs_only_if_it_is_asked_for(monkeypatch: pytest.MonkeyPatch, words: list[str], expected: bool) -> None:
    run: list[list[str]] = []
    monkeypatch.setattr(test_command, "run_parts", lambda names, _jobs, _quick: run.append(names) or 0)
    parser = argparse.ArgumentParser()
    test_command.add_arguments(parser)
    test_command.run(parser.parse_args(words))
    assert run[0].count(parts.WINDOWED) == expected

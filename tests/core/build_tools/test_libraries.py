"""Tests of the installation of system libraries: never without permission, and always announced."""

import io

import pytest

from tools.build import libraries
from tools.build.console import BuildError

MISSING = ["libXi.so.6", "libGL.so.1", "libEGL.so.1"]
COMMAND = "apt-get install -y --no-install-recommends libxi6 libgl1 libgl1-mesa-dri libegl1"


class Terminal(io.StringIO):
    """Interactive standard input."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commands that were run, on a machine with apt-get that lacks three libraries until one ran."""
    ran: list[str] = []
    monkeypatch.setattr(libraries.shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
    monkeypatch.setattr(libraries, "missing_libraries", lambda version: [] if COMMAND in ran else MISSING)
    monkeypatch.setattr(libraries, "run", lambda title, command, environment: ran.append(" ".join(command)))
    monkeypatch.delenv(libraries.PERMISSION, raising=False)
    return ran


def test_missing_libraries_make_one_command(steps: list[str]) -> None:
    assert " ".join(libraries.install_command(MISSING)) == COMMAND


@pytest.mark.parametrize(
    ("user", "permission", "stdin"),
    [(0, None, Terminal()), (0, "0", io.StringIO()), (1000, "1", io.StringIO()), (1000, None, io.StringIO())],
    ids=["root at a terminal", "forbidden", "no root with permission", "no root"],
)
def test_nothing_is_installed_without_permission(
    user: int, permission: str | None, stdin: io.StringIO, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libraries.os, "geteuid", lambda: user)
    monkeypatch.setattr(libraries.sys, "stdin", stdin)
    if permission is not None:
        monkeypatch.setenv(libraries.PERMISSION, permission)
    with pytest.raises(BuildError) as problem:
        libraries.require_libraries("4.5")
    assert f"\n    sudo {COMMAND}\n" in str(problem.value)
    assert steps == []


@pytest.mark.parametrize(
    ("permission", "stdin"),
    [("1", Terminal()), (None, io.StringIO()), (None, None)],
    ids=["permission", "no terminal", "no input"],
)
def test_root_installs_with_permission_or_without_a_terminal(
    permission: str | None,
    stdin: io.StringIO | None,
    steps: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(libraries.os, "geteuid", lambda: 0)
    monkeypatch.setattr(libraries.sys, "stdin", stdin)
    if permission is not None:
        monkeypatch.setenv(libraries.PERMISSION, permission)
    libraries.require_libraries("4.5")
    assert steps == ["apt-get update", COMMAND]
    assert "libXi.so.6" in capsys.readouterr().out


def test_libraries_that_are_still_missing_are_an_error(steps: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries.os, "geteuid", lambda: 0)
    monkeypatch.setenv(libraries.PERMISSION, "1")
    monkeypatch.setattr(libraries, "missing_libraries", lambda version: MISSING)
    with pytest.raises(BuildError, match="Install the libraries"):
        libraries.require_libraries("4.5")
    assert steps == ["apt-get update", COMMAND]

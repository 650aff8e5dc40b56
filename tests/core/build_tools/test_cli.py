"""Tests of the command line of build.py."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.build import cli
from tools.build.console import BuildError
from tools.build.libraries import PERMISSION

FILES = sorted((Path(__file__).resolve().parents[3] / "tools" / "build").rglob("*.py"))


def test_without_command_lists_every_command(root: Path) -> None:
    done = subprocess.run([sys.executable, "build.py"], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0
    for name in (
        "demo",
        "test",
        "bench",
        "fuzz",
        "rate",
        "wheels",
        "zip",
        "docs",
        "lint",
        "coverage",
        "assets",
        "clean",
    ):
        assert f"\n    {name} " in done.stdout
    first, _, others = done.stdout.partition("All commands")
    assert "python3 build.py demo" in first
    assert "python3 build.py test" in first
    assert "bench" not in first
    assert others


@pytest.mark.parametrize("module", cli.COMMANDS, ids=lambda module: module.__name__.rpartition(".")[2])
def test_every_command_has_help(module: object, capsys: pytest.CaptureFixture[str]) -> None:
    name = module.__name__.rpartition(".")[2]
    with pytest.raises(SystemExit) as ended:
        cli.main([name, "--help"])
    assert ended.value.code == 0
    assert f"build.py {name}" in capsys.readouterr().out


def test_every_command_module_is_listed() -> None:
    folder = Path(cli.__file__).with_name("commands")
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert {module.__name__.rpartition(".")[2] for module in cli.COMMANDS} == modules


def test_failure_of_a_step_is_a_message_and_exit_code_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(arguments: object) -> int:
        raise BuildError("No network. Connect and try again.")

    monkeypatch.setattr(cli.assets, "run", fail)
    assert cli.main(["assets"]) == 1
    assert capsys.readouterr().err.endswith("No network. Connect and try again.\n")


def test_option_permits_the_installation_of_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(cli.assets, "run", lambda arguments: seen.append(os.environ.get(PERMISSION)) or 0)
    monkeypatch.delenv(PERMISSION, raising=False)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    assert cli.main(["assets"]) == 0
    assert cli.main(["assets", "--install-libraries"]) == 0
    assert seen == [None, "1"]


def test_unknown_part_of_the_tests_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["test", "core", "4.1"]) == 1
    assert "Got 4.1." in capsys.readouterr().err


def test_old_python_gets_a_message(root: Path) -> None:
    code = "import sys, runpy; sys.version_info = (3, 8, 0); runpy.run_path('build.py', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.returncode == 1
    assert "needs Python 3.9 or newer" in done.stderr
    assert "Traceback" not in done.stderr


def test_starter_has_only_syntax_of_old_pythons(root: Path) -> None:
    ast.parse((root / "build.py").read_text("utf-8"), feature_version=(3, 4))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_runs_on_python_3_9_with_the_standard_library(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"), feature_version=(3, 9))
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        assert all(name.partition(".")[0] in sys.stdlib_module_names for name in names), names

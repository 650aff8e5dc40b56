"""Tests of the steps that build.py runs."""

import sys

import pytest

from tools.build.console import BuildError, child_environment, run


def test_failing_step_reports_its_output(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BuildError, match=r"(?s)the reason.*Install: failed \(exit code 3\)\. Try again\."):
        run("Install", [sys.executable, "-c", "print('the reason'); raise SystemExit(3)"], hint="Try again.")
    assert "-- Install" in capsys.readouterr().out


def test_step_gets_its_environment(capsys: pytest.CaptureFixture[str]) -> None:
    run("Check", [sys.executable, "-c", "import os; assert os.environ['VALUE'] == '7'"], {"VALUE": "7"})
    assert "done in" in capsys.readouterr().out


def test_python_settings_of_the_user_are_not_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("PYTHONHOME", "/somewhere")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    environment = child_environment({"VALUE": "7"})
    assert not {"PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE"} & environment.keys()
    assert environment["VALUE"] == "7"
    assert environment["PYTHONUTF8"] == "1"

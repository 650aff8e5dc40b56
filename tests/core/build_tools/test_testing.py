"""Tests of how build.py runs pytest and judges the result."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tools.build.processes import wait_for
from tools.build.testing.outcome import Outcome, print_summary
from tools.build.testing.pytest_part import run_pytest


def run_case(folder: Path, text: str) -> Outcome:
    """Run pytest on one file."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_it.py").write_text(textwrap.dedent(text))
    return run_pytest("case", Path(sys.executable), str(folder))


def counts(outcome: Outcome) -> tuple[int, int, int]:
    return outcome.passed, outcome.failed, outcome.skipped


def test_counts_are_those_of_pytest(scratch: Path) -> None:
    text = """
        import pytest
        def test_a(): pass
        def test_b(): assert False
        def test_c(): pytest.skip("no")
        @pytest.fixture
        def broken(): raise OSError
        def test_d(broken): pass
    """
    assert counts(run_case(scratch, text)) == (1, 2, 1)


def test_crash_after_the_tests_is_noted_and_no_failure(scratch: Path) -> None:
    text = """
        import atexit, os, signal
        atexit.register(lambda: os.kill(os.getpid(), signal.SIGTERM))
        def test_a(): pass
    """
    outcome = run_case(scratch, text)
    assert counts(outcome) == (1, 0, 0)
    assert "after the tests" in outcome.note


@pytest.mark.parametrize(
    "text",
    [
        "import os\ndef test_a(): os.kill(os.getpid(), 15)",
        "import os\ndef test_a(): os._exit(0)",
        "value = 1",
        "import absent_module",
    ],
    ids=["crash in a test", "silent exit in a test", "no tests", "import error"],
)
def test_run_without_a_result_is_a_failure(scratch: Path, text: str) -> None:
    outcome = run_case(scratch, text)
    assert outcome.failed == 1
    assert outcome.passed == 0


def test_old_report_does_not_count(scratch: Path) -> None:
    assert counts(run_case(scratch, "def test_a(): pass")) == (1, 0, 0)
    assert run_case(scratch, "import os\nos._exit(0)").failed == 1


def test_process_that_hangs_after_its_report_is_killed(tmp_path: Path) -> None:
    report = tmp_path / "report"
    report.touch()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        assert wait_for(process, report, patience=0.5) != 0


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([Outcome("a", passed=3), Outcome("b", passed=1, skipped=2)], 0),
        ([Outcome("a", passed=3), Outcome("b", failed=1)], 1),
        ([Outcome("a", skipped=3)], 1),
        ([], 1),
    ],
)
def test_summary_ends_with_the_counts(outcomes: list[Outcome], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert print_summary(outcomes, [], 1.0) == code
    passed, failed, skipped = (
        (sum(numbers) for numbers in zip(*map(counts, outcomes), strict=True)) if outcomes else (0,) * 3
    )
    assert capsys.readouterr().out.endswith(f"\n{passed} passed, {failed} failed, {skipped} skipped\n")


def test_summary_names_what_was_not_tested(capsys: pytest.CaptureFixture[str]) -> None:
    print_summary([Outcome("a", passed=1)], ["Blender 5.2: Python 3.13 was not found."], 1.0)
    assert "NOT TESTED     Blender 5.2: Python 3.13 was not found." in capsys.readouterr().out

"""Tests of how build.py runs jobs, mainly pytest, and evaluates the results."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tools.build import paths
from tools.build.processes import wait_for
from tools.build.testing.job import Job, pytest_job, run_job
from tools.build.testing.outcome import Outcome, print_summary
from tools.build.testing.queue import run_jobs


def run_case(folder: Path, text: str) -> Outcome:
    """Run pytest on one file."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_it.py").write_text(textwrap.dedent(text))
    fast = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return run_job(pytest_job("case", Path(sys.executable), [str(folder)], fast))


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


def test_crash_after_the_tests_is_noted_and_not_a_failure(scratch: Path) -> None:
    text = """
        import atexit, os, signal
        atexit.register(lambda: os.kill(os.getpid(), signal.SIGTERM))
        def test_a(): pass
    """
    outcome = run_case(scratch, text)
    assert counts(outcome) == (1, 0, 0)
    assert "after the tests" in outcome.note


def test_process_without_blender_may_take_its_time_to_end(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python frees large libraries for seconds: only a process with Blender's module is killed after its report."""
    monkeypatch.setattr("tools.build.testing.job.wait_for", lambda *_args: pytest.fail("must not be killed"))
    outcome = run_case(scratch, "import atexit, time\natexit.register(time.sleep, 0.3)\ndef test_a(): pass")
    assert counts(outcome) == (1, 0, 0)
    assert outcome.note == ""


@pytest.mark.slow
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
        assert wait_for(process, report.is_file, patience=0.5) != 0


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


def python_job(name: str, code: str, **options: object) -> Job:
    """Return a job that runs some Python code."""
    return Job(name, [sys.executable, "-c", textwrap.dedent(code)], **options)


def test_exit_code_decides_without_a_report(scratch: Path) -> None:
    assert counts(run_job(python_job("good", "pass"))) == (1, 0, 0)
    outcome = run_job(python_job("bad", "raise SystemExit(3)"))
    assert counts(outcome) == (0, 1, 0)
    assert "exit code 3" in outcome.note


def test_output_of_each_job_is_printed_when_it_ends(scratch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jobs = [
        python_job("one", "import sys; print('from one'); print('an error', file=sys.stderr)"),
        python_job("two", "print('from two'); raise SystemExit(1)"),
    ]
    outcomes = run_jobs(jobs, at_a_time=2)
    assert [(outcome.name, outcome.failed) for outcome in outcomes] == [("one", 0), ("two", 1)]
    printed = capsys.readouterr().out
    for title, lines in (("-- one: ok", ["from one", "an error"]), ("-- two: FAILED", ["from two"])):
        section = printed.partition(title)[2].partition("\n-- ")[0]
        assert all(line in section for line in lines)


def test_two_jobs_run_at_the_same_time(scratch: Path) -> None:
    """Each job waits for a file that the other one writes."""
    code = """
        import pathlib, time
        pathlib.Path("{folder}/{mine}").touch()
        end = time.monotonic() + 60
        while not pathlib.Path("{folder}/{other}").exists():
            assert time.monotonic() < end
            time.sleep(0.01)
    """
    pairs = [("a", "b"), ("b", "a")]
    jobs = [python_job(mine, code.format(folder=scratch, mine=mine, other=other)) for mine, other in pairs]
    assert [outcome.failed for outcome in run_jobs(jobs, at_a_time=2)] == [0, 0]


def test_longest_job_starts_first(scratch: Path) -> None:
    code = f"open(r'{scratch / 'order'}', 'a').write('{{name}} ')"
    jobs = [
        python_job(name, code.format(name=name), seconds=seconds) for name, seconds in (("a", 1), ("b", 9), ("c", 5))
    ]
    outcomes = run_jobs(jobs, at_a_time=1)
    assert (scratch / "order").read_text() == "b c a "
    assert [outcome.name for outcome in outcomes] == ["a", "b", "c"]


@pytest.mark.parametrize(("at_a_time", "threads"), [(1, "None"), (2, "1")])
def test_jobs_side_by_side_use_one_thread_each(
    at_a_time: int, threads: str, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    job = python_job(
        "a", "import os; print(os.environ.get('OMP_NUM_THREADS'), os.environ['MINE'])", environment={"MINE": "x"}
    )
    run_jobs([job], at_a_time)
    assert (paths.BUILD / "results" / "a.log").read_text().split() == [threads, "x"]


def test_job_that_cannot_start_has_failed(scratch: Path) -> None:
    jobs = [Job("absent", [str(scratch / "absent")], seconds=9), python_job("later", "pass")]
    outcomes = run_jobs(jobs, at_a_time=1)
    assert [counts(outcome) for outcome in outcomes] == [(0, 1, 0), (1, 0, 0)]
    assert "absent" in outcomes[0].note

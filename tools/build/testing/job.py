"""One process of a test run and how its result is judged."""

from __future__ import annotations

import subprocess
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

from .. import paths
from ..console import child_environment
from ..processes import wait_for
from .outcome import Outcome


@dataclass(frozen=True)
class Job:
    """A process to run. Its output goes to a log file."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    """Roughly how long it takes: jobs that take longer start first."""
    report: Path | None = None
    """The report that pytest writes. Without one, the exit code is the result."""
    may_hang: bool = False
    """Whether it runs Blender's module, which may hang when the process ends: it is killed after its report."""

    @property
    def log(self) -> Path:
        """The file with the output."""
        return paths.BUILD / "results" / f"{self.name}.log"


def pytest_job(
    name: str,
    python: Path,
    words: list[str],
    environment: dict[str, str] | None = None,
    seconds: float = 0.0,
    measured: bool = False,
    may_hang: bool = False,
) -> Job:
    """Return a job that runs pytest with some arguments, measured by coverage or not. For the others see `Job`."""
    report = paths.BUILD / "results" / f"{name}.xml"
    command = [str(python), *(["-m", "coverage", "run"] if measured else []), "-m", "pytest", *words]
    command += ["--junitxml", str(report)]
    return Job(name, command, environment or {}, seconds, report, may_hang)


def run_job(job: Job) -> Outcome:
    """Run a job to its end."""
    job.log.parent.mkdir(parents=True, exist_ok=True)
    if job.report is not None:
        job.report.unlink(missing_ok=True)
    start = time.monotonic()
    try:
        code = _run_process(job)
    except OSError as problem:
        return Outcome(job.name, failed=1, note=str(problem))
    outcome = _judge_report(job.name, job.report, code) if job.report is not None else _judge_code(job.name, code)
    outcome.seconds = time.monotonic() - start
    return outcome


def _run_process(job: Job) -> int:
    """Run the process with its output in the log; return the exit code."""
    with job.log.open("wb") as log:
        process = subprocess.Popen(
            job.command, cwd=paths.ROOT, env=child_environment(job.environment), stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        return wait_for(process, job.report.is_file) if job.report is not None and job.may_hang else process.wait()


def _judge_code(name: str, code: int) -> Outcome:
    """Return one passed or failed check."""
    return Outcome(name, failed=1, note=f"exit code {code}") if code else Outcome(name, passed=1)


def _judge_report(name: str, report: Path, code: int) -> Outcome:
    """Return the counts of pytest's report; a run without report or with an unexplained exit code is a failure.

    The report decides, not the exit code: Blender's module may crash when its process ends, after the tests.
    """
    suite = ElementTree.parse(report).getroot().find("testsuite") if report.is_file() else None
    if suite is None:
        return Outcome(name, failed=1, note=f"ended without a report (exit code {code})")
    count = {key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")}
    failed = count["failures"] + count["errors"]
    outcome = Outcome(name, max(0, count["tests"] - failed - count["skipped"]), failed, count["skipped"])
    if code < 0 or code > 128:
        outcome.note = f"the process crashed, or was killed, after the tests (exit code {code})"
    elif code and not failed:
        outcome.failed, outcome.note = 1, "no tests" if code == 5 else f"pytest returned exit code {code}"
    return outcome

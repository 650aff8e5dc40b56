"""One run of pytest, judged by pytest's own report: Blender's module may crash or hang when its process ends."""

from __future__ import annotations

import subprocess
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from .. import paths
from ..console import child_environment, say
from ..processes import wait_for
from .outcome import Outcome


def run_pytest(name: str, python: Path, folder: str, environment: dict[str, str] | None = None) -> Outcome:
    """Run the tests of one folder."""
    say(f"\n-- {name}: {folder}")
    report = paths.BUILD / "results" / f"{name}.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    start = time.monotonic()
    command = [str(python), "-m", "pytest", folder, "--junitxml", str(report)]
    process = subprocess.Popen(command, cwd=paths.ROOT, env=child_environment(environment))
    code = wait_for(process, report)
    outcome = _judge(name, report, code)
    outcome.seconds = time.monotonic() - start
    return outcome


def _judge(name: str, report: Path, code: int) -> Outcome:
    """Return the counts of a report; a run without report or with an unexplained exit code is a failure."""
    suite = ElementTree.parse(report).getroot().find("testsuite") if report.is_file() else None
    if suite is None:
        return Outcome(name, failed=1, note=f"ended without a report (exit code {code})")
    count = {key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")}
    failed = count["failures"] + count["errors"]
    outcome = Outcome(name, max(0, count["tests"] - failed - count["skipped"]), failed, count["skipped"])
    crashed = code < 0 or code > 128
    if crashed:
        outcome.note = f"the process crashed after the tests (exit code {code})"
    elif code and not failed:
        outcome.failed, outcome.note = 1, "no tests" if code == 5 else f"pytest returned exit code {code}"
    return outcome

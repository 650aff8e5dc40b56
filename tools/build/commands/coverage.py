"""Measure which lines the tests of the core and of one Blender execute."""

from __future__ import annotations

import argparse
import shutil
import subprocess
from pathlib import Path

from .. import paths
from ..assets import make_assets
from ..console import child_environment, say
from ..console import run as run_step
from ..environments import blender_environment, blender_python, core_python
from ..testing.job import Job, pytest_job
from ..testing.parts import BLENDER_SECONDS, CORE_SECONDS
from ..testing.queue import default_jobs, run_jobs
from ..versions import MAIN_BLENDER

PACKAGES = ("diface_core", "diface_addon", "tools")
REPORT = paths.OUT / "coverage"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the parts."""
    parser.add_argument(
        "--only", choices=["core", MAIN_BLENDER], help="the core's tests or those in Blender; default: both"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the tests under coverage, print the figures, and write a report with every line to out/coverage."""
    make_assets()
    folder = paths.BUILD / "coverage"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    data = {"COVERAGE_FILE": str(folder / "data")}
    jobs = [job for part, job in _jobs(data).items() if arguments.only in (None, part)]
    failed = sum(outcome.failed for outcome in run_jobs(jobs, default_jobs()))
    python = core_python()
    run_step("coverage: combine", [python, "-m", "coverage", "combine"], data)
    run_step("coverage: report", [python, "-m", "coverage", "html", "--directory", REPORT], data)
    say("\nCovered lines:")
    for package in PACKAGES:
        say(f"    {package:<14} {_figure(python, data, package)} %")
    say(f"\nEvery line: {(REPORT / 'index.html').relative_to(paths.ROOT)}")
    if failed:
        say(f"\n{failed} tests failed: the figures are of a run with failures.")
    return int(failed > 0)


def _jobs(data: dict[str, str]) -> dict[str, Job]:
    """Return one job per part, measured by coverage."""
    blender = {**data, **blender_environment(MAIN_BLENDER, "coverage")}
    return {
        "core": pytest_job("coverage core", core_python(), ["tests/core"], data, CORE_SECONDS, measured=True),
        MAIN_BLENDER: pytest_job(
            f"coverage Blender {MAIN_BLENDER}", blender_python(MAIN_BLENDER), ["tests/addon"], blender, BLENDER_SECONDS,
            measured=True, may_hang=True,
        ),
    }  # fmt: skip


def _figure(python: Path, data: dict[str, str], package: str) -> str:
    """Return the covered share of a package's lines, in per cent."""
    command = [str(python), "-m", "coverage", "report", "--format=total", f"--include={package}/*"]
    done = subprocess.run(command, cwd=paths.ROOT, env=child_environment(data), capture_output=True, text=True)
    return done.stdout.strip() if not done.returncode else "no lines, 0"

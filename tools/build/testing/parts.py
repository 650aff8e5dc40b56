"""The parts of a test run, and the jobs that they consist of."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from .. import paths
from ..assets import make_assets
from ..environments import blender_environment, blender_python, core_python
from ..pythons import find_python, install_hint
from ..receivers import receivers
from ..venvs import venv_python
from ..versions import BLENDERS, CORE_PYTHON, MAIN_BLENDER
from .job import Job, pytest_job
from .lint import lint_jobs
from .outcome import print_summary
from .queue import run_jobs
from .windowed import unavailable as windowed_unavailable

PARTS = ("lint", "docs", "core", *BLENDERS, "zip")
WINDOWED = "windowed"
"""The part that needs a Blender with a window; it runs only if it is named."""
QUICK_PARTS = ("lint", "core", MAIN_BLENDER)

LEARNING = ("training", "threediface", "style_adaptation", "compatibility")
"""Folders of the core's tests that run as a separate job, and not in a quick run: they train networks, and importing
torch and transformers alone takes ten seconds."""

EXPORTS = "tests/addon/scene/export"

CORE_SECONDS, LEARNING_SECONDS, BLENDER_SECONDS, ZIP_SECONDS, DOCS_SECONDS = 300, 250, 200, 110, 20
WINDOWED_SECONDS, EXPORT_SECONDS = 240, 90
"""Rough durations, by which the jobs are ordered."""


def run_parts(parts: list[str], at_a_time: int, quick: bool = False) -> int:
    """Run parts of the tests, print the summary, and return the exit code.

    Args:
        parts: Names from PARTS, and WINDOWED.
        at_a_time: How many jobs run at a time.
        quick: Leave out the tests that are marked `slow` or `training`.
    """
    start = time.monotonic()
    jobs: list[Job] = []
    not_tested: list[str] = []
    selection = ["-m", "not slow and not training"] if quick else []
    if "lint" in parts:
        jobs += lint_jobs(core_python())
    if "docs" in parts:
        jobs.append(Job("docs", [sys.executable, str(paths.ROOT / "build.py"), "docs"], seconds=DOCS_SECONDS))
    if set(parts) - {"lint", "docs", WINDOWED}:
        make_assets()
    if "core" in parts:
        jobs += _core_jobs(selection, quick)
    others: dict[str, str] = {}
    if set(parts) & set(BLENDERS):
        others, missing = receivers()
        not_tested += missing
    for version in BLENDERS:
        if version not in parts and "zip" not in parts:
            continue
        reason = _unavailable(version)
        if reason:
            not_tested.append(reason)
            continue
        python = blender_python(version)
        if version in parts:
            jobs += _blender_jobs(version, python, others, selection)
    if "zip" in parts:
        jobs.append(pytest_job("zip", core_python(), ["tests/blender"], seconds=ZIP_SECONDS))
    if WINDOWED in parts:
        reason = windowed_unavailable()
        not_tested += [reason] if reason else []
        jobs += [] if reason else [pytest_job(WINDOWED, core_python(), ["tests/windowed"], seconds=WINDOWED_SECONDS)]
    return print_summary(run_jobs(jobs, at_a_time), not_tested, time.monotonic() - start)


def _blender_jobs(version: str, python: Path, receivers_found: dict[str, str], selection: list[str]) -> list[Job]:
    """Return the add-on's tests in a Blender, in a whole run those of exports apart for 4.2.

    4.2 may crash where its glTF exporter sets the scene of the window, if many files were opened before.
    """
    name, words, jobs = f"Blender {version}", ["tests/addon", *selection], []
    if version == "4.2" and not selection:
        words.append(f"--ignore={EXPORTS}")
        environment = {**blender_environment(version, "exports"), **receivers_found}
        jobs.append(pytest_job(f"{name} exports", python, [EXPORTS], environment, EXPORT_SECONDS, may_hang=True))
    environment = {**blender_environment(version), **receivers_found}
    return [*jobs, pytest_job(name, python, words, environment, BLENDER_SECONDS, may_hang=True)]


def _core_jobs(selection: list[str], quick: bool) -> list[Job]:
    """Return the core's tests as two jobs; a quick run has the first one alone."""
    folders = [f"tests/core/{name}" for name in LEARNING]
    others = ["tests/core", *(f"--ignore={folder}" for folder in folders), *selection]
    jobs = [pytest_job("core", core_python(), others, seconds=CORE_SECONDS)]
    if not quick:
        jobs.append(pytest_job("core learning", core_python(), folders, seconds=LEARNING_SECONDS))
    return jobs


def _unavailable(version: str) -> str:
    """Return why a Blender version cannot be set up on this machine, or "" if it can."""
    python = BLENDERS[version]
    if python == CORE_PYTHON or venv_python(f"bpy-{version}").is_file() or find_python(python):
        return ""
    return f"Blender {version}: Python {python} was not found. {install_hint(python)}"

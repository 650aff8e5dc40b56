"""The parts of a test run."""

from __future__ import annotations

import time

from ..assets import make_assets
from ..environments import blender_environment, blender_python, core_python
from ..pythons import find_python, install_hint
from ..venvs import venv_python
from ..versions import BLENDERS, CORE_PYTHON
from .lint import lint
from .outcome import Outcome, print_summary
from .pytest_part import run_pytest

PARTS = ("lint", "core", *BLENDERS, "zip")


def run_parts(parts: list[str]) -> int:
    """Run the given parts one after the other, print the summary, and return the exit code."""
    start = time.monotonic()
    outcomes: list[Outcome] = []
    not_tested: list[str] = []
    if "lint" in parts:
        outcomes += lint()
    if parts != ["lint"]:
        make_assets()
    if "core" in parts:
        outcomes.append(run_pytest("core", core_python(), "tests/core"))
    for version in BLENDERS:
        if version not in parts and "zip" not in parts:
            continue
        reason = _unavailable(version)
        if reason:
            not_tested.append(reason)
            continue
        python = blender_python(version)
        if version in parts:
            outcomes.append(run_pytest(f"Blender {version}", python, "tests/addon", blender_environment(version)))
    if "zip" in parts:
        outcomes.append(run_pytest("zip", core_python(), "tests/blender"))
    return print_summary(outcomes, not_tested, time.monotonic() - start)


def _unavailable(version: str) -> str:
    """Return why a Blender version cannot be set up on this machine, or "" if it can."""
    python = BLENDERS[version]
    if python == CORE_PYTHON or venv_python(f"bpy-{version}").is_file() or find_python(python):
        return ""
    return f"Blender {version}: Python {python} was not found. {install_hint(python)}"

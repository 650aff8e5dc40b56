"""Measure the speed and write docs/research/speed.md."""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
from pathlib import Path

from .. import paths
from ..assets import make_assets
from ..console import BuildError, child_environment, say
from ..environments import blender_environment, blender_python, core_python
from ..versions import MAIN_BLENDER

CORES = 2
"""The published figures are for this number of CPU cores."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the benchmarks to run."""
    names = ", ".join(_scripts())
    described = f"benchmarks to run; rows of the others stay as they are. Default: all, in a new table. Known: {names}"
    parser.add_argument("names", nargs="*", metavar="NAME", help=described)


def _scripts() -> dict[str, Path]:
    """Return the benchmarks by their names."""
    found = (paths.ROOT / "tests").rglob("bench_*.py")
    return {script.stem.removeprefix("bench_"): script for script in sorted(found)}


def run(arguments: argparse.Namespace) -> int:
    """Run tests/**/bench_*.py, or those that are named, and collect the table rows that they print."""
    if unknown := set(arguments.names) - set(_scripts()):
        raise BuildError(f"No such benchmark: {', '.join(sorted(unknown))}. Known: {', '.join(_scripts())}.")
    core, blender = core_python(), blender_python(MAIN_BLENDER)
    make_assets()
    if paths.LINUX:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    tests = paths.ROOT / "tests"
    rows: list[str] = []
    for name, script in _scripts().items():
        if arguments.names and name not in arguments.names:
            continue
        rows += _run_benchmark(blender if script.is_relative_to(tests / "addon") else core, script)
    if not rows:
        raise BuildError("There are no benchmarks (tests/**/bench_*.py).")
    page = paths.ROOT / "docs" / "research" / "speed.md"
    _write_table(page, _replaced(page, rows) if arguments.names else rows)
    return 0


def _run_benchmark(python: Path, script: Path) -> list[str]:
    """Run one script; return its table rows."""
    say(f"\n-- {script.relative_to(paths.ROOT)}")
    environment = child_environment({**blender_environment(MAIN_BLENDER), "PYTHONPATH": str(paths.ROOT)})
    process = subprocess.Popen(
        [str(python), str(script)], cwd=paths.ROOT, env=environment, stdout=subprocess.PIPE, text=True,
        encoding="utf-8",
    )  # fmt: skip
    rows = []
    for line in process.stdout or ():
        say(line.rstrip())
        if line.startswith("| "):
            rows.append(line)
    # A negative code is a crash of Blender's module at its end, after the measurement.
    if process.wait() > 0 or not rows:
        raise BuildError(f"{script.name} failed (exit code {process.returncode}).")
    return rows


def _replaced(page: Path, rows: list[str]) -> list[str]:
    """Return the rows of a page with new ones in the place of those of the same measurement, or at the end."""
    new = {row.split(" | ")[0]: row for row in rows}
    lines = [line for line in page.read_text("utf-8").splitlines(keepends=True) if line.startswith("| ")][1:]
    return [new.pop(line.split(" | ")[0], line) for line in lines] + list(new.values())


def _write_table(file: Path, rows: list[str]) -> None:
    """Write the page of the documentation."""
    title = f"# Speed\n\nWritten by `python3 build.py bench` with Blender {MAIN_BLENDER} on {_machine()}.\n\n"
    file.write_text(title + "| measurement | result | target |\n|---|---|---|\n" + "".join(rows), "utf-8")
    say(f"\nWritten: {file}")


def _machine() -> str:
    """Describe the machine without its name."""
    model = platform.processor()
    if paths.LINUX:
        match = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        model = match[1] if match else model
    cores = len(os.sched_getaffinity(0)) if paths.LINUX else os.cpu_count()
    return f"{platform.system()}, {cores} cores, {model or platform.machine()}"

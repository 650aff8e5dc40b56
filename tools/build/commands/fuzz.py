"""Fuzz every reader of files and messages and write docs/research/fuzzing.md."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from .. import paths
from ..assets import make_assets
from ..console import BuildError, child_environment, say
from ..environments import blender_environment, blender_python, core_python
from ..processes import wait_for
from ..versions import MAIN_BLENDER

CORE, ADDON = "tests.core.fuzzing.targets", "tests.addon.fuzzing.file_targets"
FOLDER = paths.BUILD / "fuzzing"
PAGE = paths.ROOT / "docs" / "research" / "fuzzing.md"
END = "stat::peak_rss_mb"
"""The last statistic that libFuzzer prints: the run is over, also if Blender's module hangs when it ends."""

TEXT = """\
# Fuzzing

Written by `python3 build.py fuzz`. Each reader of files or messages from elsewhere gets files that
[Atheris](https://github.com/google/atheris) mutates from small valid ones, guided by the code that they reach. A
finding is any exception other than a `DifaceError`, a crash, more than 60 s for a file, more than 2 GB, a program that
is started, a connection, or a file outside the working folder that is changed. In zip archives the members are mutated
and packed again, so that checksums do not hide them. The readers and the valid files are in `tests/core/fuzzing/` and
`tests/addon/fuzzing/file_targets.py`.

| reader | mutated files | largest memory | findings |
|---|---|---|---|
"""


class Outcome(NamedTuple):
    """A fuzzed reader: how many files it read, the largest memory in MB, and the files that are findings."""

    name: str
    files: int
    memory: int
    findings: list[Path]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which readers, and how long."""
    parser.add_argument("names", nargs="*", metavar="READER", help="default: all readers")
    parser.add_argument("--runs", type=int, default=10_000, help="mutated files for each; default: 10000")
    parser.add_argument("--seed", type=int, default=1, help="seed of the mutations; default: 1")


def run(arguments: argparse.Namespace) -> int:
    """Fuzz the readers one after another; write the page if it was all of them."""
    if not paths.LINUX:
        raise BuildError("Atheris has packages for Linux only. Run this command there.")
    make_assets()
    targets = _targets()
    unknown = set(arguments.names) - set(targets)
    if unknown:
        raise BuildError(f"There is no reader {', '.join(sorted(unknown))}. Choose from {', '.join(targets)}.")
    outcomes = [_fuzz(name, targets[name], arguments) for name in arguments.names or targets]
    if not arguments.names:
        PAGE.write_text(TEXT + "".join(map(_row, outcomes)), "utf-8")
        say(f"\nWritten: {PAGE.relative_to(paths.ROOT)}")
    findings = [path for outcome in outcomes for path in outcome.findings]
    say(f"\n{sum(outcome.files for outcome in outcomes)} files, {len(findings)} findings.")
    for path in findings:
        say(f"    {path}")
    return int(bool(findings))


def _targets() -> dict[str, str]:
    """Return the name of each reader -> the module that lists it."""
    listed = {}
    for module in (CORE, ADDON):
        file = paths.ROOT / (module.replace(".", "/") + ".py")
        names = re.findall(r'^    "(\w+)": Target\(', file.read_text("utf-8"), re.MULTILINE)
        listed.update(dict.fromkeys(names, module))
    return listed


def _fuzz(name: str, module: str, arguments: argparse.Namespace) -> Outcome:
    """Fuzz one reader in its process; it ends at the first finding."""
    say(f"-- {name}")
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    python = blender_python(MAIN_BLENDER) if module == ADDON else core_python()
    command = [python, "-m", "tests.core.fuzzing.run_target", module, name, "--folder", folder]
    command += ["--runs", arguments.runs, "--seed", arguments.seed]
    log = folder / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(word) for word in command], cwd=paths.ROOT, stdout=output, stderr=subprocess.STDOUT,
            env=child_environment(blender_environment(MAIN_BLENDER, "fuzzing")),
        )  # fmt: skip
        code = wait_for(process, lambda: END in log.read_text("utf-8", "replace"))
    return _outcome(name, folder, log.read_text("utf-8", "replace"), code)


def _outcome(name: str, folder: Path, text: str, code: int) -> Outcome:
    """Return the outcome of a run from its output."""
    files = re.search(r"number_of_executed_units: (\d+)", text)
    memory = re.search(rf"{END}: +(\d+)", text)
    findings = sorted(folder.glob("finding-*"))
    if files is None or memory is None:
        if not findings:
            raise BuildError(f"{text[-3000:]}\n{name}: the run failed (exit code {code}).")
        return Outcome(name, 0, 0, findings)
    say(f"   {files[1]} files, {memory[1]} MB" + "".join(f"\n   FINDING: {path}" for path in findings))
    return Outcome(name, int(files[1]), int(memory[1]), findings)


def _row(outcome: Outcome) -> str:
    return f"| {outcome.name} | {outcome.files:,} | {outcome.memory} MB | {len(outcome.findings)} |\n"

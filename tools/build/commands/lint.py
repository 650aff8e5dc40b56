"""Check the format, the lint rules and the types."""

from __future__ import annotations

import argparse
import time

from ..environments import core_python
from ..testing.lint import lint_jobs
from ..testing.outcome import print_summary
from ..testing.queue import run_jobs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the files and what to do with them."""
    parser.add_argument("file", nargs="*", help="check the format and the rules of these files only")
    parser.add_argument("--fix", action="store_true", help="correct the format, and what the rules can correct")
    parser.add_argument("--no-types", action="store_true", help="leave out the type check, which takes longest")


def run(arguments: argparse.Namespace) -> int:
    """Run the checks one after the other: a correction changes what the next check sees."""
    start = time.monotonic()
    jobs = lint_jobs(core_python(), arguments.file, arguments.fix, types=not arguments.no_types)
    return print_summary(run_jobs(jobs, at_a_time=1), [], time.monotonic() - start)

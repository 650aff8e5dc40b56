"""Set up the project and run the tests."""

from __future__ import annotations

import argparse

from ..console import BuildError
from ..testing.parts import PARTS, QUICK_PARTS, WINDOWED, run_parts
from ..testing.queue import default_jobs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the parts and how they run."""
    parser.add_argument("part", nargs="*", help=f"run only these parts: {', '.join(PARTS)}, {WINDOWED}")
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"for daily work: {', '.join(QUICK_PARTS)}, without the tests that are slow or train networks",
    )
    parser.add_argument(
        "--windowed",
        action="store_true",
        help=f"also run the part {WINDOWED}: a user's session in a Blender with a window, under a virtual display",
    )
    parser.add_argument(
        "--jobs", type=int, default=default_jobs(), help="parts that run at a time (default: %(default)s)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the parts of the default run, or those named."""
    unknown = sorted(set(arguments.part) - {*PARTS, WINDOWED})
    if unknown:
        raise BuildError(f"The parts of the tests are {', '.join(PARTS)}, {WINDOWED}. Got {', '.join(unknown)}.")
    parts = arguments.part or list(QUICK_PARTS if arguments.quick else PARTS)
    if arguments.windowed and WINDOWED not in parts:
        parts = [*parts, WINDOWED]
    return run_parts(parts, max(1, arguments.jobs), arguments.quick)

"""Set up the project and run the tests."""

from __future__ import annotations

import argparse

from ..console import BuildError
from ..testing.parts import PARTS, run_parts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the parts."""
    parser.add_argument("part", nargs="*", help=f"run only these parts: {', '.join(PARTS)}")


def run(arguments: argparse.Namespace) -> int:
    """Run all parts, or those named."""
    unknown = sorted(set(arguments.part) - set(PARTS))
    if unknown:
        raise BuildError(f"The parts of the tests are {', '.join(PARTS)}. Got {', '.join(unknown)}.")
    return run_parts(arguments.part or list(PARTS))

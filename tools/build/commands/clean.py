"""Remove .build/ and the assets."""

from __future__ import annotations

import argparse
import shutil

from .. import paths


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing: the command has no options."""


def run(arguments: argparse.Namespace) -> int:
    """Remove everything that the other commands made, except the results in out/."""
    for folder in (paths.BUILD, paths.ASSETS):
        shutil.rmtree(folder, ignore_errors=True)
    return 0

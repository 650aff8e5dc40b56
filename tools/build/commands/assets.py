"""Make the bundled head and the speech encoder."""

from __future__ import annotations

import argparse

from ..assets import make_assets


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing: the command has no options."""


def run(arguments: argparse.Namespace) -> int:
    """Make the assets that are missing or outdated."""
    make_assets()
    return 0

"""Build the documentation site into out/docs and check its links."""

from __future__ import annotations

import argparse

from .. import paths
from ..console import say
from ..documentation import build_site, check_links


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing: the command has no options."""


def run(arguments: argparse.Namespace) -> int:
    """Check the links of all Markdown files, then build the site; warnings are errors."""
    check_links()
    say(f"\nBuilt: {build_site().relative_to(paths.ROOT)}")
    return 0

"""Download the wheels that the extension contains."""

from __future__ import annotations

import argparse

from ..console import say
from ..extension.platforms import EDITIONS, PLATFORMS, this_platform
from ..extension.wheels import get_wheels


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the platform and the edition."""
    parser.add_argument("--platform", default=this_platform(), choices=PLATFORMS, help="default: this machine's")
    parser.add_argument("--edition", default="small", choices=EDITIONS, help="default: small")


def run(arguments: argparse.Namespace) -> int:
    """Download the wheels and print their paths."""
    say("\n".join(str(path) for path in get_wheels(arguments.platform, arguments.edition)))
    return 0

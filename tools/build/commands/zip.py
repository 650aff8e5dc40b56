"""Build the Blender extension."""

from __future__ import annotations

import argparse

from ..console import say
from ..extension.archive import make_zip
from ..extension.platforms import EDITIONS, PLATFORMS, this_platform


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the platform, the edition and the wheels."""
    parser.add_argument("--platform", default=this_platform(), choices=PLATFORMS, help="default: this machine's")
    described = "; ".join(f"{name}: {text}" for name, text in EDITIONS.items())
    parser.add_argument("--edition", default="small", choices=EDITIONS, help=f"default: small. {described}")
    parser.add_argument(
        "--no-wheels",
        action="store_true",
        help="leave the wheels out; the user then names a Python for the worker in the preferences",
    )


def run(arguments: argparse.Namespace) -> int:
    """Build the zip and print its path."""
    say(f"\nBuilt: {make_zip(arguments.platform, not arguments.no_wheels, arguments.edition)}")
    return 0

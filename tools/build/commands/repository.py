"""Build a repository of the extension that Blender can install and update from: a folder to be served or opened."""

from __future__ import annotations

import argparse
import shutil

from .. import paths
from ..console import run as run_command
from ..console import say
from ..environments import blender_python
from ..extension.archive import extension_tool, make_zip
from ..extension.platforms import EDITIONS, PLATFORMS
from ..versions import MAIN_BLENDER


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the platforms and the edition."""
    parser.add_argument("--platform", action="append", choices=PLATFORMS, help="may be repeated; default: all")
    parser.add_argument("--edition", default="small", choices=EDITIONS, help="default: small")


def run(arguments: argparse.Namespace) -> int:
    """Build the zips, write index.json with Blender's tool, and print the folder."""
    folder = paths.OUT / "repository"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for platform in arguments.platform or PLATFORMS:
        shutil.copy2(make_zip(platform, edition=arguments.edition), folder)
    command = [blender_python(MAIN_BLENDER), extension_tool(), "server-generate", "--repo-dir", folder, "--html"]
    run_command("repository: index.json", command)
    say(f"\nBuilt: {folder / 'index.json'}")
    return 0

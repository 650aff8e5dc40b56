"""Set up the project and make a talking head from recorded speech."""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

from .. import paths
from ..assets import make_assets
from ..console import BuildError, child_environment, say
from ..environments import blender_environment, blender_python, core_python
from ..processes import wait_for
from ..versions import MAIN_BLENDER

SPEECH = paths.ROOT / "tests" / "data" / "speech.flac"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the sound file."""
    parser.add_argument("sound", nargs="?", type=Path, default=SPEECH, help="a sound file; default: bundled speech")


def run(arguments: argparse.Namespace) -> int:
    """Run the add-on without a window; leave its files in out/."""
    sound = arguments.sound.resolve()
    if not sound.is_file():
        raise BuildError(f"The sound file {sound} does not exist.")
    core_python()
    make_assets()
    python = blender_python(MAIN_BLENDER)
    paths.OUT.mkdir(exist_ok=True)
    say(f"\n-- demo: {sound.name} in Blender {MAIN_BLENDER}")
    report = paths.OUT / "demo.done"
    report.unlink(missing_ok=True)
    command = [str(python), "-m", "diface_addon.cli.demo", str(sound), str(paths.OUT)]
    environment = child_environment(blender_environment(MAIN_BLENDER))
    code = wait_for(subprocess.Popen(command, cwd=paths.ROOT, env=environment), report.is_file)
    if not report.is_file():
        raise BuildError(f"The demo failed (exit code {code}). The reason is printed above.")
    say("\nResults:\n" + "".join(f"    {name}\n" for name in report.read_text("utf-8").splitlines()))
    report.unlink()
    return 0

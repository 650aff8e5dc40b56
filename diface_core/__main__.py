"""The command line: `python -m diface_core generate speech.wav --out motion.npz`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from . import request_file
from .cli import generate_options
from .errors import DifaceError
from .motion.files import write_motion, writer_for
from .types import GenerateRequest, Progress

if TYPE_CHECKING:
    from .engines import Engines

FAILED, INTERRUPTED = 2, 130
"""Exit statuses: bad arguments or input, and Ctrl+C."""

PERSONALISE = "personalise"
"""The command whose arguments `training/personalise.py` reads."""

THREEDIFACE = "threediface"
"""The one whose arguments `threediface/command.py` reads."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if list(arguments[:1]) == [PERSONALISE]:
        return _personalise(arguments[1:])
    if list(arguments[:1]) == [THREEDIFACE]:
        from .threediface.cli.command import main as threediface

        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as in _load
        return threediface(arguments[1:])
    parsed = _parser().parse_args(arguments)
    try:
        _generate(parsed)
    except DifaceError as error:
        print(f"{error.message}\n{error.hint}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("Cancelled.", file=sys.stderr)
        return INTERRUPTED
    return 0


def _generate(arguments: argparse.Namespace) -> None:
    paths = _output_paths(arguments.out, arguments.samples)
    for path in paths:
        writer_for(path)  # before the work, not after it

    if arguments.make_again:
        _regenerate_take(arguments)
        return
    if arguments.audio is None:
        raise DifaceError("No sound file is named.", "Name one, or a take's request with --make-again.")
    engines = _load_engines(arguments.cache)
    for sample, path in enumerate(paths):
        _generate_one(engines, generate_options.build_request(arguments, sample), path)


def _regenerate_take(arguments: argparse.Namespace) -> None:
    """A take once more, from its request alone."""
    made = request_file.read(arguments.make_again)
    made = made.with_audio(arguments.audio) if arguments.audio else made
    answered = _generate_one(_load_engines(arguments.cache), made.request, arguments.out)
    if made.model_hash and answered != made.model_hash:
        print("The take was made by other models than these: this is another motion.", file=sys.stderr)


def _personalise(arguments: Sequence[str]) -> int:
    # What it needs of torch is not read for the other command.
    from .style_adaptation.personalise import main as personalise

    try:
        return personalise(arguments)
    except KeyboardInterrupt:
        print("Cancelled.", file=sys.stderr)
        return INTERRUPTED


def _load_engines(cache: Path | None) -> Engines:
    # Read where torch loads its threads: on a busy machine they shall sleep while they wait, not spin.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from .engines import Engines

    return Engines.create(cache)


def _generate_one(engines: Engines, request: GenerateRequest, path: Path) -> str:
    """Make the motion and write it; returns the hash of the models."""
    layout = "{desc:<24} {percentage:3.0f}% |{bar}| {elapsed}, {remaining} left"
    with tqdm(total=1.0, bar_format=layout, file=sys.stderr) as bar:

        def report(progress: Progress) -> None:
            bar.set_description_str(progress.stage, refresh=False)
            bar.update(progress.fraction - bar.n)

        result = engines.generate(request, report, lambda first, motion: None)
        bar.set_description_str(path.name)
    write_motion(path, result.motion)
    return result.model_hash


def _output_paths(path: Path, samples: int) -> list[Path]:
    """`motion.npz`, or for several samples `motion_00.npz`, `motion_01.npz` ..."""
    if samples == 1:
        return [path]
    return [path.with_name(f"{path.stem}_{number:02d}{path.suffix}") for number in range(samples)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m diface_core", description="Face and head motion from speech.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    generate_options.add_arguments(commands.add_parser("generate", help="make a motion from a sound file"))
    commands.add_parser(PERSONALISE, help="learn a speaking style from a sound and its motion")
    commands.add_parser(THREEDIFACE, help="the published 3DiFACE models, by the original's config and flags")
    return parser


if __name__ == "__main__":
    sys.exit(main())

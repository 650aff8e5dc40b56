"""The command line: `python -m diface_core generate speech.wav --out motion.npz`."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from .errors import DifaceError
from .motion_files import write_motion, writer_for
from .types import AudioSection, FrameRate, GenerateRequest, Progress, Style

if TYPE_CHECKING:
    from .generate import Generator

FAILED, INTERRUPTED = 2, 130
"""Exit statuses: bad arguments or input, and Ctrl+C."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        _generate(options)
    except DifaceError as error:
        print(f"{error.message}\n{error.hint}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("Cancelled.", file=sys.stderr)
        return INTERRUPTED
    return 0


def _generate(options: argparse.Namespace) -> None:
    request = GenerateRequest(
        audio=AudioSection(options.audio, options.start, options.seconds),
        parts=("face", "head") if options.part is None else (options.part,),
        rate=options.fps,
        seed=options.seed,
        steps=options.steps,
        guidance=options.guidance,
        face_strength=options.face_strength,
        head_strength=options.head_strength,
        style=Style.of(options.style),
    )
    paths = _numbered(options.out, options.samples)
    for path in paths:
        writer_for(path)  # before the work, not after it

    generator = _load(options.cache)
    for number, path in enumerate(paths):
        _one(generator, dataclasses.replace(request, seed=options.seed + number), path)


def _load(cache: Path | None) -> Generator:
    # Read where torch loads its threads: on a busy machine they shall sleep while they wait, not spin.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from .generate import Generator

    return Generator.load(cache)


def _one(generator: Generator, request: GenerateRequest, path: Path) -> None:
    layout = "{desc:<24} {percentage:3.0f}% |{bar}| {elapsed}, {remaining} left"
    with tqdm(total=1.0, bar_format=layout, file=sys.stderr) as bar:

        def report(progress: Progress) -> None:
            bar.set_description_str(progress.stage, refresh=False)
            bar.update(progress.fraction - bar.n)

        result = generator.generate(request, report)
        bar.set_description_str(path.name)
    write_motion(path, result.motion)


def _numbered(path: Path, samples: int) -> list[Path]:
    """`motion.npz`, or for several samples `motion_00.npz`, `motion_01.npz` ..."""
    if samples == 1:
        return [path]
    return [path.with_name(f"{path.stem}_{number:02d}{path.suffix}") for number in range(samples)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m diface_core", description="Face and head motion from speech.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    default = GenerateRequest(AudioSection(Path()))

    add = commands.add_parser("generate", help="make a motion from a sound file").add_argument
    add("audio", type=Path, help="speech as wav, flac, ogg or mp3")
    add("--out", type=Path, required=True, help=".npz (arrays values, channels, fps) or .csv (as Live Link Face)")
    add("--start", type=_number(-1e6, 1e6), default=0.0, help="seconds into the file; negative: silence first")
    add("--seconds", type=_number(0, 1e6), help="how long; without it to the end")
    part = commands.choices["generate"].add_mutually_exclusive_group().add_argument
    part("--face", dest="part", action="store_const", const="face", help="only the face")
    part("--head", dest="part", action="store_const", const="head", help="only the head")
    add("--fps", type=_rate, default=default.rate, help="such as 24, 29.97 or 30/1.001 (default: 30)")
    add("--seed", type=_count(0, 2**63 - 1), default=default.seed, help="another seed, another motion (default: 0)")
    add("--samples", type=_count(1, 100), default=1, help="how many motions, of seeds one after the other")
    add("--steps", type=_count(1, 50), default=default.steps, help="denoising steps, 1 to 50 (default: %(default)s)")
    add("--guidance", type=_number(0, 10), default=default.guidance, help="1 is none (default: %(default)s)")
    add("--style", help="a trained speaking style")
    add("--face-strength", type=_number(0, 2), default=1.0, help="multiplies the face weights, 0 to 2")
    add("--head-strength", type=_number(0, 2), default=1.0, help="multiplies the head's rotation, 0 to 2")
    add("--cache", type=Path, help="folder that keeps what was heard, for a second run on the same sound")
    return parser


def _number(least: float, most: float):
    def number(text: str) -> float:
        value = float(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"must be {least:g} to {most:g}. Got {text}")
        return value

    return number


def _count(least: int, most: int):
    def number(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"must be {least} to {most}. Got {text}")
        return value

    return number


def _rate(text: str) -> FrameRate:
    """`24`, `23.976`, `24/1.001` or `24000/1001`."""
    fps, _, base = text.partition("/")
    rate = FrameRate(float(fps), float(base or 1))
    if not 1 <= rate.value <= 1000:
        raise argparse.ArgumentTypeError(f"must be 1 to 1000 frames a second. Got {text}")
    return rate


if __name__ == "__main__":
    sys.exit(main())

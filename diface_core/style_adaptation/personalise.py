"""`python -m diface_core personalise SOUND MOTION --out STYLE`: learn a manner of speaking from a performance."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ..audio.speech_encoder import SpeechEncoder
from ..errors import DifaceError
from ..model import checkpoint, style_file
from ..model.denoiser import Denoiser
from ..model.models import WEIGHTS
from ..model.style_file import StyleFile, fingerprint, output_layer
from ..runtime import device
from ..types import Progress, Report
from .adapt import AdaptConfig, AdaptedDenoiser, adapt_denoiser
from .pair import AudioMotionPair, read_pair

MIN_SECONDS, MIN_SECONDS_STYLE_ONLY = 10.0, 3.0
"""Seconds that the pair must last: for vector and output layer, and for the vector alone."""

STYLE_ONLY_CONFIG = AdaptConfig(steps=80, batch=4, vector_rate=2e-2, output_rate=0.0, validate_every=10, patience=3)
"""Of seconds of motion the style vector alone is learnt."""


ENCODING_STAGE, ADAPTATION_STAGE = "Encoding the speech", "Learning the style"
ENCODING_SHARE = 0.3
"""Of the time that it all takes, about what the features need."""


def personalise(
    base: Denoiser,
    pairs: list[AudioMotionPair],
    encoder: SpeechEncoder,
    name: str,
    config: AdaptConfig | None = None,
    report: Report = lambda progress: None,
) -> tuple[StyleFile, AdaptedDenoiser]:
    """The style of one pair or of several, and what learning it came to.

    Raises DifaceError for pairs that are too short in all, and what `report` raises.
    """
    config = config or AdaptConfig()
    seconds = sum(pair.seconds for pair in pairs)
    shortest = MIN_SECONDS if config.output_rate else MIN_SECONDS_STYLE_ONLY
    if seconds < shortest:
        raise DifaceError(
            f"The performance lasts {seconds:.1f} s: too short to learn from.",
            f"Give at least {shortest:.0f} s"
            + (", or learn the style alone (--only-style)." if config.output_rate else "."),
        )
    sequences, heard = [], 0.0
    for pair in pairs:
        share, begun = ENCODING_SHARE * pair.seconds / seconds, heard
        sequences.append(
            pair.to_sequence(encoder, name, lambda done: report(Progress(begun + share * done, ENCODING_STAGE)))  # noqa: B023
        )
        heard += share
    rest = 1 - ENCODING_SHARE
    done = adapt_denoiser(
        base, sequences, config, lambda done: report(Progress(ENCODING_SHARE + rest * done, ADAPTATION_STAGE))
    )

    ours, theirs = output_layer(done.denoiser), output_layer(base)
    known = np.any([pair.known for pair in pairs], axis=0)
    notes = {
        "seconds": f"{seconds:.1f}", "steps": str(done.steps), "channels": str(int(known.sum())),
        "held_back_error": f"{done.error_after:.4f}", "held_back_error_before": f"{done.error_before:.4f}",
    }  # fmt: skip
    vector, weight = done.denoiser.style.weight[0], ours.weight - theirs.weight
    return StyleFile(name, fingerprint(base), vector, weight, ours.bias - theirs.bias, notes), done


def parser() -> argparse.ArgumentParser:
    """The command line's arguments."""
    made = argparse.ArgumentParser(prog="python -m diface_core personalise", description=__doc__)
    made.add_argument("audio", type=Path, help="the speech: 20 s to a few minutes of one speaker")
    made.add_argument("motion", type=Path, help="the face to it: .npz as DiFACE writes, or Live Link Face .csv")
    made.add_argument("--out", type=Path, required=True, help="the style file to write (.safetensors)")
    made.add_argument("--name", help="the style's name (default: the file's)")
    made.add_argument("--fps", type=float, default=60.0, help="frames a second of a .csv file (default: %(default)s)")
    made.add_argument("--only-style", action="store_true", help="learn a style vector alone, from a few seconds")
    made.add_argument("--weights", type=Path, default=WEIGHTS / "face.safetensors", help="the general model")
    return made


def run(options: argparse.Namespace) -> None:
    """Read, learn, write, and say what it came to. Raises DifaceError for whatever cannot be used."""
    if options.out.suffix != style_file.SUFFIX:
        raise DifaceError(
            f"Cannot write {options.out.name}: its name must end in {style_file.SUFFIX}.", "Choose another."
        )
    if not options.out.absolute().parent.is_dir():
        raise DifaceError(
            f"There is no folder {options.out.absolute().parent}.", "Make it first, or choose another one."
        )
    pair = read_pair(options.audio, options.motion, options.fps)
    base, _ = checkpoint.load(options.weights)
    begun = time.perf_counter()
    config = STYLE_ONLY_CONFIG if options.only_style else AdaptConfig()
    name = options.name or options.out.stem
    layout = "{desc} {percentage:3.0f}% |{bar}| {elapsed}, {remaining} left"
    with tqdm(total=1.0, desc=name, bar_format=layout, delay=1) as bar:

        def report(progress: Progress) -> None:
            bar.update(progress.fraction - bar.n)

        base, encoder = base.to(device.best()), SpeechEncoder.load()
        style, done = personalise(base, [pair], encoder, name, config, report)
    style_file.save(style, options.out)
    print(
        f"{options.out}: {pair.seconds:.0f} s learnt in {time.perf_counter() - begun:.0f} s. Error on its last fifth, "
        f"which was not learnt: {done.error_before:.3f} before, {done.error_after:.3f} now."
    )
    if done.error_after >= done.error_before:
        print("Nothing better than the general model was found: the style is the nearest trained one.")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    options = parser().parse_args(arguments)
    try:
        run(options)
    except DifaceError as error:
        print(f"{error.message}\n{error.hint}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

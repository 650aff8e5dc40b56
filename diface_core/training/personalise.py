"""`python -m diface_core personalise SOUND MOTION --out STYLE`: learn a manner of speaking from a performance."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from .. import device
from ..errors import DifaceError
from ..features import SpeechEncoder
from ..model import checkpoint, style_file
from ..model.bundle import WEIGHTS
from ..model.denoiser import Denoiser
from ..model.style_file import StyleFile, fingerprint, output_layer
from .adapt import AdaptConfig, Adapted, adapt
from .pair import Pair, read_pair

SHORTEST, SHORTEST_STYLE = 10.0, 3.0
"""Seconds that the pair must last: for vector and output layer, and for the vector alone."""

ONLY_STYLE = AdaptConfig(steps=80, batch=4, vector_rate=2e-2, output_rate=0.0, judge_every=10, patience=3)
"""Of seconds of motion the style vector alone is learnt."""


def personalise(
    base: Denoiser, pair: Pair, encoder: SpeechEncoder, name: str, config: AdaptConfig | None = None
) -> tuple[StyleFile, Adapted]:
    """The style of a pair, and what learning it came to. Raises DifaceError for a pair that is too short."""
    config = config or AdaptConfig()
    shortest = SHORTEST if config.output_rate else SHORTEST_STYLE
    if pair.seconds < shortest:
        raise DifaceError(
            f"The performance lasts {pair.seconds:.1f} s: too short to learn from.",
            f"Give at least {shortest:.0f} s"
            + (", or learn the style alone (--only-style)." if config.output_rate else "."),
        )
    layout = "{desc} {percentage:3.0f}% |{bar}| {elapsed}, {remaining} left"
    with tqdm(total=1.0, desc=name, bar_format=layout, delay=1) as bar:

        def report(fraction: float) -> None:
            bar.update(fraction - bar.n)

        done = adapt(base, pair.sequence(encoder, name), config, report)
    ours, theirs = output_layer(done.denoiser), output_layer(base)
    notes = {
        "seconds": f"{pair.seconds:.1f}", "steps": str(done.steps), "channels": str(int(pair.known.sum())),
        "held_back_error": f"{done.personal:.4f}", "held_back_error_before": f"{done.general:.4f}",
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
    config = ONLY_STYLE if options.only_style else AdaptConfig()
    name = options.name or options.out.stem
    style, done = personalise(base.to(device.best()), pair, SpeechEncoder.load(), name, config)
    style_file.save(style, options.out)
    print(
        f"{options.out}: {pair.seconds:.0f} s learnt in {time.perf_counter() - begun:.0f} s. Error on its last fifth, "
        f"which was not learnt: {done.general:.3f} before, {done.personal:.3f} now."
    )
    if not done.steps:
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

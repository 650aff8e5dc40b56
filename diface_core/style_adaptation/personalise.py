"""`python -m diface_core personalise AUDIO MOTION --out STYLE`: train a speaking style on a recorded performance."""

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
from ..learning.sequence import TrainingSequence
from ..model import style_file
from ..model.models import WEIGHTS
from ..model.style_file import StyleFile
from ..networks import checkpoint
from ..networks.denoiser import Denoiser
from ..networks.torch_denoiser import TorchDenoiser
from ..runtime import device
from ..runtime.progress import ENCODING
from ..types import Progress, Report
from .adapt import AdaptConfig, AdaptedDenoiser, adapt_denoiser
from .pair import AudioMotionPair, read_pair

MIN_SECONDS, MIN_SECONDS_STYLE_ONLY = 10.0, 3.0
"""Minimum seconds of motion: for vector and output layer, and for the vector alone."""

STYLE_ONLY_CONFIG = AdaptConfig(steps=80, batch=4, vector_rate=2e-2, output_rate=0.0, validate_every=10, patience=3)
"""Settings for a few seconds of motion: only the style vector is trained."""


ADAPTATION_STAGE = "Training the style"
ENCODING_SHARE = 0.3
"""Typical share of the time that the audio encoding takes."""


def personalise(
    base: Denoiser,
    pairs: list[AudioMotionPair],
    encoder: SpeechEncoder,
    name: str,
    config: AdaptConfig | None = None,
    report: Report = lambda progress: None,
) -> tuple[StyleFile, AdaptedDenoiser]:
    """Train a style on one pair or several.

    Args:
        base: The general denoiser.
        pairs: Audio and motion of one speaker.
        encoder: The audio encoder of `base`.
        name: Name of the style.
        config: Settings of the training; None uses the defaults.
        report: Called with the progress; may raise to cancel.

    Returns:
        The style, and the result of the training.

    Raises:
        DifaceError: If the pairs are too short in total.
    """
    config = config or AdaptConfig()
    seconds = sum(pair.seconds for pair in pairs)
    min_seconds = MIN_SECONDS if config.output_rate else MIN_SECONDS_STYLE_ONLY
    if seconds < min_seconds:
        alternative = ", or train the style vector alone (--only-style)" if config.output_rate else ""
        raise DifaceError(
            f"The performance lasts {seconds:.1f} s: too short to train a style.",
            f"Use at least {min_seconds:.0f} s{alternative}.",
        )
    sequences = _encode_pairs(pairs, encoder, name, report)
    rest = 1 - ENCODING_SHARE
    adapted = adapt_denoiser(
        base, sequences, config, lambda done: report(Progress(ENCODING_SHARE + rest * done, ADAPTATION_STAGE))
    )
    return _make_style(base, adapted, pairs, name), adapted


def _encode_pairs(
    pairs: list[AudioMotionPair], encoder: SpeechEncoder, style: str, report: Report
) -> list[TrainingSequence]:
    """Return the pairs as sequences of a style, and report the encoding as the first part of the progress."""
    seconds = sum(pair.seconds for pair in pairs)
    sequences, done_before = [], 0.0
    for pair in pairs:
        share = ENCODING_SHARE * pair.seconds / seconds

        def report_pair(done: float, first: float = done_before, share: float = share) -> None:
            report(Progress(first + share * done, ENCODING))

        sequences.append(pair.to_sequence(encoder, style, report_pair))
        done_before += share
    return sequences


def _make_style(base: Denoiser, adapted: AdaptedDenoiser, pairs: list[AudioMotionPair], name: str) -> StyleFile:
    """Return the style file of a fine-tuned denoiser: its vector, and the changes of the output layer."""
    layer, base_layer = adapted.denoiser.output_layer, base.output_layer
    known = np.any([pair.known for pair in pairs], axis=0)
    seconds = sum(pair.seconds for pair in pairs)
    notes = {
        "seconds": f"{seconds:.1f}", "steps": str(adapted.steps), "channels": str(int(known.sum())),
        "held_back_error": f"{adapted.error_after:.4f}", "held_back_error_before": f"{adapted.error_before:.4f}",
    }  # fmt: skip
    changes = adapted.denoiser.style.weight[0], layer.weight - base_layer.weight, layer.bias - base_layer.bias
    vector, weight, bias = (change.detach().cpu().numpy() for change in changes)
    return StyleFile(name, TorchDenoiser(base).fingerprint, vector, weight, bias, notes)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core personalise", description=__doc__)
    add = parser.add_argument
    add("audio", type=Path, help="speech of one speaker, 20 s to a few minutes")
    add("motion", type=Path, help="face motion recorded with it: DiFACE's .npz or Live Link Face's .csv")
    add("--out", type=Path, required=True, help="style file to write (.safetensors)")
    add("--name", help="name of the style (default: the file's name)")
    add("--fps", type=float, default=60.0, help="frames per second of a .csv file (default: %(default)s)")
    add("--only-style", action="store_true", help="train the style vector alone, which needs only a few seconds")
    add("--weights", type=Path, default=WEIGHTS / "face.safetensors", help="general model (default: DiFACE's)")
    return parser


def run(options: argparse.Namespace) -> None:
    """Read the files, train the style, write it and print the result.

    Raises:
        DifaceError: If a file cannot be used.
    """
    if options.out.suffix != style_file.SUFFIX:
        raise DifaceError(
            f"Cannot write {options.out.name}: its name must end in {style_file.SUFFIX}.", "Choose another name."
        )
    if not options.out.absolute().parent.is_dir():
        raise DifaceError(
            f"The folder {options.out.absolute().parent} does not exist.", "Create it, or choose another folder."
        )
    pair = read_pair(options.audio, options.motion, options.fps)
    base, _ = checkpoint.load(options.weights)
    started = time.perf_counter()
    config = STYLE_ONLY_CONFIG if options.only_style else AdaptConfig()
    name = options.name or options.out.stem
    layout = "{desc} {percentage:3.0f}% |{bar}| {elapsed}, {remaining} left"
    with tqdm(total=1.0, desc=name, bar_format=layout, delay=1) as bar:

        def report(progress: Progress) -> None:
            bar.update(progress.fraction - bar.n)

        base, encoder = base.to(device.best()), SpeechEncoder.load()
        style, adapted = personalise(base, [pair], encoder, name, config, report)
    style_file.save(style, options.out)
    print(
        f"{options.out}: trained on {pair.seconds:.0f} s in {time.perf_counter() - started:.0f} s. Error on the last "
        f"fifth, which was not trained on: {adapted.error_before:.3f} before, {adapted.error_after:.3f} after."
    )
    if adapted.error_after >= adapted.error_before:
        print("The training did not improve on the general model: the style is the nearest trained style.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    options = build_parser().parse_args(arguments)
    try:
        run(options)
    except DifaceError as error:
        print(f"{error.message}\n{error.hint}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

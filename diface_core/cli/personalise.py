"""`python -m diface_core personalise AUDIO MOTION --out STYLE`: train a speaking style on a recorded performance."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from ..audio.speech_encoder import SpeechEncoder
from ..errors import DifaceError
from ..model import style_file
from ..model.motion_denoiser import MotionDenoiser
from ..style_adaptation.adapt import AdaptConfig, StyleGradient
from ..style_adaptation.learn import FACE_WEIGHTS, load_face
from ..style_adaptation.pair import read_pair
from ..style_adaptation.personalise import STYLE_ONLY_CONFIG, personalise
from ..types import Progress
from .exit_status import run_command
from .generate_options import number_in_range


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core personalise", description=__doc__)
    add = parser.add_argument
    add("audio", type=Path, help="speech of one speaker, 20 s to a few minutes")
    add("motion", type=Path, help="face motion recorded with it: .npz, or .csv or .json of a face tracker")
    add("--out", type=Path, required=True, help="style file to write (.safetensors)")
    add("--name", help="name of the style (default: the file's name)")
    add("--fps", type=number_in_range(1, 1000), help="rows per second of the motion (default: as its file says)")
    add("--only-style", action="store_true", help="train the style vector alone, which needs only a few seconds")
    add("--weights", type=Path, default=FACE_WEIGHTS, help="general model (default: DiFACE's)")
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
    base, gradient = _load_model(options.weights)
    started = time.perf_counter()
    config = STYLE_ONLY_CONFIG if options.only_style else AdaptConfig()
    name = options.name or options.out.stem
    layout = "{desc} {percentage:3.0f}% |{bar}| {elapsed}, {remaining} left"
    with tqdm(total=1.0, desc=name, bar_format=layout, delay=1) as bar:

        def report(progress: Progress) -> None:
            bar.update(progress.fraction - bar.n)

        style, adapted = personalise(base, gradient, [pair], SpeechEncoder.load(), name, config, report)
    style_file.save(style, options.out)
    print(
        f"{options.out}: trained on {pair.seconds:.0f} s in {time.perf_counter() - started:.0f} s. Error on the last "
        f"fifth, which was not trained on: {adapted.error_before:.3f} before, {adapted.error_after:.3f} after."
    )
    if adapted.error_after >= adapted.error_before:
        print("The training did not improve on the general model: the style is the nearest trained style.")


def _load_model(path: Path) -> tuple[MotionDenoiser, StyleGradient]:
    """Return a denoiser and the gradient of its loss: on ONNX Runtime for DiFACE's model, by torch for another."""
    if path == FACE_WEIGHTS:
        return load_face()
    from ..learning.style_gradient import TorchStyleGradient
    from ..networks import checkpoint
    from ..networks.torch_denoiser import TorchDenoiser

    network, _ = checkpoint.load(path)
    return TorchDenoiser(network), TorchStyleGradient(network)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    options = build_parser().parse_args(arguments)
    return run_command(lambda: run(options))


if __name__ == "__main__":
    sys.exit(main())

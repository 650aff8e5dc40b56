"""`python -m diface_core.training.leave_out SOURCE CONFIG`: train a face without a source, and evaluate it there.

Prints a row for each measure of `evaluation/scorecard.py` on the held-out clips of the source, with its 95% interval:
the columns of "today's" in docs/research/quality.md. SOURCE is grid_s1 or facegood_1114. A run that was interrupted is
resumed; a file of `--out` that is complete is evaluated again with `--evaluate`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ..audio.speech_encoder import SpeechEncoder
from . import corpora, train
from .evaluation.baselines import encode_clips
from .evaluation.evaluate import generate_on_clips, load_weights, make_request
from .evaluation.scorecard import MILLIMETRES, PHONES, TIMING, TRACKS, Predictions

READERS = {
    "grid_s1": lambda data: corpora.read_grid(data / "grid_s1"),
    "facegood_1114": lambda data: corpora.read_facegood(data / "facegood"),
}


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m diface_core.training.leave_out",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("source", choices=READERS)
    parser.add_argument("config", type=Path, help="a face's, such as diface_core/training/configs/face.toml")
    parser.add_argument("--out", type=Path, required=True, help="file of the weights")
    parser.add_argument("--steps", type=int, help="override the config's value")
    parser.add_argument("--regression", action="store_true", help="train a deterministic network of the same size")
    parser.add_argument("--evaluate", action="store_true", help="only evaluate the weights of --out")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, default=Path(".build/training/heard"), help="folder of speech features")
    options = parser.parse_args(arguments)
    if not options.evaluate:
        steps = ["--steps", str(options.steps)] if options.steps else []
        kind = ["--regression"] if options.regression else []
        split = f"source:{options.source}"
        train.main([str(options.config), "--split", split, "--out", str(options.out), *steps, *kind])
    print(report(options))


def report(options: argparse.Namespace) -> str:
    """Return the table of the weights: 8 steps, or the single one of a deterministic network."""
    clips = [clip for clip in READERS[options.source](options.data) if corpora.is_held_out(clip)]
    heard = encode_clips(clips, SpeechEncoder.load(), options.cache)
    models = load_weights(options.out)
    steps, variety = (1, 0.0) if options.regression else (8, 1.0)
    request = make_request(models, options.source, steps, 1.0, variety)
    found = Predictions(generate_on_clips(models, heard, request, options.source), clips)
    lines = [f"| {options.source} left out, {len(clips)} clips | |", "|---|---|"]
    for column in (*TRACKS, *PHONES, *TIMING, *MILLIMETRES):
        if column.is_available(clips):
            lines.append(f"| {column.heading} | {column.cell(found)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()

"""Compare speech encoders as inputs of the mouth, with sources and languages left out.

    python -m diface_core.training.evaluation.experiments.compare_encoders --wheels WHEELS --rendered FOLDER

Each row of the table is one encoder, one of its layers and one normalisation, always with mel bands and loudness; each
column is trained without its source or its languages and evaluated on them. `WHEELS` holds the wheels of
`whisper_layers.SIZES`, FOLDER what `python -m diface_core.training.rendering --out FOLDER` made.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import torch

from ....types import Float32Array
from ... import metrics
from ...corpora import Clip
from ..scorecard import format_measure
from .left_out import Fold, add_options, encode, folds, judge, layer_features, select_clips
from .predictors import Example, Predict, convnet, ridge
from .voice_normalisation import standardise_voices
from .whisper_layers import SIZES, load_encoder


def evaluate_fold(
    fold: Fold, clips: list[Clip], features: list[Float32Array], fit: Callable[[list[Example]], Predict]
) -> str:
    """Return the aperture's r over the judged clips (GRID: r_res) with its interval."""
    judged = judge(fold, clips, features, fit)
    measure = metrics.pooled_residual_correlation if judged.is_grid else metrics.pooled_correlation
    return format_measure(measure(judged.ours, judged.truth), 3)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m diface_core.training.evaluation.experiments.compare_encoders",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_options(parser)
    parser.add_argument("--every", type=int, default=2, metavar="N", help="train on every Nth clip of GRID")
    parser.add_argument("--utterances", type=int, default=15, help="largest number of utterances of a rendered voice")
    parser.add_argument("--networks", nargs="*", default=["tiny.en 4", "base 4", "base 6"], help="rows with a network")
    options = parser.parse_args(arguments)

    clips = select_clips(options.data, options.rendered, options.every, options.utterances)
    print("| | " + " | ".join(fold.name for fold in folds()) + " |\n" + "|---" * (len(folds()) + 1) + "|", flush=True)
    for fit in (ridge, convnet):
        for name, size in SIZES.items():
            encoded = encode(clips, load_encoder(name, options.wheels), options.cache)
            for layer in size.outputs:
                if fit is convnet and f"{name} {layer}" not in options.networks:
                    continue
                features = layer_features(encoded, name, layer)
                for normalised in (False, True):
                    inputs = standardise_voices(clips, features) if normalised else features
                    label = f"{fit.__name__}, {name}, layer {layer}" + (", per voice" if normalised else "")
                    cells = [evaluate_fold(fold, clips, inputs, fit) for fold in folds()]
                    print(f"| {label} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()

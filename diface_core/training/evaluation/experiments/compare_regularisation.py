"""What keeps a network from learning the voices of its training, with sources left out, and what rest adds.

    python -m diface_core.training.evaluation.experiments.compare_regularisation --wheels WHEELS --rendered FOLDER

Every row is one way of training the small network of `compare_encoders`; every cell the lips' distance on a source, or
on rendered voices of languages, that were left out, r_res on GRID and r elsewhere, as predicted, and with a mouth that
rests where the sound is quiet.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial

import torch

from ....model import quiet_mouth
from ....types import Float32Array
from ... import metrics
from ...corpora import Clip
from .left_out import Fold, add_options, encode, folds, judge, layer_features, select_clips
from .predictors import Example, Predict, Regularisation, convnet, ridge
from .voice_normalisation import standardise_clips, standardise_voices
from .whisper_layers import load_encoder

ENCODER = "tiny.en"
SETTINGS = {
    "600 steps": Regularisation(),
    "300 steps": Regularisation(steps=300),
    "300 steps, noise 1.5": Regularisation(steps=300, noise=1.5),
    "300 steps, half of the columns dropped": Regularisation(steps=300, column_dropout=0.5),
    "600 steps, half of the columns dropped": Regularisation(column_dropout=0.5),
    "600 steps, columns scaled and moved": Regularisation(speaker_change=0.5),
}
LAYERS = (4, 3)
NORMALISED = "300 steps, half of the columns dropped"
"""The setting that is trained on features without what is a voice's alone, too."""
PRIOR_ROWS = (90, 30)
"""Weights of all clips' statistics in those of one clip, in rows."""
FOLDS = (
    "GRID left out", "FACEGOOD left out", "Romance left out", "German, Dutch, Swedish left out",
    "Turkish, Hindi, Korean left out",
)  # fmt: skip


def evaluate_fold(
    fold: Fold,
    clips: list[Clip],
    features: list[Float32Array],
    loudness: list[Float32Array],
    fit: Callable[[list[Example]], Predict],
) -> str:
    """Return the aperture's r over the judged clips (GRID: r_res), as predicted and with rest where it is quiet."""
    judged = judge(fold, clips, features, fit)
    measure = metrics.residual_correlation if judged.is_grid else metrics.correlation
    factors = [quiet_mouth.openness(x) for clip, x in zip(clips, loudness, strict=True) if fold.is_judged(clip)]
    rested = [gap * factor for gap, factor in zip(judged.ours, factors, strict=True)]
    return f"{measure(judged.ours, judged.truth):.3f}, {measure(rested, judged.truth):.3f}"


def normalised(clips: list[Clip], features: list[Float32Array]) -> list[tuple[str, list[Float32Array]]]:
    """Return features without what is a voice's alone, each way with its name."""
    by_clip = [(f", per clip, {rows} rows", standardise_clips(features, rows)) for rows in PRIOR_ROWS]
    return [(", per voice", standardise_voices(clips, features)), *by_clip]


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m diface_core.training.evaluation.experiments.compare_regularisation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_options(parser)
    options = parser.parse_args(arguments)

    left_out = [fold for fold in folds() if fold.name in FOLDS]
    clips = select_clips(options.data, options.rendered, 2, 15)
    encoded = encode(clips, load_encoder(ENCODER, options.wheels), options.cache)
    print("| | " + " | ".join(fold.name for fold in left_out) + " |\n" + "|---" * (len(left_out) + 1) + "|")
    for layer in LAYERS:
        features = layer_features(encoded, ENCODER, layer)
        loudness = [x[:, -1] for x in features]
        fits = {"ridge": ridge} | {name: partial(convnet, regularisation=one) for name, one in SETTINGS.items()}
        rows = [(name, features, fit) for name, fit in fits.items()]
        rows += [(f"{NORMALISED}{name}", inputs, fits[NORMALISED]) for name, inputs in normalised(clips, features)]
        for name, inputs, fit in rows:
            cells = [evaluate_fold(fold, clips, inputs, loudness, fit) for fold in left_out]
            print(f"| layer {layer}, {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()

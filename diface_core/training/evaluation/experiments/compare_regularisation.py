"""What keeps a network from learning the voices of its training, with sources left out, and what rest adds.

    python -m diface_core.training.evaluation.experiments.compare_regularisation --wheels WHEELS --rendered FOLDER

Every row is one way of training the small network of `compare_encoders`; every cell the lips' distance on a source that
was left out, r_res on GRID and r on FACEGOOD, as predicted, and with a mouth that rests where the sound is quiet.
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


def evaluate_fold(
    fold: Fold, clips: list[Clip], features: list[Float32Array], fit: Callable[[list[Example]], Predict]
) -> str:
    """Return the aperture's r over the judged clips (GRID: r_res), as predicted and with rest where it is quiet."""
    judged = judge(fold, clips, features, fit)
    measure = metrics.residual_correlation if judged.is_grid else metrics.correlation
    factors = [quiet_mouth.openness(x[:, -1]) for x in judged.features]
    rested = [gap * factor for gap, factor in zip(judged.ours, factors, strict=True)]
    return f"{measure(judged.ours, judged.truth):.3f}, {measure(rested, judged.truth):.3f}"


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m diface_core.training.evaluation.experiments.compare_regularisation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_options(parser)
    options = parser.parse_args(arguments)

    left_out = [fold for fold in folds() if fold.name in ("GRID left out", "FACEGOOD left out")]
    clips = select_clips(options.data, options.rendered, 2, 15)
    encoded = encode(clips, load_encoder(ENCODER, options.wheels), options.cache)
    print("| | " + " | ".join(fold.name for fold in left_out) + " |\n|---|---|---|")
    for layer in LAYERS:
        features = layer_features(encoded, ENCODER, layer)
        fits = {"ridge": ridge} | {name: partial(convnet, regularisation=one) for name, one in SETTINGS.items()}
        for name, fit in fits.items():
            cells = [evaluate_fold(fold, clips, features, fit) for fold in left_out]
            print(f"| layer {layer}, {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()

"""What keeps a network from learning the voices of its training, with sources left out, and what rest adds.

    python -m diface_core.training.evaluation.experiments.compare_regularisation --wheels WHEELS --rendered FOLDER

Every row is one way of training the small network of `compare_encoders`; every cell the lips' distance on a source that
was left out, r_res on GRID and r on FACEGOOD, as predicted, and with a mouth that rests where the sound is quiet.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch

from ....model import quiet_mouth
from ....types import Float32Array
from ... import metrics
from ...corpora import Clip
from .compare_encoders import Fold, encode, folds, select_clips
from .predictors import MOUTH, Example, Predict, Regularisation, convnet, ridge
from .whisper_layers import layer_columns, load_encoder

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
    pairs = list(zip(clips, features, strict=True))
    predict = fit(
        [Example(x, clip.values[:, MOUTH], clip.known[MOUTH]) for clip, x in pairs if not fold.is_left_out(clip)]
    )
    judged = [(clip, x) for clip, x in pairs if fold.is_judged(clip)]
    mouths = [predict(x) for _, x in judged]
    ours = [np.maximum(mouth[:, 0] - mouth[:, 1], 0) for mouth in mouths]
    factors = [quiet_mouth.openness(x[:, -1]) for _, x in judged]
    truth = [metrics.aperture(clip.values) for clip, _ in judged]
    grid = judged[0][0].source == "grid_s1"
    measure = metrics.residual_correlation if grid else metrics.correlation
    rested = [gap * factor for gap, factor in zip(ours, factors, strict=True)]
    return f"{measure(ours, truth):.3f}, {measure(rested, truth):.3f}"


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m diface_core.training.evaluation.experiments.compare_regularisation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--wheels", type=Path, default=Path(".build/downloads"), help="folder of the encoders' wheels")
    parser.add_argument("--rendered", type=Path, default=Path(".build/training/rendered"), help="rendered voices")
    parser.add_argument("--cache", type=Path, default=Path(".build/encoders"), help="folder of cached features")
    options = parser.parse_args(arguments)

    left_out = [fold for fold in folds() if fold.name in ("GRID left out", "FACEGOOD left out")]
    clips = select_clips(options.data, options.rendered, 2, 15)
    encoded = encode(clips, load_encoder(ENCODER, options.wheels), options.cache)
    print("| | " + " | ".join(fold.name for fold in left_out) + " |\n|---|---|---|")
    for layer in LAYERS:
        columns = layer_columns(ENCODER, layer)
        features = [np.concatenate([x[:, part] for part in columns], axis=1) for x in encoded]
        fits = {"ridge": ridge} | {name: partial(convnet, regularisation=one) for name, one in SETTINGS.items()}
        for name, fit in fits.items():
            cells = [evaluate_fold(fold, clips, features, fit) for fold in left_out]
            print(f"| layer {layer}, {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()

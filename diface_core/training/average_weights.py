"""`python -m diface_core.training.average_weights A B SHARE OUT`: a denoiser between a training and its continuation.

Weights of a training and of its continuation can be averaged (Izmailov et al. 2018; Wortsman et al. 2022): the result
is between both in what they do differently, and its errors are often smaller than either's.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from ..errors import ModelError
from ..networks import checkpoint
from ..networks.denoiser import Denoiser


@torch.no_grad()
def average(first: Denoiser, second: Denoiser, share: float) -> Denoiser:
    """Return the average of two denoisers, with `share` of the second; `first` is changed.

    Raises:
        ModelError: They have different architectures, styles or units.
    """
    units = ("mean", "deviation", "known")
    if first.config != second.config or any(
        not torch.equal(first.get_buffer(name), second.get_buffer(name)) for name in units
    ):
        raise ModelError(
            "The two models have different architectures, styles or units.",
            "Set fine_tune in the training's settings, so that the second training begins from the first model.",
        )
    theirs = dict(second.named_parameters())
    for name, weights in first.named_parameters():
        weights.lerp_(theirs[name], share)
    return first


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core.training.average_weights", description=__doc__)
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path, help="trained with fine_tune = the first")
    parser.add_argument("share", type=float, help="of the second, 0 to 1")
    parser.add_argument("out", type=Path)
    options = parser.parse_args(arguments)
    (first, _), (second, _) = checkpoint.load(options.first), checkpoint.load(options.second)
    checkpoint.save(average(first, second, options.share), options.out, share=f"{options.share:g}")


if __name__ == "__main__":
    main()

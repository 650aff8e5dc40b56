"""`python -m diface_core.training.train CONFIG`: train a denoiser, resume, and write it as safetensors.

The same under torchrun: `torchrun --nproc-per-node 8 -m diface_core.training.train CONFIG`.
"""

from __future__ import annotations

import argparse
import dataclasses
import logging
from pathlib import Path

from ..learning import distributed
from . import resume, run, sources, validation_sequences
from .settings import TrainConfig, read_config


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m diface_core.training.train", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("config", type=Path, help="a TOML file, such as diface_core/training/configs/face.toml")
    parser.add_argument("--again", action="store_true", help="start over instead of resuming")
    parser.add_argument("--steps", type=int, help="override the config's value")
    parser.add_argument("--out", type=Path, help="override the config's value")
    parser.add_argument("--split", help='override the config\'s split, such as "source:facegood_1114"')
    parser.add_argument("--regression", action="store_true", help="train a deterministic network of the same size")
    parser.add_argument("--workers", type=int, default=0, help="processes that draw the examples: for a GPU, 4 or so")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")

    config = _with_overrides(read_config(options.config), options)
    if options.again:
        resume.resume_file(config).unlink(missing_ok=True)
    source = sources.SOURCES[config.source]
    with distributed.process_group():
        with distributed.local_rank_first():  # the other processes then find the features computed
            training = source.sequences(config.data, config.dataset, config.cache)
            judged = validation_sequences.held_out_sequences(config)
        trained = dict.fromkeys(sequence.style for sequence in training)  # a style of a source left out stays unknown
        styles = tuple(dict.fromkeys([*(name for name in source.styles if name in trained), *trained]))
        run.train(config, training, styles, judged, options.workers)


def _with_overrides(config: TrainConfig, options: argparse.Namespace) -> TrainConfig:
    """Return the settings with the command line's overrides."""
    return dataclasses.replace(
        config,
        steps=options.steps or config.steps,
        out=options.out or config.out,
        dataset=dataclasses.replace(config.dataset, split=options.split or config.dataset.split),
        regression=options.regression or config.regression,
    )


if __name__ == "__main__":
    main()

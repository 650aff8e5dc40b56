"""`python -m diface_core.training.train CONFIG`: train a denoiser, resume, and write it as safetensors.

The same under torchrun: `torchrun --nproc-per-node 8 -m diface_core.training.train CONFIG`.
"""

from __future__ import annotations

import argparse
import dataclasses
import logging
from pathlib import Path

from . import held_out, resume, run, sources, together
from .settings import read_config


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m diface_core.training.train", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("config", type=Path, help="a TOML file, such as diface_core/training/configs/face.toml")
    parser.add_argument("--again", action="store_true", help="start over instead of resuming")
    parser.add_argument("--steps", type=int, help="instead of the config's")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")

    config = read_config(options.config)
    if options.steps:
        config = dataclasses.replace(config, steps=options.steps)
    if options.again:
        resume.resume_file(config).unlink(missing_ok=True)
    source = sources.SOURCES[config.source]
    with together.processes():
        with together.one_first():  # the others find the features computed
            training = source.sequences(config.data, config.dataset, config.cache)
            judged = held_out.sequences(config)
        styles = tuple(dict.fromkeys([*source.styles, *(sequence.style for sequence in training)]))
        run.train(config, training, styles, judged)


if __name__ == "__main__":
    main()

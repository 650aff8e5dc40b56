"""`python -m diface_core.training.closures.fit CONFIG`: train the detector of m, b and p, and write its weights.

CONFIG is a face's: its corpora, passes and split. Of its clips those with phones are used and sounds without speech.
Features are computed again, because their labels follow the sound at any speed (`rows_to_closure.py`), and so that
speech is faster than the face's.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import replace
from pathlib import Path

from ...audio.speech_encoder import SpeechEncoder
from ...model.closure_detector import ClosureDetector
from ..corpora import Clip, Split, not_speech, read_corpora
from ..dataset import build_sequences
from ..row_network import fit
from ..settings import TrainConfig, read_config
from .rows_to_closure import label, with_rows_to_closure

STEPS, POSITIVE_WEIGHT = 3000, 3.0
SPEED = (14, 36)
"""Twentieths of the original speed, first and last: the face's training ends at 26."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core.training.closures.fit", description=__doc__)
    parser.add_argument("config", type=Path, help="such as diface_core/training/configs/closures.toml")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--out", type=Path, help="default: the shipped file")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    config = read_config(options.config)
    dataset = replace(config.dataset, augmentation=replace(config.dataset.augmentation, speed=SPEED))
    sequences = build_sequences(training_clips(config), dataset, SpeechEncoder.load(), config.cache)
    examples = [label(one) for one in sequences]
    fit(ClosureDetector, examples, options.steps, positive_weights=(POSITIVE_WEIGHT,)).save(options.out)


def training_clips(config: TrainConfig) -> list[Clip]:
    """Return the training clips with phones, and the sounds without speech, with the rows to their closures."""
    clips = Split(config.dataset.split).training_clips(read_corpora(config.data, config.dataset.corpora))
    return [with_rows_to_closure(clip) for clip in clips if clip.phones or clip.source == not_speech.SOURCE]


if __name__ == "__main__":
    main()

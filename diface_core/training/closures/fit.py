"""`python -m diface_core.training.closures.fit CONFIG`: train the detector of m, b and p, and write its weights.

CONFIG is a face's: its corpora, passes and split. Labels are the face's, whose lips are shut by the phones.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import numpy as np

from ...audio.speech_encoder import LOUDNESS
from ...learning.sequence import TrainingSequence
from ...model.closure_detector import ClosureDetector
from ...model.lip_closure import JAW_OPEN, MOUTH_CLOSE
from ..row_network import Example, fit
from ..settings import read_config
from ..sources import SOURCES

STEPS = 3000
STYLES = ("grid_s1", "rendered")
"""Styles of the sources that have phones."""
SHUT_GAP, LONGEST = 0.004, 6
"""jawOpen - mouthClose of shut lips in the labels, and the rows of the longest closure of a sound: longer ones are
rest."""
AUDIBLE, QUIET = -1.0, -1.2
"""Loudness nearby above which a shut mouth speaks, and below which a resting one is certain."""
REST_WEIGHT, POSITIVE_WEIGHT = 0.2, 3.0


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core.training.closures.fit", description=__doc__)
    parser.add_argument("config", type=Path, help="such as diface_core/training/configs/face_contact.toml")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--out", type=Path, help="default: the shipped file")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    config = read_config(options.config)
    sequences = SOURCES["face"].sequences(config.data, config.dataset, config.cache)
    examples = [label(one) for one in sequences if one.style in STYLES]
    fit(ClosureDetector, examples, options.steps, positive_weights=(POSITIVE_WEIGHT,)).save(options.out)


def label(sequence: TrainingSequence) -> Example:
    """Return the rows of a sequence in which an m, b or p shuts the lips; where it is not certain they do not count."""
    values = np.asarray(sequence.values, np.float32)
    loudness = np.asarray(sequence.features[:, LOUDNESS], np.float32)
    shut = np.concatenate([[0], values[:, JAW_OPEN] - values[:, MOUTH_CLOSE] < SHUT_GAP, [0]]).astype(int)
    labels, weights = np.zeros(len(values), np.float32), np.ones(len(values), np.float32)
    for begin, end in np.flatnonzero(np.diff(shut)).reshape(-1, 2).tolist():
        loudest = float(loudness[max(0, begin - 3) : end + 3].max())
        if end - begin <= LONGEST and loudest > AUDIBLE:
            labels[begin:end] = 1
            weights[max(0, begin - 1) : begin] = weights[end : end + 1] = 0
        else:
            weights[max(0, begin - 1) : end + 1] = REST_WEIGHT if loudest < QUIET else 0
    return Example(sequence.features, labels[:, None], weights)


if __name__ == "__main__":
    main()

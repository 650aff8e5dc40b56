"""`python -m diface_core.training.tongue.fit CONFIG`: train the detector of the tongue, and write its weights.

CONFIG names corpora, passes and split, as a face's does. Clips without phones are left out, except sounds that are no
speech.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import numpy as np

from ...audio.speech_encoder import SpeechEncoder
from ...learning.sequence import TrainingSequence
from ...model.tongue_detector import TongueDetector
from .. import corpora
from ..corpora.not_speech import SOURCE as NOT_SPEECH
from ..dataset import build_sequences
from ..row_network import Example, fit
from ..settings import TrainConfig, read_config
from ..sources import face_clips
from .targets import with_tongue

POSITIVE_WEIGHTS = (1.0, 1.5, 4.0)
"""Of tip, body, and tip between the teeth: the sounds of the last are rare and soft."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core.training.tongue.fit", description=__doc__)
    parser.add_argument("config", type=Path, help="such as diface_core/training/configs/tongue.toml")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    config = read_config(options.config)
    examples = [example(one) for one in sequences(config)]
    trained = fit(
        TongueDetector,
        examples,
        config.steps,
        positive_weights=POSITIVE_WEIGHTS,
        batch=config.batch,
        rate=config.learning_rate,
    )
    trained.save(config.out)


def sequences(config: TrainConfig) -> list[TrainingSequence]:
    """Return features and the tongue's targets of the training clips, in the passes of the dataset."""
    clips = corpora.Split(config.dataset.split).training_clips(face_clips(config.data, config.dataset.corpora))
    chosen = [with_tongue(clip) for clip in clips if clip.phones or clip.source == NOT_SPEECH]
    return build_sequences(chosen, config.dataset, SpeechEncoder.load(), config.cache)


def example(sequence: TrainingSequence) -> Example:
    """Return a sequence whose rows all count."""
    return Example(sequence.features, sequence.values, np.ones(len(sequence.values), np.float32))


if __name__ == "__main__":
    main()

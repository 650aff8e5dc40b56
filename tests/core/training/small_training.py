"""A small corpus for short trainings; under torchrun, a training by several processes.

torchrun ... tests/core/training/small_training.py FOLDER [stop]
"""

import dataclasses
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

from diface_core import channels
from diface_core.audio.speech_encoder import DIMENSION, LOUDNESS
from diface_core.learning.sequence import TrainingSequence
from diface_core.networks import checkpoint
from diface_core.training import run
from diface_core.training.settings import TrainConfig


def sequences() -> list[TrainingSequence]:
    """Return sequences: two channels follow loudness and its negative, one is noise; the first has no audio."""
    rng = np.random.default_rng(0)
    result = []
    for number in range(4):
        loudness = np.sin(np.arange(60 + 20 * number) / 3 + number)
        features = np.zeros((len(loudness), DIMENSION), np.float16)
        features[:, LOUDNESS] = loudness if number else np.nan
        values = np.stack([loudness, rng.standard_normal(len(loudness)) * 0.1, -loudness], 1).astype(np.float16)
        result.append(TrainingSequence(features, values, np.array([True, True, number != 2]), "natural"))
    return result


def config(folder: Path, **changes) -> TrainConfig:
    base = TrainConfig(
        source="head", out=folder / "head.safetensors", cache=folder, steps=6, batch=3, rows=32, save_every=3,
        model={"channels": list(channels.HEAD), "features": [LOUDNESS, LOUDNESS + 1], "width": 8, "levels": [1, 1],
               "audio_width": 8, "audio_dilations": [1]},
    )  # fmt: skip
    return dataclasses.replace(base, **changes)


def together_config(folder: Path, **changes) -> TrainConfig:
    return config(folder, precision="float32", feature_noise=0.3, feature_dropout=0.2, **changes)


class Stopped(Exception):
    """Interrupts a training."""


def stop_after_first_save() -> None:
    def save_and_stop(*arguments, **notes):
        checkpoint.save(*arguments, **notes)
        raise Stopped

    run.checkpoint = SimpleNamespace(save=save_and_stop)


def main() -> None:
    """Train, and write the result of every process."""
    torch.set_num_threads(1)
    folder = Path(sys.argv[1])
    if "stop" in sys.argv:
        stop_after_first_save()
    denoiser = run.train(together_config(folder, batch=2), sequences()[1:], ("natural",))
    torch.save(denoiser.state_dict(), folder / f"rank_{os.environ['RANK']}.pt")


if __name__ == "__main__":
    main()

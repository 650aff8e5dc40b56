"""Measurement: duration of 3DiFACE's training at the published widths, on synthetic recordings.

python -m tests.core.training.threediface.measure_training
"""

import dataclasses
import logging
import resource
import tempfile
import time
from pathlib import Path

import torch
from transformers import Wav2Vec2Config, Wav2Vec2Model

from diface_core.training.threediface.adapt import adapt_network
from diface_core.training.threediface.settings import AdaptConfig, DataConfig, RunConfig, TrainConfig, read_config
from diface_core.training.threediface.train import train
from tests.core.training.threediface import small_recordings

CONFIGS = Path(__file__).parents[4] / "diface_core" / "training" / "configs"
SECONDS = 5.0


def timed(config: RunConfig) -> float:
    """Return milliseconds of processor time per step: a run of eleven steps minus one of one, with cached features."""
    work = adapt_network if isinstance(config, AdaptConfig) else train
    durations = []
    for steps in (2, 1, 11):
        out = config.out.with_name(f"{config.out.name}_{steps}")
        started = time.process_time()
        work(dataclasses.replace(config, steps=steps, save_every=0, validate_every=0, out=out))
        durations.append(time.process_time() - started)
    return (durations[2] - durations[1]) / 10 * 1000


def main() -> None:
    logging.disable()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Wav2Vec2Model(Wav2Vec2Config()).save_pretrained(folder / "wav2vec2")
        small_recordings.vocaset(folder / "voca", SECONDS)
        small_recordings.heads(folder / "heads", SECONDS)
        where = {"cache": folder / "cache", "wav2vec2": folder / "wav2vec2"}

        face = read_config(CONFIGS / "threediface_face.toml", TrainConfig)
        face = dataclasses.replace(face, out=folder / "face", data=DataConfig(folder / "voca"), **where)
        head = read_config(CONFIGS / "threediface_head.toml", TrainConfig)
        head = dataclasses.replace(
            head,
            out=folder / "head",
            data=DataConfig(folder / "heads", fps=30.0),
            face_model=folder / "face_11",
            **where,
        )
        style = read_config(CONFIGS / "threediface_adapt.toml", AdaptConfig)
        ann = DataConfig(folder / "voca", subjects=("Ann",))
        style = dataclasses.replace(style, out=folder / "style", base=folder / "face_11", data=ann, **where)

        print(f"Synthetic recordings of {SECONDS:g} s, wav2vec2-base's sizes, widths of the shipped configurations")
        for what, config in (
            ("face", face), ("face, wav2vec2 trained", dataclasses.replace(face, train_encoder=True, batch=4)),
            ("head", head), ("style", style),
        ):  # fmt: skip
            examples = f"{config.batch} examples of {config.frames} frames"
            print(f"{what}: {timed(config):.0f} ms of processor time per step of {examples}", flush=True)
        print(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GB")


if __name__ == "__main__":
    main()

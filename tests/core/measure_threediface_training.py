"""How long 3DiFACE's training takes at the published widths, on made recordings.

python -m tests.core.measure_threediface_training
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
from tests.core import toy_threediface as toy

CONFIGS = Path(__file__).parents[2] / "diface_core" / "training" / "configs"
SECONDS = 5.0


def timed(config: RunConfig) -> float:
    """Milliseconds of one processor a step: a run of eleven steps less one of one, when all is heard and cached."""
    work = adapt_network if isinstance(config, AdaptConfig) else train
    took = []
    for steps in (2, 1, 11):
        out = config.out.with_name(f"{config.out.name}_{steps}")
        begun = time.process_time()
        work(dataclasses.replace(config, steps=steps, save_every=0, validate_every=0, out=out))
        took.append(time.process_time() - begun)
    return (took[2] - took[1]) / 10 * 1000


def main() -> None:
    logging.disable()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Wav2Vec2Model(Wav2Vec2Config()).save_pretrained(folder / "wav2vec2")
        toy.vocaset(folder / "voca", SECONDS)
        toy.heads(folder / "heads", SECONDS)
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

        print(
            f"Made recordings of {SECONDS:g} s, wav2vec2-base's sizes, widths of the configurations that come with it"
        )
        for what, config in (
            ("face", face), ("face, its wav2vec2 learning", dataclasses.replace(face, train_encoder=True, batch=4)),
            ("head", head), ("style", style),
        ):  # fmt: skip
            of = f"{config.batch} examples of {config.frames} frames"
            print(f"{what}: {timed(config):.0f} ms of one processor a step of {of}", flush=True)
        print(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GB")


if __name__ == "__main__":
    main()

"""Recordings and a wav2vec2 for short 3DiFACE trainings; under torchrun, a training by several processes.

torchrun ... tests/core/training/threediface/small_recordings.py FOLDER
"""

import dataclasses
import os
import pickle
import sys
from pathlib import Path

import numpy as np
import soundfile
import torch
from transformers import Wav2Vec2Config, Wav2Vec2Model

from diface_core.audio.speech_encoder import SAMPLE_RATE
from diface_core.learning import distributed
from diface_core.threediface.sampling import HEAD_DEVIATION, HEAD_MEAN
from diface_core.training.threediface.random_masks import MaskConfig
from diface_core.training.threediface.settings import DataConfig, LossConfig, TrainConfig
from diface_core.training.threediface.train import train

VALUES = 15069
SPEAKERS = ("Ann", "Bob")


def wav2vec2(folder: Path) -> Path:
    """Write a speech encoder of one small layer as `transformers` does, and return its folder."""
    torch.manual_seed(0)
    small = Wav2Vec2Config(
        hidden_size=768, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, conv_dim=(16,) * 7,
        num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=48,
    )  # fmt: skip
    Wav2Vec2Model(small).save_pretrained(folder)
    return folder


def sound(seconds: float, seed: int = 0) -> np.ndarray:
    """Return syllables of noise (N,)."""
    envelope = np.abs(np.sin(np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE * np.pi * (2.3 + seed)))
    return (0.3 * envelope * np.random.default_rng(seed).standard_normal(len(envelope))).astype(np.float32)


def displacements(rows: int, fps: float, number: int) -> np.ndarray:
    """Return displacements (rows, 15069) in metres: two smooth motions of some millimetres."""
    t = np.arange(rows) / fps
    how = np.stack([np.sin(2 * np.pi * (1.5 + number) * t), np.cos(2 * np.pi * 0.7 * t)], 1)
    where = np.random.default_rng(1).normal(0, 2e-3, (2, VALUES))
    return (how @ where).astype(np.float32)


def templates() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(2)
    return {speaker: rng.normal(0, 0.05, (VALUES // 3, 3)).astype(np.float32) for speaker in SPEAKERS}


def vocaset(folder: Path, seconds: float = 1.0, fps: float = 60.0, speakers: tuple[str, ...] = SPEAKERS) -> Path:
    """Write a sequence of each speaker in VOCASET's layout, and return the folder."""
    for name in ("wav", "vertices_npy"):
        (folder / name).mkdir(parents=True)
    (folder / "templates.pkl").write_bytes(pickle.dumps(templates(), protocol=2))
    for number, speaker in enumerate(speakers):
        vertices = templates()[speaker].ravel() + displacements(round(seconds * fps), fps, number)
        np.save(folder / "vertices_npy" / f"{speaker}_sentence01.npy", vertices)
        soundfile.write(folder / "wav" / f"{speaker}_sentence01.wav", sound(seconds, number), SAMPLE_RATE)
    return folder


def rotations(rows: int, fps: float = 30.0) -> np.ndarray:
    """Return rotation vectors (rows, 3) in radians of a swaying head."""
    t = np.arange(rows) / fps
    swaying = np.stack([np.sin(3 * t), np.cos(2 * t), np.sin(2 * t + 1)], 1)
    return (swaying * HEAD_DEVIATION + HEAD_MEAN).astype(np.float32)


def heads(folder: Path, seconds: float = 3.2, fps: float = 30.0) -> Path:
    """Write one track in the layout of `head_folder`, and return the folder."""
    for name in ("wav", "head"):
        (folder / name).mkdir(parents=True)
    np.save(folder / "head" / "one.npy", rotations(round(seconds * fps), fps))
    soundfile.write(folder / "wav" / "one.wav", sound(seconds), SAMPLE_RATE)
    return folder


def face_config(folder: Path, **changes) -> TrainConfig:
    """Return the settings of a face training on `wav2vec2` and `vocaset` in `folder`."""
    base = TrainConfig(
        part="face", out=folder / "face", cache=folder / "cache", data=DataConfig(folder / "voca"),
        wav2vec2=folder / "wav2vec2", model={"ch": 16, "ch_multi": [1, 2]}, diffusion={"diffusion_steps": 10},
        steps=4, batch=2, frames=16, save_every=2, learning_rate=3e-3, warm_up=10, ema_decay=0.9,
    )  # fmt: skip
    return dataclasses.replace(base, **changes)


def head_config(folder: Path, face: Path, **changes) -> TrainConfig:
    """Return the settings of a head training on `heads` in `folder`, with the listener in `face`."""
    base = TrainConfig(
        part="head", out=folder / "head", cache=folder / "cache", data=DataConfig(folder / "heads", fps=30.0),
        face_model=face, wav2vec2=folder / "wav2vec2", model={"ch": 16, "ch_multi": [1, 1, 1]},
        diffusion={"diffusion_steps": 10}, masks=MaskConfig(cond_mask_prob=0.8), loss=LossConfig(masked=1.0),
        steps=300, batch=4, frames=48, learning_rate=5e-3, warm_up=10, ema_decay=0.95, save_every=0, audio_dropout=0.0,
    )  # fmt: skip
    return dataclasses.replace(base, **changes)


def recordings(folder: Path) -> Path:
    """Write `wav2vec2`, `voca` and `heads`, and return their folder."""
    wav2vec2(folder / "wav2vec2")
    vocaset(folder / "voca")
    heads(folder / "heads")
    return folder


def main() -> None:
    """Train with frozen and with trained speech encoder, and write the result of every process."""
    torch.set_num_threads(1)
    folder = Path(sys.argv[1])
    with distributed.process_group():
        for encoder in (False, True):
            network = train(face_config(folder, train_encoder=encoder, out=folder / f"face_{encoder}"))
            torch.save(network.state_dict(), folder / f"rank_{os.environ['RANK']}_{encoder}.pt")


if __name__ == "__main__":
    main()

"""Speakers whose jaws follow loudness, a small denoiser trained on two of them, and an encoder of loudness."""

import dataclasses
from pathlib import Path

import numpy as np

from diface_core import channels
from diface_core.audio.speech_encoder import DIMENSION, LOUDNESS, SAMPLE_RATE
from diface_core.learning.sequence import TrainingSequence
from diface_core.networks.denoiser import Denoiser
from diface_core.style_adaptation.adapt import AdaptConfig
from diface_core.training import run
from diface_core.training.settings import RandomMaskConfig, TrainConfig
from diface_core.types import MODEL_RATE, AudioClip

JAW, CLOSE, SMILE = (channels.FACE.index(name) for name in ("jawOpen", "mouthClose", "mouthSmileLeft"))


def speech(rows: int, opening: float, smile: float, seed: int = 0) -> TrainingSequence:
    """Return a speaker whose jaw follows loudness with the gain `opening`, with a constant smile."""
    rng = np.random.default_rng(seed)
    # Not so quiet that the mouth rests (model/quiet_mouth.py).
    loud = np.maximum(np.convolve(rng.standard_normal(rows + 8), np.hanning(9) / 3, "valid"), -1.0)
    features, values = np.zeros((rows, DIMENSION), np.float16), np.zeros((rows, 52), np.float16)
    features[:, LOUDNESS] = loud
    values[:, JAW] = np.clip(0.4 + opening * loud, 0, 1)
    values[:, CLOSE] = 0.05 * (1 + np.sin(np.arange(rows) / 5))
    values[:, SMILE] = smile + 0.02 * rng.standard_normal(rows)
    return TrainingSequence(features, values, np.isin(np.arange(52), (JAW, CLOSE, SMILE)), "general")


def small_base(folder: Path) -> Denoiser:
    """Return a small general denoiser trained on two speakers."""
    model = {"channels": list(channels.FACE), "features": [LOUDNESS, LOUDNESS + 1], "width": 12, "levels": [1],
             "audio_width": 12, "audio_dilations": [1]}  # fmt: skip
    config = TrainConfig(
        source="", out=folder / "face.safetensors", cache=folder, model=model, steps=150, batch=6, rows=40,
        learning_rate=5e-3,
        warm_up=20, ema_decay=0.95, masks=RandomMaskConfig(share=0.1), precision="float32",
    )  # fmt: skip
    speakers = [dataclasses.replace(speech(300, 0.1, 0.3, 1), style="small"), speech(300, 0.15, 0.0, 2)]
    return run.train(config, speakers, ("general", "small"))


QUICK = AdaptConfig(steps=120, batch=4, rows=40, validate_every=20, output_rate=1e-2, vector_rate=3e-2)


class Loudness:
    """An audio encoder whose only feature is loudness."""

    def encode(self, clip: AudioClip, report=lambda fraction: None) -> np.ndarray:
        rows = MODEL_RATE.rows(clip.seconds)
        features = np.zeros((rows, DIMENSION), np.float32)
        index = np.minimum(np.arange(rows) * (SAMPLE_RATE // 30), len(clip.samples) - 1)
        features[:, LOUDNESS] = clip.samples[index]
        return features

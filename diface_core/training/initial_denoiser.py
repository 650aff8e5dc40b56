"""The initial denoiser of a training: new, or loaded from earlier weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from ..errors import ModelError
from ..inference.denoiser_file import config_from_dict
from ..learning.sequence import TrainingSequence
from ..networks import checkpoint
from ..networks.denoiser import Denoiser
from .settings import TrainConfig


def build_denoiser(config: TrainConfig, sequences: list[TrainingSequence], styles: tuple[str, ...]) -> Denoiser:
    """Return a denoiser of `config.model` normalised by the sequences, or one loaded from `config.fine_tune`."""
    torch.manual_seed(config.seed)
    default_style = [name for name in config.model.get("default_style", []) if name in styles]
    denoiser = Denoiser(config_from_dict({**config.model, "styles": list(styles), "default_style": default_style}))
    fit_normalisation(denoiser, sequences, config.min_deviation)
    if config.fine_tune is not None:
        load_base_weights(denoiser, config.fine_tune)
    return denoiser


@torch.no_grad()
def load_base_weights(denoiser: Denoiser, path: Path) -> None:
    """Load weights and normalisation from a file: styles by name, new styles as the mean of the file's styles.

    Raises:
        ModelError: The file's denoiser has another architecture.
    """
    base, _ = checkpoint.load(path)
    theirs, mine = base.state_dict(), denoiser.state_dict()
    wrong = [
        name for name in mine if name != "style.weight" and getattr(theirs.get(name), "shape", None) != mine[name].shape
    ]
    if wrong or set(theirs) != set(mine) or base.config.channels != denoiser.config.channels:
        raise ModelError(
            f"{path.name} has another architecture than the denoiser to train, in {(wrong or ['its channels'])[0]}.",
            "Set [model] in the training's settings to the values that the file was trained with.",
        )
    vectors = theirs.pop("style.weight")
    known = denoiser.get_buffer("known").clone()
    denoiser.load_state_dict(theirs, strict=False)
    denoiser.get_buffer("known").copy_(torch.maximum(known, denoiser.get_buffer("known")))
    for number, name in enumerate(denoiser.config.styles):
        here = name in base.config.styles
        denoiser.style.weight[number] = vectors[base.config.styles.index(name)] if here else vectors.mean(0)


def fit_normalisation(denoiser: Denoiser, sequences: list[TrainingSequence], min_deviation: float) -> None:
    """Set mean and deviation of every channel and feature from the sequences, and which channels are known."""
    known = np.stack([s.known for s in sequences])
    for column in range(len(denoiser.config.channels)):
        mine = [s.values[:, column].astype(np.float32) for s in sequences if s.known[column]]
        together = np.concatenate(mine) if mine else np.zeros(1, np.float32)
        denoiser.get_buffer("mean")[column] = float(together.mean())
        denoiser.get_buffer("deviation")[column] = max(float(together.std()), min_deviation)
        denoiser.get_buffer("known")[column] = float(known[:, column].any())
    speech_features = np.concatenate([s.features[::4, denoiser.speech.columns].astype(np.float32) for s in sequences])
    denoiser.speech.get_buffer("mean").copy_(torch.from_numpy(np.nanmean(speech_features, 0)))
    denoiser.speech.get_buffer("deviation").copy_(torch.from_numpy(np.nanstd(speech_features, 0) + 1e-2))

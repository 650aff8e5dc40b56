"""`python -m diface_core.training.closures.fit CONFIG`: train the detector of m, b and p, and write its weights.

CONFIG is a face's: its corpora, passes and split. Labels are the face's, whose lips are shut by the phones.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import trange

from ...audio.speech_encoder import BANDS, DIMENSION, LOUDNESS
from ...learning.sequence import TrainingSequence
from ...model.closure_detector import WEIGHTS, ClosureDetector
from ...model.lip_closure import JAW_OPEN, MOUTH_CLOSE
from ...types import AnyFloatArray, Float32Array
from ..settings import read_config
from ..sources import SOURCES

STEPS, BATCH, ROWS, WIDTH, RATE = 3000, 32, 160, 64, 1e-3
STYLES = ("grid_s1", "rendered")
"""Styles of the sources that have phones."""
SHUT_GAP, LONGEST = 0.004, 6
"""jawOpen - mouthClose of shut lips in the labels, and the rows of the longest closure of a sound: longer ones are
rest."""
AUDIBLE, QUIET = -1.0, -1.2
"""Loudness nearby above which a shut mouth speaks, and below which a resting one is certain."""
REST_WEIGHT, POSITIVE_WEIGHT = 0.2, 3.0
NOISE, COLUMNS_DROPPED, ENCODER_DROPPED, DROPOUT, DECAY = 0.6, 0.2, 0.15, 0.2, 0.02


@dataclass(frozen=True)
class Example:
    """A sequence: features (T, D), labels (T,) 0 or 1, and their weights (T,)."""

    features: AnyFloatArray
    labels: Float32Array
    weights: Float32Array


class Network(nn.Module):
    """The network of `ClosureDetector`."""

    def __init__(self, width: int = WIDTH, dimension: int = DIMENSION) -> None:
        super().__init__()
        self.first = nn.Conv1d(dimension, width, 1)
        self.near = nn.Conv1d(width, width, 3, padding=1)
        self.wide = nn.Conv1d(width, width, 3, padding=2, dilation=2)
        self.last = nn.Conv1d(width, 1, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        """Return log odds (B, T) for normalised features (B, D, T)."""
        hidden = nn.functional.dropout(torch.relu(self.first(features)), DROPOUT, self.training)
        hidden = nn.functional.dropout(hidden + torch.relu(self.near(hidden)), DROPOUT, self.training)
        return self.last(hidden + torch.relu(self.wide(hidden)))[:, 0]


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core.training.closures.fit", description=__doc__)
    parser.add_argument("config", type=Path, help="such as diface_core/training/configs/face_contact.toml")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    config = read_config(options.config)
    sequences = SOURCES["face"].sequences(config.data, config.dataset, config.cache)
    fit([label(one) for one in sequences if one.style in STYLES], options.steps).save(options.out)


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
    return Example(sequence.features, labels, weights)


def fit(examples: list[Example], steps: int, width: int = WIDTH) -> ClosureDetector:
    """Return the detector after `steps` steps."""
    rng = np.random.default_rng(0)
    torch.manual_seed(0)
    mean = np.mean([np.asarray(e.features, np.float32).mean(0) for e in examples], axis=0)
    deviation = np.sqrt(np.mean([np.asarray(e.features, np.float32).var(0) for e in examples], axis=0)) + 1e-3
    network = Network(width, len(mean))
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _step in trange(steps, desc="closures", disable=None):
        features, labels, weights = _draw(examples, mean, deviation, rng)
        loss = nn.functional.binary_cross_entropy_with_logits(
            network(_varied(features)), labels, reduction="none", pos_weight=torch.tensor(POSITIVE_WEIGHT)
        )
        optimizer.zero_grad()
        ((loss * weights).sum() / weights.sum().clamp(min=1)).backward()
        optimizer.step()
        schedule.step()
    return _detector(network, mean, deviation)


def _draw(
    examples: list[Example], mean: AnyFloatArray, deviation: AnyFloatArray, rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Return normalised features (B, D, T), labels and weights (B, T) of random windows."""
    lengths = np.array([len(e.labels) for e in examples], float)
    features = np.zeros((BATCH, ROWS, len(mean)), np.float32)
    targets = np.zeros((2, BATCH, ROWS), np.float32)
    for number, index in enumerate(rng.choice(len(examples), BATCH, p=lengths / lengths.sum())):
        example = examples[index]
        first = int(rng.integers(0, max(1, len(example.labels) - ROWS)))
        part = slice(first, first + ROWS)
        rows = len(example.labels[part])
        features[number, :rows] = (np.asarray(example.features[part], np.float32) - mean) / deviation
        targets[0, number, :rows], targets[1, number, :rows] = example.labels[part], example.weights[part]
    return torch.from_numpy(features).transpose(1, 2), torch.from_numpy(targets[0]), torch.from_numpy(targets[1])


def _varied(features: Tensor) -> Tensor:
    """Return features (B, D, T) with noise of any level up to NOISE, columns dropped, and the encoder in some."""
    batch, columns, _rows = features.shape
    noisy = features + NOISE * torch.rand(batch, 1, 1) * torch.randn_like(features)
    kept = (torch.rand(batch, columns, 1) > COLUMNS_DROPPED).float()
    encoded = torch.arange(columns)[None, :, None] < columns - BANDS - 1
    dropped = encoded & (torch.rand(batch, 1, 1) < ENCODER_DROPPED)
    return noisy * kept * (~dropped).float()


def _detector(network: Network, mean: AnyFloatArray, deviation: AnyFloatArray) -> ClosureDetector:
    layers = {name: layer for name, layer in network.named_children() if isinstance(layer, nn.Conv1d)}
    weights = {name: layer.weight.detach().numpy().transpose(2, 1, 0) for name, layer in layers.items()}
    biases = {name: layer.bias.detach().numpy() for name, layer in layers.items() if layer.bias is not None}
    return ClosureDetector(np.asarray(mean, np.float32), np.asarray(deviation, np.float32), weights, biases)


if __name__ == "__main__":
    main()

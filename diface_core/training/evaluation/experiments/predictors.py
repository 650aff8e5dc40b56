"""Predictors of the mouth from speech features: a ridge regression and a small convolutional network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from .... import channels
from ....types import BoolArray, Float32Array

MOUTH = [channels.FACE.index(name) for name in ("jawOpen", "mouthClose", "mouthFunnel", "mouthPucker")]
"""Columns of the face weights that are predicted."""

PENALTY = 1e3
"""Ridge penalty, in rows of standardised features."""

BATCH, ROWS, RATE = 16, 90, 2e-3
WIDTH, DILATIONS = 128, (1, 2, 4, 8)


@dataclass(frozen=True)
class Regularisation:
    """What keeps a network from learning the voices of its training.

    Attributes:
        steps: Length of the training.
        noise: Largest noise on the standardised features, in deviations; each example draws its level.
        column_dropout: Share of the feature columns that are replaced by their mean in an example.
        speaker_change: Deviation of a factor and an offset that each column gets in an example.
    """

    steps: int = 600
    noise: float = 0.5
    column_dropout: float = 0.0
    speaker_change: float = 0.0


Predict = Callable[[Float32Array], Float32Array]
"""Features (T, D) -> mouth (T, 4)."""


@dataclass(frozen=True)
class Example:
    """Features (T, D) of a clip, its mouth (T, 4), and which columns of the mouth are known (4,)."""

    features: Float32Array
    mouth: Float32Array
    known: BoolArray


def ridge(examples: list[Example]) -> Predict:
    """Fit a ridge regression from a row of features; unknown columns count as at rest."""
    x = np.concatenate([e.features for e in examples]).astype(np.float64)
    y = np.concatenate([np.where(e.known, e.mouth, 0) for e in examples]).astype(np.float64)
    mean, deviation, rest = x.mean(0), x.std(0) + 1e-6, y.mean(0)
    x = (x - mean) / deviation
    weights = np.linalg.solve(x.T @ x + PENALTY * np.eye(x.shape[1]), x.T @ (y - rest))
    return lambda features: (((features - mean) / deviation) @ weights + rest).astype(np.float32)


class _ConvNet(nn.Module):
    """Residual dilated convolutions over rows, about a second of context."""

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.enter = nn.Conv1d(columns, WIDTH, 1)
        self.blocks = nn.ModuleList(nn.Conv1d(WIDTH, WIDTH, 3, padding=d, dilation=d) for d in DILATIONS)
        self.leave = nn.Conv1d(WIDTH, len(MOUTH), 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.enter(x)
        for block in self.blocks:
            x = x + nn.functional.gelu(block(nn.functional.dropout(x, 0.1, self.training)))
        return self.leave(x)


def convnet(examples: list[Example], seed: int = 0, regularisation: Regularisation = Regularisation()) -> Predict:
    """Train a small convolutional network on random rows of the examples."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    x = np.concatenate([e.features for e in examples])
    mean, deviation = x.mean(0), x.std(0) + 1e-6
    scale = np.concatenate([e.mouth for e in examples]).std(0) + 1e-3
    network = _ConvNet(x.shape[1])
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=regularisation.steps)
    share = np.array([len(e.mouth) for e in examples], float)
    for _ in range(regularisation.steps):
        drawn = [_rows(examples[i], rng) for i in rng.choice(len(examples), BATCH, p=share / share.sum())]
        features, mouth, known = (torch.tensor(np.stack(part)) for part in zip(*drawn, strict=True))
        features = (features - torch.tensor(mean)) / torch.tensor(deviation)
        features = _vary(features, regularisation)
        predicted = network(features.transpose(1, 2)).transpose(1, 2)
        error = ((predicted - mouth / torch.tensor(scale)) ** 2 * known).sum() / known.sum()
        optimiser.zero_grad()
        error.backward()
        optimiser.step()
        schedule.step()
    network.eval()

    def predict(features: Float32Array) -> Float32Array:
        with torch.inference_mode():
            out = network(torch.tensor(((features - mean) / deviation).T[None]))
        return out[0].T.numpy() * scale

    return predict


def _vary(features: Tensor, regularisation: Regularisation) -> Tensor:
    """Return standardised features (B, T, D) with what `regularisation` does to them."""
    each = (len(features), 1, features.shape[2])
    if regularisation.speaker_change:
        factor, offset = 1 + regularisation.speaker_change * torch.randn(2, *each)
        features = features * factor + offset - 1
    features = features + regularisation.noise * torch.rand(len(features), 1, 1) * torch.randn_like(features)
    if regularisation.column_dropout:
        features = features * (torch.rand(each) >= regularisation.column_dropout)
    return features


def _rows(example: Example, rng: np.random.Generator) -> tuple[Float32Array, Float32Array, Float32Array]:
    """ROWS rows of an example, the last repeated if there are fewer, without weight."""
    first = int(rng.integers(max(1, len(example.mouth) - ROWS + 1)))
    rows = np.arange(first, first + ROWS)
    inside = rows < len(example.mouth)
    rows = np.minimum(rows, len(example.mouth) - 1)
    return (
        example.features[rows],
        example.mouth[rows],
        (inside[:, None] & example.known[None]).astype(np.float32),
    )

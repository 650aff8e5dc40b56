"""Training of the networks of convolutions over rows (`model/row_network.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import trange

from ..audio.speech_encoder import BANDS
from ..model.row_network import LAYERS, RowNetwork
from ..types import AnyFloatArray, Float32Array

BATCH, ROWS, RATE = 32, 160, 1e-3
NOISE, COLUMNS_DROPPED, ENCODER_DROPPED, DROPOUT, DECAY = 0.6, 0.2, 0.15, 0.2, 0.02

Kind = TypeVar("Kind", bound=RowNetwork)


@dataclass(frozen=True)
class Example:
    """A sequence: features (T, D), labels (T, K) from 0 to 1, and the weights of the rows (T,)."""

    features: AnyFloatArray
    labels: AnyFloatArray
    weights: Float32Array


class Network(nn.Module):
    """The network of `RowNetwork` in torch."""

    def __init__(self, width: int, dimension: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(dimension, width, 1)
        for name, distance in LAYERS:
            self.add_module(name, nn.Conv1d(width, width, 3, padding=distance, dilation=distance))
        self.last = nn.Conv1d(width, outputs, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        """Return log odds (B, K, T) for normalised features (B, D, T)."""
        hidden = torch.relu(self.first(features))
        for name, _distance in LAYERS:
            hidden = nn.functional.dropout(hidden, DROPOUT, self.training)
            hidden = hidden + torch.relu(self.get_submodule(name)(hidden))
        return self.last(hidden)


def fit(
    kind: type[Kind],
    examples: Sequence[Example],
    steps: int,
    width: int = 64,
    positive_weights: Sequence[float] = (1.0,),
    batch: int = BATCH,
    rate: float = RATE,
) -> Kind:
    """Return a network after `steps` steps of binary cross-entropy, of `batch` windows each.

    Labels of 1 count `positive_weights` times, one for all outputs or one for each; `rate` is the first learning rate.
    """
    rng = np.random.default_rng(0)
    torch.manual_seed(0)
    mean = np.mean([np.asarray(e.features, np.float32).mean(0) for e in examples], axis=0)
    deviation = np.sqrt(np.mean([np.asarray(e.features, np.float32).var(0) for e in examples], axis=0)) + 1e-3
    network = Network(width, len(mean), kind.OUTPUTS)
    optimizer = torch.optim.AdamW(network.parameters(), rate, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _step in trange(steps, desc=kind.FILE, disable=None):
        features, labels, weights = _draw(examples, batch, mean, deviation, rng)
        loss = nn.functional.binary_cross_entropy_with_logits(
            network(_varied(features)), labels, reduction="none", pos_weight=torch.tensor(positive_weights)[:, None]
        )
        optimizer.zero_grad()
        ((loss.mean(1) * weights).sum() / weights.sum().clamp(min=1)).backward()
        optimizer.step()
        schedule.step()
    return _in_numpy(kind, network, mean, deviation)


def _draw(
    examples: Sequence[Example], batch: int, mean: AnyFloatArray, deviation: AnyFloatArray, rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Return normalised features (B, D, T), labels (B, K, T) and weights (B, T) of random windows."""
    lengths = np.array([len(e.labels) for e in examples], float)
    features = np.zeros((batch, ROWS, len(mean)), np.float32)
    labels = np.zeros((batch, ROWS, examples[0].labels.shape[1]), np.float32)
    weights = np.zeros((batch, ROWS), np.float32)
    for number, index in enumerate(rng.choice(len(examples), batch, p=lengths / lengths.sum())):
        example = examples[index]
        first = int(rng.integers(0, max(1, len(example.labels) - ROWS)))
        part = slice(first, first + ROWS)
        rows = len(example.labels[part])
        features[number, :rows] = (np.asarray(example.features[part], np.float32) - mean) / deviation
        labels[number, :rows], weights[number, :rows] = example.labels[part], example.weights[part]
    return (
        torch.from_numpy(features).transpose(1, 2),
        torch.from_numpy(labels).transpose(1, 2),
        torch.from_numpy(weights),
    )


def _varied(features: Tensor) -> Tensor:
    """Return features (B, D, T) with noise of any level up to NOISE, columns dropped, and the encoder in some."""
    batch, columns, _rows = features.shape
    noisy = features + NOISE * torch.rand(batch, 1, 1) * torch.randn_like(features)
    kept = (torch.rand(batch, columns, 1) > COLUMNS_DROPPED).float()
    encoded = torch.arange(columns)[None, :, None] < columns - BANDS - 1
    dropped = encoded & (torch.rand(batch, 1, 1) < ENCODER_DROPPED)
    return noisy * kept * (~dropped).float()


def _in_numpy(kind: type[Kind], network: Network, mean: AnyFloatArray, deviation: AnyFloatArray) -> Kind:
    layers = {name: layer for name, layer in network.named_children() if isinstance(layer, nn.Conv1d)}
    weights = {name: layer.weight.detach().numpy().transpose(2, 1, 0) for name, layer in layers.items()}
    biases = {name: layer.bias.detach().numpy() for name, layer in layers.items() if layer.bias is not None}
    return kind(np.asarray(mean, np.float32), np.asarray(deviation, np.float32), weights, biases)

"""Batches of training examples as tensors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from ..networks.denoiser import Denoiser
from ..networks.torch_denoiser import TorchDenoiser
from .examples import ExampleSampler, ExampleUnits
from .objective import ObjectiveConfig
from .sequence import TrainingSequence


class Batch(NamedTuple):
    """`examples.Examples` as tensors."""

    x0: Tensor
    features: Tensor
    weight: Tensor
    mask: Tensor
    style: Tensor
    has_audio: Tensor
    t: Tensor
    noise: Tensor


class BatchSampler(ExampleSampler):
    """Sampler of random windows of the sequences, for a network of torch."""

    def __init__(self, sequences: list[TrainingSequence], denoiser: Denoiser, config: ObjectiveConfig) -> None:
        super().__init__(sequences, ExampleUnits.of_denoiser(TorchDenoiser(denoiser)), config)
        self.device = denoiser.device

    def draw(self, step: int, numbers: Iterable[int]) -> Batch:
        """Return the examples of these numbers in a step, on the denoiser's device."""
        return self.to_device(self.draw_on_cpu(step, numbers))

    def draw_on_cpu(self, step: int, numbers: Iterable[int]) -> Batch:
        """Return the examples of these numbers in a step, on the CPU."""
        return Batch(*map(torch.from_numpy, self.draw_examples(step, numbers)))

    def to_device(self, batch: Batch) -> Batch:
        """Return the batch on the denoiser's device."""
        return Batch(*(field.to(self.device, non_blocking=True) for field in batch))

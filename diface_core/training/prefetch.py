"""Prefetching of batches by worker processes: one process draws more slowly than a GPU trains."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator

import torch
from torch.utils.data import DataLoader, Dataset

from ..learning.batches import Batch, BatchSampler

PREFETCH_FACTOR = 3
"""Batches that every process has ready."""


class _BatchDataset(Dataset[Batch]):
    """The batches of the steps from `first` up to `last`, in pinned memory."""

    def __init__(self, examples: BatchSampler, first: int, last: int, numbers: list[int]) -> None:
        self.examples, self.first, self.last, self.numbers = examples, first, last, numbers

    def __len__(self) -> int:
        return self.last - self.first

    def __getitem__(self, index: int) -> Batch:
        return self.examples.draw_on_cpu(self.first + index, self.numbers)


class Prefetcher:
    """Draws the batches of `examples` for consecutive steps up to `last` in `workers` processes."""

    def __init__(self, examples: BatchSampler, last: int, workers: int) -> None:
        self.examples, self.last, self.workers = examples, last, workers
        self._next = -1
        self._numbers: list[int] = []
        self._batches: Iterator[Batch] = iter(())

    def draw(self, step: int, numbers: Iterable[int]) -> Batch:
        """Return the examples of these numbers in this step, on the network's device."""
        numbers_list = list(numbers)
        if (step, numbers_list) != (self._next, self._numbers):
            self._numbers, self._batches = numbers_list, self._start_workers(step, numbers_list)
        self._next = step + 1
        return self.examples.to_device(next(self._batches))

    def _start_workers(self, step: int, numbers: list[int]) -> Iterator[Batch]:
        # Forked processes share the sequences, which are mapped files; spawned ones would each copy them.
        fork = "fork" in multiprocessing.get_all_start_methods()
        return iter(
            DataLoader(
                _BatchDataset(self.examples, step, self.last, numbers), batch_size=None, num_workers=self.workers,
                prefetch_factor=PREFETCH_FACTOR, pin_memory=torch.cuda.is_available(),
                multiprocessing_context="fork" if fork else None,
            )
        )  # fmt: skip


def with_prefetch(examples: BatchSampler, last: int, workers: int) -> BatchSampler | Prefetcher:
    """Return `examples` prefetched by `workers` processes up to step `last`; unchanged for 0 workers."""
    return Prefetcher(examples, last, workers) if workers else examples

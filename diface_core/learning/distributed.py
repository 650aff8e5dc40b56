"""Data-parallel training by the processes that torchrun starts, on one machine or several.

Without torchrun there is one process, and the functions here do nothing.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import timedelta

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from ..learning.loss_terms import LossTerm
from ..runtime import device

TIMEOUT = timedelta(hours=12)
"""Time that a process waits for others: one of them computes the features of many hours of speech for all."""


@contextmanager
def process_group() -> Generator[torch.device]:
    """Join torchrun's process group, unless it is joined already, and yield the device of this process."""
    where = device.best()
    started = "WORLD_SIZE" in os.environ
    if started and where.type == "cuda":
        where = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(where)
    if is_distributed() or not started:
        yield where
        return
    distributed.init_process_group("nccl" if where.type == "cuda" else "gloo", timeout=TIMEOUT)
    try:
        yield where
    finally:
        distributed.destroy_process_group()


@contextmanager
def local_rank_first() -> Generator[None]:
    """Run the block in one process per machine first, then in the others, which find its files on disk."""
    first = not is_distributed() or int(os.environ["LOCAL_RANK"]) == 0
    if not first:
        barrier()
    yield
    if first:
        barrier()


def is_distributed() -> bool:
    """Return whether this process trains together with others."""
    return distributed.is_available() and distributed.is_initialized()


def rank() -> int:
    """Return the number of this process, from 0."""
    return distributed.get_rank() if is_distributed() else 0


def world_size() -> int:
    """Return the number of processes."""
    return distributed.get_world_size() if is_distributed() else 1


def mean_over_processes(value: Tensor) -> Tensor:
    """Return `value` averaged over the processes, without gradient."""
    if not is_distributed():
        return value.detach()
    total = value.detach().clone()
    distributed.all_reduce(total)
    return total / world_size()


def term_means(terms: Mapping[str, LossTerm]) -> dict[str, Tensor]:
    """Return the mean of each term over the known values of all processes; gradients flow through those of this one.

    This is not the mean of the processes' means, because each may know another number of values. The results must be
    averaged over the processes, as DistributedDataParallel averages gradients.
    """
    weights = mean_over_processes(torch.stack([term.weight.float() for term in terms.values()])).clamp(min=1.0)
    return {name: term.total / weight for (name, term), weight in zip(terms.items(), weights, strict=True)}


def barrier() -> None:
    """Wait for all processes."""
    if is_distributed():
        distributed.barrier()


def data_parallel(module: nn.Module) -> nn.Module:
    """Return `module` with gradients averaged over the processes after every backward pass."""
    return DistributedDataParallel(module) if is_distributed() else module

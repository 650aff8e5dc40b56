"""Several processes, on one machine or many, that train one model: what torchrun started, and what they share.

Without torchrun there is one process, and everything here does nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from ..diffusion.loss import LossTerm
from ..runtime import device

TIMEOUT = timedelta(hours=12)
"""How long a process waits for another: features of many hours of speech are computed once, by one of them."""


@contextmanager
def process_group() -> Iterator[torch.device]:
    """Join the other processes that torchrun started, unless that is done; gives the device of this one."""
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
def local_rank_first() -> Iterator[None]:
    """One process of every machine goes through this alone, then the others: what it leaves on disk they find there."""
    first = not is_distributed() or int(os.environ["LOCAL_RANK"]) == 0
    if not first:
        barrier()
    yield
    if first:
        barrier()


def is_distributed() -> bool:
    """Whether this process trains together with others."""
    return distributed.is_available() and distributed.is_initialized()


def rank() -> int:
    """Which process this is, from 0."""
    return distributed.get_rank() if is_distributed() else 0


def world_size() -> int:
    """How many processes there are."""
    return distributed.get_world_size() if is_distributed() else 1


def mean_over_processes(value: Tensor) -> Tensor:
    """`value`, averaged over the processes; no gradient flows through it."""
    if not is_distributed():
        return value.detach()
    total = value.detach().clone()
    distributed.all_reduce(total)
    return total / world_size()


def term_means(terms: Mapping[str, LossTerm]) -> dict[str, Tensor]:
    """The mean of each term over what all processes know; gradients flow through what this one knows.

    It is not the mean of their means: each may know another number of values. The mean over processes of what this
    returns is to be taken, as DistributedDataParallel takes that of gradients.
    """
    weights = mean_over_processes(torch.stack([term.weight.float() for term in terms.values()])).clamp(min=1.0)
    return {name: term.total / weight for (name, term), weight in zip(terms.items(), weights, strict=True)}


def barrier() -> None:
    """Until all processes are here."""
    if is_distributed():
        distributed.barrier()


def data_parallel(module: nn.Module) -> nn.Module:
    """`module`, whose gradients are averaged over the processes after every backward pass."""
    return DistributedDataParallel(module) if is_distributed() else module

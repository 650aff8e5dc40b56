"""Calls of a small network at the same time, each on its share of the cores.

Two threads that each work on a call of their own are nearly twice as fast as one; two that share out every layer of
one call spend what they gain on waiting for each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

import torch

Argument = TypeVar("Argument")
Result = TypeVar("Result")

MAX_PARALLEL_CALLS = 2
"""How many run at the same time."""


def map_parallel(call: Callable[[Argument], Result], arguments: Sequence[Argument]) -> list[Result]:
    """`call` of each, in order; one after the other, in this thread, where torch has one core. Raises what `call` does.

    What holds for a thread alone, as torch's inference mode, does not hold in `call`.
    """
    cores = torch.get_num_threads()
    return (
        [call(one) for one in arguments]
        if cores == 1
        else list(_pool(cores // MAX_PARALLEL_CALLS).map(call, arguments))
    )


@lru_cache
def _pool(cores: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(MAX_PARALLEL_CALLS, "side by side", lambda: _set_thread_count(cores))


def _set_thread_count(cores: int) -> None:
    """This thread's share from now on: once torch was asked, nothing that is set elsewhere changes it."""
    torch.set_num_threads(cores)
    torch.get_num_threads()

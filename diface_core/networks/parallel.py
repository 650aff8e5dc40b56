"""Parallel calls of a small network, each on its share of the cores.

Two threads with one call each are nearly twice as fast as one; two threads that share every layer of one call lose the
gain to synchronisation.
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
"""Number of simultaneous calls."""


def map_parallel(call: Callable[[Argument], Result], arguments: Sequence[Argument]) -> list[Result]:
    """Return the result of `call` for each argument, in order; without threads if torch has one core.

    State of the calling thread, such as torch's inference mode, does not apply in `call`. Raises what `call` raises.
    """
    cores = torch.get_num_threads()
    if cores == 1:
        return [call(argument) for argument in arguments]
    return list(_pool(cores // MAX_PARALLEL_CALLS).map(call, arguments))


@lru_cache
def _pool(cores: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(MAX_PARALLEL_CALLS, "DiFACE parallel", lambda: _set_thread_count(cores))


def _set_thread_count(cores: int) -> None:
    """Set this thread's share of cores; once it was read, later changes elsewhere do not affect it."""
    torch.set_num_threads(cores)
    torch.get_num_threads()

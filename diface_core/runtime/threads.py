"""Numbers of threads. No import of torch, so that the environment is set before it loads."""

from __future__ import annotations

import os

THREADS_VARIABLE = "DIFACE_THREADS"
"""Environment variable that limits the threads of a process, for several on one machine."""


def usable_cores() -> int:
    """Return the number of cores that this process may use; a container may allow fewer than the machine has."""
    limit = os.environ.get(THREADS_VARIABLE, "")
    return max(1, min(_allowed_cores(), int(limit) if limit.isdecimal() else 2**31))


def _allowed_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def set_wait_policy() -> None:
    """Let torch's threads sleep while they wait, which matters on a busy machine. Call before torch is imported."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def limit_torch_threads() -> None:
    """Import torch and limit its threads to the cores that this process may use; torch counts the machine's."""
    set_wait_policy()
    import torch

    torch.set_num_threads(min(torch.get_num_threads(), usable_cores()))

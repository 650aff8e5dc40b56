"""Thread settings of torch. No import of torch, so that the environment is set before it loads."""

from __future__ import annotations

import os


def set_wait_policy() -> None:
    """Let torch's threads sleep while they wait, which matters on a busy machine. Call before torch is imported."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def limit_threads() -> None:
    """Import torch and limit its threads to the cores that this process may use.

    torch counts the machine's cores; a container or a batch system may allow fewer.
    """
    set_wait_policy()
    import torch

    if hasattr(os, "sched_getaffinity"):
        torch.set_num_threads(min(torch.get_num_threads(), len(os.sched_getaffinity(0))))

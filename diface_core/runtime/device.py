"""Where the networks run: on a CUDA GPU where torch has one, else on the CPU."""

from __future__ import annotations

import torch


def best() -> torch.device:
    """The device for networks that are loaded now."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")

"""The device of the networks: a CUDA GPU if torch has one, else the CPU."""

from __future__ import annotations

import torch


def best() -> torch.device:
    """Return the device for networks that are loaded now."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")

"""PyTorch weight files from untrusted sources: tensors only, and only with a torch that enforces that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from ..errors import ModelError
from ..runtime.torch_support import MIN_TORCH, is_too_old


def require_safe_torch(path: Path) -> None:
    """Raise ModelError if the installed torch is too old to open a pickled weight file safely."""
    if is_too_old(torch.__version__):
        raise ModelError(
            f"{path} was not opened: torch {torch.__version__} can be made to run code by a .pt file "
            f"(CVE-2025-32434). torch {MIN_TORCH[0]}.{MIN_TORCH[1]} or newer is required.",
            "Update torch in the Python environment that DiFACE uses.",
        )


def load_weights(path: Path) -> Any:
    """Return the content of a .pt file, on the CPU: tensors, numbers, texts and containers of them.

    Raises:
        ModelError: If torch is too old to open the file safely.
        Exception: Whatever torch raises for a file that is damaged or contains other objects.
    """
    require_safe_torch(path)
    return torch.load(path, map_location="cpu", weights_only=True)

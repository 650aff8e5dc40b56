"""What the worker's Python has for the user's 3DiFACE models, and what it lacks."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass

from .start_errors import explain_message
from .versions import is_older

MIN_TORCH = (2, 6)
"""First torch whose `weights_only` loading is safe (CVE-2025-32434)."""


@dataclass(frozen=True)
class TorchSupport:
    """What 3DiFACE models would run on.

    Attributes:
        device: Name of torch's device, such as "CPU" or that of a GPU; None if torch cannot be loaded.
        problems: What is missing or too old, as phrases.
    """

    device: str | None
    problems: tuple[str, ...]


def check_torch() -> TorchSupport:
    """Import torch if it is installed (seconds), and look for transformers."""
    problems = [f"{name} is missing" for name in ("torch", "transformers") if importlib.util.find_spec(name) is None]
    if "torch is missing" in problems:
        return TorchSupport(None, tuple(problems))
    try:
        torch = importlib.import_module("torch")
    except (ImportError, OSError) as error:
        known = explain_message(str(error))
        return TorchSupport(None, (f"torch cannot be loaded: {known.cause if known else error}", *problems))
    if is_too_old(torch.__version__):
        wanted = ".".join(map(str, MIN_TORCH))
        problems.insert(0, f"torch {torch.__version__} is too old, {wanted} or later is needed")
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    return TorchSupport(device, tuple(problems))


def is_too_old(version: str) -> bool:
    """Return whether a version of torch, such as "2.13.0+cpu", is older than MIN_TORCH."""
    return is_older(version, MIN_TORCH)

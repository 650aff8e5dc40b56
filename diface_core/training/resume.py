"""Checkpoints of interrupted trainings, which resume with bit-identical results."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import nn
from torch.optim import Optimizer

from ..atomic_write import atomic_write
from ..untrusted.torch_weights import load_weights

log = logging.getLogger(__name__)

NetworkT = TypeVar("NetworkT", bound=nn.Module)


class ResumeConfig(Protocol):
    """The settings of any training that resuming needs: the output file and the cache folder."""

    @property
    def out(self) -> Path:
        """The file of the weights."""
        ...

    @property
    def cache(self) -> Path:
        """The folder of the resume file."""
        ...


@dataclass
class TrainingState(Generic[NetworkT]):
    """The state of a training after `step` steps. Random numbers depend on the step and are not part of it."""

    denoiser: NetworkT
    ema: NetworkT
    optimiser: Optimizer
    step: int = 0
    best: float = float("-inf")


def resume_file(config: ResumeConfig) -> Path:
    """Return the path of the resume file; its name includes a hash of the settings."""
    settings = hashlib.sha256(repr(config).encode()).hexdigest()[:8]
    return config.cache / f"resume_{config.out.stem}_{settings}.pt"


def save(state: TrainingState[Any], config: ResumeConfig) -> None:
    """Write the state atomically."""
    path = resume_file(config)
    path.parent.mkdir(parents=True, exist_ok=True)
    values = {
        "step": state.step, "best": state.best, "denoiser": state.denoiser.state_dict(),
        "average": state.ema.state_dict(), "optimiser": state.optimiser.state_dict(),
    }  # fmt: skip
    with atomic_write(path) as draft:
        torch.save(values, draft)


def load(state: TrainingState[Any], config: ResumeConfig) -> None:
    """Restore `state` from an earlier run with the same settings, if its file exists."""
    path = resume_file(config)
    if not path.exists():
        return
    values = load_weights(path)
    state.denoiser.load_state_dict(values["denoiser"])
    state.ema.load_state_dict(values["average"])
    state.optimiser.load_state_dict(values["optimiser"])
    state.step, state.best = values["step"], values["best"]
    log.info("resuming at step %d of %s", state.step, path)

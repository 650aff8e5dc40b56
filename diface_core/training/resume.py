"""A training that was interrupted goes on where it was, to the bit."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import nn
from torch.optim import Optimizer

from ..untrusted.torch_weights import load_weights

log = logging.getLogger(__name__)

NetworkT = TypeVar("NetworkT", bound=nn.Module)


class ResumeConfig(Protocol):
    """Of any training: the file that it writes, and the folder for what it keeps beside that."""

    @property
    def out(self) -> Path: ...
    @property
    def cache(self) -> Path: ...


@dataclass
class TrainingState(Generic[NetworkT]):
    """All that a training is after `step` steps. Its random numbers belong to the steps and are no part of it."""

    denoiser: NetworkT
    ema: NetworkT
    optimiser: Optimizer
    step: int = 0
    best: float = float("-inf")


def resume_file(config: ResumeConfig) -> Path:
    """Named after the settings too: other settings are another training."""
    settings = hashlib.sha256(repr(config).encode()).hexdigest()[:8]
    return config.cache / f"resume_{config.out.stem}_{settings}.pt"


def save(state: TrainingState[Any], config: ResumeConfig) -> None:
    """Write the state, whole or not at all."""
    path = resume_file(config)
    path.parent.mkdir(parents=True, exist_ok=True)
    values = {
        "step": state.step, "best": state.best, "denoiser": state.denoiser.state_dict(),
        "average": state.ema.state_dict(), "optimiser": state.optimiser.state_dict(),
    }  # fmt: skip
    torch.save(values, path.with_suffix(".partial"))
    path.with_suffix(".partial").replace(path)


def load(state: TrainingState[Any], config: ResumeConfig) -> None:
    """Bring `state` to where an earlier run of the same settings stopped, if there was one."""
    path = resume_file(config)
    if not path.exists():
        return
    values = load_weights(path)
    state.denoiser.load_state_dict(values["denoiser"])
    state.ema.load_state_dict(values["average"])
    state.optimiser.load_state_dict(values["optimiser"])
    state.step, state.best = values["step"], values["best"]
    log.info("going on at step %d of %s", state.step, path)

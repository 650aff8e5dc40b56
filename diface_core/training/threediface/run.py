"""A training or an adaptation, from sequences to a checkpoint folder: starts or resumes, validates, writes."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from ...learning import distributed
from ...threediface.diffusion import Schedule
from ...threediface.networks import Network
from ...types import Float32Array
from .. import logs, loop, resume
from . import checkpoint_writer
from .batches import ExampleOptions, ExampleSampler
from .initial_network import InitialNetwork
from .losses import TrainingLoss
from .random_masks import MaskConfig
from .recordings import MotionRecording
from .settings import RunConfig
from .vertex_weights import vertex_weights

VALIDATION_EXAMPLES = 16
"""Fixed examples that the held-out loss is averaged over."""


def train_network(
    config: RunConfig, initial: InitialNetwork, styles: Mapping[str, Float32Array], masks: MaskConfig,
    training: list[MotionRecording], held_out: list[MotionRecording],
) -> Network:  # fmt: skip
    """Train the parameters with gradients up to `config.steps`, or resume; return the running average of the network.

    Under torchrun all processes train one network, each on `config.batch` examples per step; the first one validates
    and writes.

    Args:
        config: The settings.
        initial: The network that the training starts from.
        styles: The style (styles,) of each subject; under "" that of any other.
        masks: Known frames of the examples.
        training: Training sequences.
        held_out: Validation sequences.

    Raises:
        DifaceError: If `out` contains another model.
    """
    checkpoint_writer.check_output_folder(config.out, initial.arguments, config.source_checkpoints)
    with distributed.process_group() as device:
        network = initial.network.to(device)
        weight, lips = vertex_weights(config.loss, network.config.outputs)
        loss = TrainingLoss(network, config.loss, weight, lips).to(device)
        state = _start_state(config, network)
        validation_loss = TrainingLoss(state.ema, config.loss, weight, lips).to(device)
        schedule = Schedule(initial.diffusion)

        def examples(sequences: list[MotionRecording], audio_dropout: float) -> ExampleSampler:
            options = ExampleOptions(config.frames, audio_dropout, masks, config.seed)
            return ExampleSampler(sequences, styles, schedule, options, device)

        validation = examples(held_out, 0.0) if held_out else None

        def on_step(state: resume.TrainingState[Any], curves: logs.CurveWriter, loss: float) -> None:
            last = state.step == config.steps
            if validation and (last or (config.validate_every and state.step % config.validate_every == 0)):
                _validate(state.step, validation_loss, validation, curves, loss)
            if last or (config.save_every and state.step % config.save_every == 0):
                resume.save(state, config)
                checkpoint_writer.write_checkpoint(
                    config.out, initial.arguments, state.ema.state_dict(), state.step, config.max_checkpoints
                )

        loop.run(state, config, examples(training, config.audio_dropout), loss, on_step)
        return state.ema


def _start_state(config: RunConfig, network: Network) -> resume.TrainingState[Network]:
    """Return the state of a new training, or of the interrupted one."""
    average = copy.deepcopy(network).requires_grad_(False).eval()
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=config.learning_rate, weight_decay=config.weight_decay)
    state = resume.TrainingState(network, average, optimiser)
    resume.load(state, config)
    return state


@torch.no_grad()
def _validate(
    step: int, validation_loss: TrainingLoss, sampler: ExampleSampler, curves: logs.CurveWriter, loss: float
) -> None:
    """Log the loss and its terms of the running average on the held-out sequences."""
    measured = validation_loss.measure(sampler.draw(0, range(VALIDATION_EXAMPLES)))
    for name, value in measured.items():
        curves.add_scalar(f"held_out/{name}", value, step)
    text = " ".join(f"{name} {value:.4f}" for name, value in measured.items())
    tqdm.write(f"step {step}: loss {loss:.4f}, held out: {text}")


def style_vectors(subjects: tuple[str, ...], styles: int) -> dict[str, Float32Array]:
    """Return the one-hot style (styles,) of each subject, and under "" the mean of them for any other subject."""
    one_hot = dict(zip(subjects, np.eye(styles, dtype=np.float32), strict=False))
    mean = np.where(np.arange(styles) < len(one_hot), 1 / max(1, len(one_hot)), 0).astype(np.float32)
    return {"": mean, **one_hot}

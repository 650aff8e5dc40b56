"""A training or an adaptation from sequences to a checkpoint folder: begun, gone on with, measured, written."""

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
from .batches import ExampleSampler
from .initial_network import InitialNetwork
from .losses import TrainingLoss
from .random_masks import MaskConfig
from .recordings import MotionRecording
from .settings import RunConfig
from .vertex_weights import vertex_weights

VALIDATION_EXAMPLES = 16
"""Examples that the held-out loss is a mean of, always the same ones."""


def train_network(
    config: RunConfig, initial: InitialNetwork, styles: Mapping[str, Float32Array], masks: MaskConfig,
    training: list[MotionRecording], held_out: list[MotionRecording],
) -> Network:  # fmt: skip
    """Train what has gradients to `config.steps` and return the running average; goes on where it was interrupted.

    styles: the style (styles,) of each subject. Under torchrun all processes train one network, each on `config.batch`
    examples a step; the first one measures and writes. Raises DifaceError where `out` holds another model.
    """
    checkpoint_writer.check_output_folder(config.out, initial.arguments, config.source_checkpoints)
    with distributed.process_group() as where:
        network = initial.network.to(where)
        weight, lips = vertex_weights(config.loss, network.config.outputs)
        loss = TrainingLoss(network, config.loss, weight, lips).to(where)
        state = _start_state(config, network)
        judging = TrainingLoss(state.ema, config.loss, weight, lips).to(where)
        schedule = Schedule(initial.diffusion)

        def examples(sequences: list[MotionRecording], unheard: float) -> ExampleSampler:
            return ExampleSampler(sequences, styles, schedule, config.frames, unheard, masks, config.seed, where)

        judged = examples(held_out, 0.0) if held_out else None

        def look(state: resume.TrainingState[Any], curves: logs.CurveWriter, loss: float) -> None:
            last = state.step == config.steps
            if judged and (last or (config.validate_every and state.step % config.validate_every == 0)):
                _validate(state.step, judging, judged, curves, loss)
            if last or (config.save_every and state.step % config.save_every == 0):
                resume.save(state, config)
                checkpoint_writer.write_checkpoint(
                    config.out, initial.arguments, state.ema.state_dict(), state.step, config.max_checkpoints
                )

        loop.run(state, config, examples(training, config.audio_dropout), loss, look)
        return state.ema


def _start_state(config: RunConfig, network: Network) -> resume.TrainingState[Network]:
    average = copy.deepcopy(network).requires_grad_(False).eval()
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(learning, lr=config.learning_rate, weight_decay=config.weight_decay)
    state = resume.TrainingState(network, average, optimiser)
    resume.load(state, config)
    return state


@torch.no_grad()
def _validate(
    step: int, validation_loss: TrainingLoss, sampler: ExampleSampler, curves: logs.CurveWriter, loss: float
) -> None:
    """Measure the running average on what is held out: the loss, and each of its terms."""
    measured = validation_loss.measure(sampler.draw(0, range(VALIDATION_EXAMPLES)))
    for name, value in measured.items():
        curves.add_scalar(f"held_out/{name}", value, step)
    told = " ".join(f"{name} {value:.4f}" for name, value in measured.items())
    tqdm.write(f"step {step}: loss {loss:.4f}, held out: {told}")


def style_vectors(subjects: tuple[str, ...], styles: int) -> dict[str, Float32Array]:
    """The style (styles,) of each subject, and of any other: all of theirs alike. A network without styles has none."""
    own = dict(zip(subjects, np.eye(styles, dtype=np.float32), strict=False))
    mixed = np.where(np.arange(styles) < len(own), 1 / max(1, len(own)), 0).astype(np.float32)
    return {"": mixed, **own}

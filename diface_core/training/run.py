"""The training of DiFACE's denoisers: initial state, validation and saving."""

from __future__ import annotations

import copy

import torch
from tqdm import tqdm

from ..learning import distributed
from ..learning.losses import TrainingLoss
from ..learning.sequence import TrainingSequence
from ..networks import checkpoint
from ..networks.denoiser import Denoiser
from . import logs, loop, resume
from .head.coupling import make_sampler
from .initial_denoiser import build_denoiser
from .prefetch import with_prefetch
from .settings import TrainConfig
from .validation import validate


def train(
    config: TrainConfig,
    sequences: list[TrainingSequence],
    styles: tuple[str, ...],
    held_out: list[TrainingSequence] | None = None,
    workers: int = 0,
) -> Denoiser:
    """Train to `config.steps` and return the moving average of the weights; resumes an interrupted training.

    Under torchrun all processes train one model, each on `config.batch` examples per step; the first one writes.

    Args:
        config: The settings.
        sequences: The training sequences.
        styles: Names of the styles.
        held_out: Sequences that are validated every `validate_every` steps.
        workers: Processes that draw the examples of each process ahead.
    """

    def on_step(state: resume.TrainingState[Denoiser], curves: logs.CurveWriter, loss: float) -> None:
        _validate_and_save(state, config, held_out or [], curves, loss)

    with distributed.process_group() as where:
        state = _start_state(config, sequences, styles, where)
        examples = with_prefetch(make_sampler(sequences, state.denoiser, config), config.steps, workers)
        loop.run(state, config, examples, TrainingLoss(state.denoiser, config), on_step)
        return state.ema.eval()


def _start_state(
    config: TrainConfig, sequences: list[TrainingSequence], styles: tuple[str, ...], device: torch.device
) -> resume.TrainingState[Denoiser]:
    """Return the initial state, or the resumed one."""
    denoiser = build_denoiser(config, sequences, styles).to(device)
    average = copy.deepcopy(denoiser).requires_grad_(False).eval()
    optimiser = torch.optim.AdamW(denoiser.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    state = resume.TrainingState(denoiser.train(), average, optimiser)
    resume.load(state, config)
    return state


def _validate_and_save(
    state: resume.TrainingState[Denoiser],
    config: TrainConfig,
    held_out: list[TrainingSequence],
    curves: logs.CurveWriter,
    loss: float,
) -> None:
    """Validate and save when due; the best weights by validation score are kept next to the last ones."""
    last = state.step == config.steps
    if held_out and config.validate_every and (state.step % config.validate_every == 0 or last):
        scores = validate(state.ema, held_out)
        for name, value in scores.items():
            curves.add_scalar(f"held_out/{name}", value, state.step)
        score_text = " ".join(f"{name} {value:.3f}" for name, value in scores.items())
        tqdm.write(f"step {state.step}: loss {loss:.3f}, held out: {score_text}")
        if scores["score"] > state.best:
            state.best = scores["score"]
            config.cache.mkdir(parents=True, exist_ok=True)
            best = config.cache / f"{config.out.stem}_best.safetensors"
            checkpoint.save(state.ema, best, steps=str(state.step), score=f"{state.best:.4f}")
    if last or (config.save_every and state.step % config.save_every == 0):
        resume.save(state, config)
        checkpoint.save(state.ema, config.out, steps=str(state.step), loss=f"{loss:.4f}")

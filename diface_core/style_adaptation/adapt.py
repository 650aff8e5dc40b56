"""Fine-tuning of a general denoiser to one speaker: style vector and output layer, all else frozen (3DiFACE)."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ..learning.batches import ExampleSampler
from ..learning.losses import TrainingLoss
from ..learning.mean_performance import mean_performance
from ..learning.objective import ObjectiveConfig
from ..learning.random_masks import RandomMaskConfig
from ..learning.sequence import TrainingSequence
from ..networks.denoiser import Denoiser
from ..types import Float32Array
from .amplitude import limit_amplitude, sample_take

PERSONAL_STYLE = "personal"


@dataclass(frozen=True)
class AdaptConfig:
    """Settings of the fine-tuning.

    Attributes:
        steps: Largest number of steps.
        batch: Examples per step.
        rows: Rows of an example.
        vector_rate: Learning rate of the style vector.
        output_rate: Learning rate of the output layer; 0 trains the vector alone.
        regularisation: Weight of the squared distance of the parameters from their initial values.
        limit_amplitude: Whether the amplitude of takes is limited to that of the training data, see `amplitude`.
        validation_share: Share at the end of each sequence that is not trained on but used for validation.
        validate_every: Steps between two validations; the best state is kept, also if it is the general model.
        patience: Validations without improvement after which the training stops.
        seed: Seed of the examples.
    """

    steps: int = 400
    batch: int = 6
    rows: int = 96
    vector_rate: float = 1e-2
    output_rate: float = 2e-3
    regularisation: float = 1e-2
    limit_amplitude: bool = True
    validation_share: float = 0.2
    validate_every: int = 20
    patience: int = 6
    seed: int = 0


@dataclass(frozen=True)
class AdaptedDenoiser:
    """The result of a fine-tuning.

    Attributes:
        denoiser: The denoiser, with one style.
        error_before: Validation error of takes by the general denoiser.
        error_after: Validation error of takes by this denoiser.
        steps: Steps after which it was the best.
    """

    denoiser: Denoiser
    error_before: float
    error_after: float
    steps: int


def adapt_denoiser(
    base: Denoiser,
    sequences: list[TrainingSequence],
    config: AdaptConfig,
    report: Callable[[float], None] = lambda fraction: None,
) -> AdaptedDenoiser:
    """Fine-tune a copy of a denoiser to the style of one speaker, starting from the nearest trained style.

    The validation rows are the end of every sequence, so that several motions of one recording exclude the same audio
    from the training. The result is never worse than `base` on them.

    Args:
        base: The general denoiser.
        sequences: The speaker's sequences, of at least two rows.
        config: The settings.
        report: Called with the fraction done; may raise to cancel.

    Returns:
        The best of the nearest trained style, the fine-tuned denoiser, and the latter with limited amplitude.
    """
    training, validation = _split(base, sequences, config.validation_share)
    report(0.0)
    denoiser = _nearest_style(base, validation + training)
    nearest = copy.deepcopy(denoiser)
    fitted, steps = _fit(denoiser, training, validation, config, _training_config(config, base, training), report)
    candidates = [nearest, fitted]
    if config.limit_amplitude and config.output_rate > 0:
        candidates.append(limit_amplitude(fitted, training, lambda: report(1.0)))
    errors = [mean_error(candidate, validation, sample_take) for candidate in candidates]
    best = int(np.argmin(errors))
    return AdaptedDenoiser(candidates[best], errors[0], errors[best], steps)


Predictor = Callable[[Denoiser, TrainingSequence], Float32Array]
"""Predicts the weights (T, C) of a sequence from its audio."""


def mean_error(denoiser: Denoiser, sequences: list[TrainingSequence], predict: Predictor = mean_performance) -> float:
    """Return the prediction_error of all sequences, weighted by their lengths."""
    rows = [len(one.values) for one in sequences]
    return float(np.average([prediction_error(denoiser, one, predict) for one in sequences], weights=rows))


def prediction_error(denoiser: Denoiser, sequence: TrainingSequence, predict: Predictor = mean_performance) -> float:
    """Return the mean squared error of the known channels and of the lip distance, in deviations."""
    predicted = predict(denoiser, sequence)
    target = sequence.values[: len(predicted)].astype(np.float32)
    deviation = _channel_deviation(denoiser, [sequence])
    channelwise = float(np.square((predicted - target) / deviation)[:, sequence.known].mean())
    names = denoiser.config.channels
    jaw, close = names.index("jawOpen"), names.index("mouthClose")
    gap = (predicted - target)[:, jaw] - (predicted - target)[:, close]
    return channelwise + float(np.square(gap / deviation[jaw]).mean())


def _fit(
    denoiser: Denoiser,
    training: list[TrainingSequence],
    validation: list[TrainingSequence],
    config: AdaptConfig,
    objective: ObjectiveConfig,
    report: Callable[[float], None],
) -> tuple[Denoiser, int]:
    """Train the style of a denoiser; return a copy with the best running average of the parameters, and its step."""
    parameters = _freeze_all_but_style(denoiser, config.output_rate > 0)
    initial = [parameter.detach().clone() for parameter in parameters]
    average = [parameter.clone() for parameter in initial]
    optimiser = _optimiser(parameters, config)
    examples, loss = ExampleSampler(training, denoiser, objective), TrainingLoss(denoiser, objective)

    on_gpu = denoiser.device.type == "cuda"  # bfloat16 is 13 times slower on CPUs without support for it
    best_error = mean_error(denoiser, validation)
    best, best_step, validations_since_best = initial, 0, 0
    for step in range(1, config.steps + 1):
        with torch.autocast(denoiser.device.type, torch.bfloat16, enabled=on_gpu):
            value, _ = loss(examples.draw(step - 1, range(config.batch)))
        distance = sum(((new - old) ** 2).sum() for new, old in zip(parameters, initial, strict=True))
        optimiser.zero_grad()
        (value + config.regularisation * distance).backward()
        optimiser.step()
        for mean, new in zip(average, parameters, strict=True):
            mean.lerp_(new.detach(), max(0.05, 1 / step))
        report(step / config.steps)
        if step % config.validate_every:
            continue
        error = mean_error(_with_parameters(denoiser, parameters, average), validation)
        validations_since_best += 1
        if error < best_error:
            best_error, best, best_step = error, [mean.clone() for mean in average], step
            validations_since_best = 0
        if validations_since_best >= config.patience:
            break
    return _with_parameters(denoiser, parameters, best), best_step


def _split(
    base: Denoiser, sequences: list[TrainingSequence], validation_share: float
) -> tuple[list[TrainingSequence], list[TrainingSequence]]:
    """Return the training and the validation part of each sequence, with the channels that `base` knows."""
    known = base.get_buffer("known").cpu().numpy() > 0
    training, validation = [], []
    for sequence in sequences:
        rows = len(sequence.values)
        tail = min(rows - 1, round(rows * (1 - validation_share)))
        sequence = dataclasses.replace(sequence, known=sequence.known & known)
        training.append(_slice_rows(sequence, 0, tail))
        validation.append(_slice_rows(sequence, tail, rows))
    return training, validation


def _slice_rows(sequence: TrainingSequence, first: int, last: int) -> TrainingSequence:
    return dataclasses.replace(
        sequence, features=sequence.features[first:last], values=sequence.values[first:last], style=PERSONAL_STYLE
    )


def _nearest_style(base: Denoiser, sequences: list[TrainingSequence]) -> Denoiser:
    """Return a copy with one style: of the trained ones and no style, the one with the smallest error."""
    vectors = [torch.zeros_like(base.style.weight[0]), *base.style.weight.detach()]
    candidates = [_with_style_vector(base, vector) for vector in vectors]
    return min(candidates, key=lambda one: mean_error(one, sequences))


def _with_style_vector(base: Denoiser, vector: Tensor) -> Denoiser:
    styled = copy.deepcopy(base).eval()
    styled.config = dataclasses.replace(base.config, styles=(PERSONAL_STYLE,))
    styled.style = nn.Embedding.from_pretrained(vector[None].clone(), freeze=False)
    return styled


def _freeze_all_but_style(denoiser: Denoiser, output: bool) -> list[nn.Parameter]:
    """Freeze all other parameters and return the trained ones, the style vector first."""
    layer = denoiser.output_layer
    parameters = [denoiser.style.weight, *([layer.weight, layer.bias] if output else [])]
    denoiser.requires_grad_(False)
    for parameter in parameters:
        parameter.requires_grad_(True)
    return parameters


def _optimiser(parameters: list[nn.Parameter], config: AdaptConfig) -> torch.optim.Optimizer:
    rates = [config.vector_rate, config.output_rate, config.output_rate]
    groups = [{"params": [p], "lr": rate} for p, rate in zip(parameters, rates, strict=False)]
    return torch.optim.Adam(groups, betas=(0.9, 0.99))


def _channel_deviation(denoiser: Denoiser, sequences: list[TrainingSequence]) -> Float32Array:
    """Return the larger of the general and the speaker's deviation of each channel (C,), so that none dominates."""
    values = np.concatenate([sequence.values for sequence in sequences]).astype(np.float32)
    return np.maximum(denoiser.get_buffer("deviation").cpu().numpy(), values.std(axis=0))


def _training_config(config: AdaptConfig, base: Denoiser, sequences: list[TrainingSequence]) -> ObjectiveConfig:
    """Return the objective of the general model, but always with style and with channels weighted by deviation."""
    factor = (base.get_buffer("deviation").cpu().numpy() / _channel_deviation(base, sequences)) ** 2
    weight = {name: float(value) for name, value in zip(base.config.channels, factor, strict=True)}
    return ObjectiveConfig(
        batch=config.batch, rows=config.rows, style_dropout=0.0, joint_dropout=0.0, masks=RandomMaskConfig(share=0.2),
        gap_weight=0.02, feature_noise=0.3, feature_dropout=0.1, pure_noise_share=0.4, channel_weight=weight,
        seed=config.seed,
    )  # fmt: skip


@torch.no_grad()
def _with_parameters(denoiser: Denoiser, parameters: list[nn.Parameter], values: list[Tensor]) -> Denoiser:
    """Return a copy of a denoiser in which the trained parameters have other values."""
    current = [parameter.detach().clone() for parameter in parameters]
    for parameter, value in zip(parameters, values, strict=True):
        parameter.copy_(value)
    changed = copy.deepcopy(denoiser)
    for parameter, value in zip(parameters, current, strict=True):
        parameter.copy_(value)
    return changed

"""A general denoiser learns one more speaker: a style vector and the output layer, all else frozen (3DiFACE)."""

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
from ..model.denoiser import Denoiser
from ..model.style_file import output_layer
from ..types import Float32Array
from .amplitude import limit_amplitude, sample_take

PERSONAL_STYLE = "personal"


@dataclass(frozen=True)
class AdaptConfig:
    """How a style is learnt.

    steps, batch, rows: as in a training. vector_rate, output_rate: learning rates of vector and output layer; the
    second is 0 where only the vector is learnt. shrink: how strongly both are drawn back to where they began.
    narrowed: whether its takes are held to move no farther than what was learnt (`amplitude`).
    held_back: share of each pair, its end, that is not learnt but judged. judge_every: steps between two judgements;
    the best one stays, the general model among them. patience: judgements without a better one that end the learning.
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
    """The denoiser that has learnt, with one style; the judged error of the general one's takes, and of this one's."""

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
    """Learn the style of sounds and their motions, of two rows each and more; never worse than `base` on their ends,
    which are not learnt.

    Of each its own end, so that several motions to one sound hold the same part of it back. The learning begins at the
    trained style that is nearest; how far takes in the new one move is set right at last. `report` gets the fraction
    done and may raise to stop.
    """
    learnt, judged = _split(base, sequences, config.validation_share)
    report(0.0)
    denoiser = _nearest_style(base, judged + learnt)
    parameters = _freeze_all_but_style(denoiser, config.output_rate > 0)
    begun = [parameter.detach().clone() for parameter in parameters]
    optimiser = _optimiser(parameters, config)
    settings = _training_config(config, base, learnt)
    examples, loss = ExampleSampler(learnt, denoiser, settings), TrainingLoss(denoiser, settings)

    on_gpu = denoiser.device.type == "cuda"  # many CPUs have no bfloat16, and take 13 times as long with it
    mean = [parameter.detach().clone() for parameter in parameters]
    nearest, best = _with_parameters(denoiser, parameters, begun), mean_error(denoiser, judged)
    kept, kept_step, waited = begun, 0, 0
    for step in range(config.steps):
        with torch.autocast(denoiser.device.type, torch.bfloat16, enabled=on_gpu):
            value, _ = loss(examples.draw(step, range(config.batch)))
        pulled = sum(((p - b) ** 2).sum() for p, b in zip(parameters, begun, strict=True))
        optimiser.zero_grad()
        (value + config.regularisation * pulled).backward()
        optimiser.step()
        for average, new in zip(mean, parameters, strict=True):
            average.lerp_(new.detach(), max(0.05, 1 / (step + 1)))
        report((step + 1) / config.steps)
        if (step + 1) % config.validate_every:
            continue
        now = mean_error(_with_parameters(denoiser, parameters, mean), judged)
        waited += 1
        if now < best:
            best, kept, kept_step, waited = now, [average.clone() for average in mean], step + 1, 0
        if waited >= config.patience:
            break
    candidates = [nearest, _with_parameters(denoiser, parameters, kept)]
    if config.limit_amplitude and config.output_rate > 0:
        candidates.append(limit_amplitude(candidates[-1], learnt, lambda: report(1.0)))
    errors = [mean_error(one, judged, sample_take) for one in candidates]
    chosen = int(np.argmin(errors))
    return AdaptedDenoiser(candidates[chosen], errors[0], errors[chosen], kept_step)


Predictor = Callable[[Denoiser, TrainingSequence], Float32Array]
"""What a denoiser makes of a sound: weights (T, C)."""


def mean_error(denoiser: Denoiser, sequences: list[TrainingSequence], predict: Predictor = mean_performance) -> float:
    """`error` of all, each as much as it is long."""
    rows = [len(one.values) for one in sequences]
    return float(np.average([prediction_error(denoiser, one, predict) for one in sequences], weights=rows))


def prediction_error(denoiser: Denoiser, sequence: TrainingSequence, predict: Predictor = mean_performance) -> float:
    """Mean squared error of the mean performance, or another: what is known, in deviations, and the lips' distance."""
    ours = predict(denoiser, sequence)
    theirs = sequence.values[: len(ours)].astype(np.float32)
    deviation = _channel_deviation(denoiser, [sequence])
    channelwise = float(np.square((ours - theirs) / deviation)[:, sequence.known].mean())
    names = denoiser.config.channels
    jaw, close = names.index("jawOpen"), names.index("mouthClose")
    gap = (ours - theirs)[:, jaw] - (ours - theirs)[:, close]
    return channelwise + float(np.square(gap / deviation[jaw]).mean())


def _split(
    base: Denoiser, sequences: list[TrainingSequence], validation_share: float
) -> tuple[list[TrainingSequence], list[TrainingSequence]]:
    """What is learnt of each, and what is judged: of the channels that `base` knows."""
    known = base.get_buffer("known").cpu().numpy() > 0
    learnt, judged = [], []
    for pair in sequences:
        rows = len(pair.values)
        tail = min(rows - 1, round(rows * (1 - validation_share)))
        pair = dataclasses.replace(pair, known=pair.known & known)
        learnt.append(_slice_rows(pair, 0, tail))
        judged.append(_slice_rows(pair, tail, rows))
    return learnt, judged


def _slice_rows(sequence: TrainingSequence, first: int, last: int) -> TrainingSequence:
    return dataclasses.replace(
        sequence, features=sequence.features[first:last], values=sequence.values[first:last], style=PERSONAL_STYLE
    )


def _nearest_style(base: Denoiser, sequences: list[TrainingSequence]) -> Denoiser:
    """A copy with one style: of the trained ones, and none in particular, the one with the smallest error."""
    vectors = [torch.zeros_like(base.style.weight[0]), *base.style.weight.detach()]
    candidates = [_with_style_vector(base, vector) for vector in vectors]
    return min(candidates, key=lambda one: mean_error(one, sequences))


def _with_style_vector(base: Denoiser, vector: Tensor) -> Denoiser:
    one = copy.deepcopy(base).eval()
    one.config = dataclasses.replace(base.config, styles=(PERSONAL_STYLE,))
    one.style = nn.Embedding.from_pretrained(vector[None].clone(), freeze=False)
    return one


def _freeze_all_but_style(denoiser: Denoiser, output: bool) -> list[nn.Parameter]:
    """The parameters that learn, the style vector first; all others are frozen."""
    layer = output_layer(denoiser)
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
    """Of each channel (C,), the general one or this speaker's, whichever is larger: no channel drowns the others."""
    values = np.concatenate([pair.values for pair in sequences]).astype(np.float32)
    return np.maximum(denoiser.get_buffer("deviation").cpu().numpy(), values.std(axis=0))


def _training_config(config: AdaptConfig, base: Denoiser, sequences: list[TrainingSequence]) -> ObjectiveConfig:
    """As the general model is trained, but always in this style, and no channel counts more than its deviation."""
    factor = (base.get_buffer("deviation").cpu().numpy() / _channel_deviation(base, sequences)) ** 2
    weight = {name: float(value) for name, value in zip(base.config.channels, factor, strict=True)}
    return ObjectiveConfig(
        batch=config.batch, rows=config.rows, style_dropout=0.0, joint_dropout=0.0, masks=RandomMaskConfig(share=0.2),
        gap_weight=0.02, feature_noise=0.3, feature_dropout=0.1, pure_noise_share=0.4, channel_weight=weight,
        seed=config.seed,
    )  # fmt: skip


@torch.no_grad()
def _with_parameters(denoiser: Denoiser, parameters: list[nn.Parameter], values: list[Tensor]) -> Denoiser:
    """A copy in which the learning parameters have these values."""
    present = [parameter.detach().clone() for parameter in parameters]
    for parameter, value in zip(parameters, values, strict=True):
        parameter.copy_(value)
    changed = copy.deepcopy(denoiser)
    for parameter, value in zip(parameters, present, strict=True):
        parameter.copy_(value)
    return changed

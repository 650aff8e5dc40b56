"""Fine-tuning of a general denoiser to one speaker: style vector and output layer, all else frozen (3DiFACE)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..diffusion import schedule
from ..inference.style_gradient import StyleParameters
from ..learning.examples import Examples, ExampleSampler, ExampleUnits
from ..learning.mean_performance import mean_performance
from ..learning.objective import ObjectiveConfig
from ..learning.random_masks import RandomMaskConfig
from ..learning.sequence import TrainingSequence
from ..model.motion_denoiser import MotionDenoiser
from ..types import Float32Array
from .adam import Adam
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

    denoiser: MotionDenoiser
    error_before: float
    error_after: float
    steps: int


StyleGradient = Callable[[StyleParameters, dict[str, Float32Array]], StyleParameters]
"""The derivatives of a denoiser's loss in its style: `inference.style_gradient.OnnxStyleGradient`."""


def adapt_denoiser(
    base: MotionDenoiser,
    gradient: StyleGradient,
    sequences: list[TrainingSequence],
    config: AdaptConfig,
    report: Callable[[float], None] = lambda fraction: None,
) -> AdaptedDenoiser:
    """Fine-tune a copy of a denoiser to the style of one speaker, starting from the nearest trained style.

    The validation rows are the end of every sequence, so that several motions of one recording exclude the same audio
    from the training. The result is never worse than `base` on them.

    Args:
        base: The general denoiser.
        gradient: The gradient of its loss.
        sequences: The speaker's sequences, of at least two rows.
        config: The settings.
        report: Called with the fraction done; may raise to cancel.

    Returns:
        The best of the nearest trained style, the fine-tuned denoiser, and the latter with limited amplitude.
    """
    training, validation = _split(base, sequences, config.validation_share)
    report(0.0)
    nearest = _nearest_style(base, validation + training)
    fitting = _Fitting(nearest, gradient, training, validation, config)
    fitted, steps = fitting.run(report)
    candidates = [nearest, fitted]
    if config.limit_amplitude and config.output_rate > 0:
        candidates.append(limit_amplitude(fitted, training, lambda: report(1.0)))
    errors = [mean_error(candidate, validation, sample_take) for candidate in candidates]
    best = int(np.argmin(errors))
    return AdaptedDenoiser(candidates[best], errors[0], errors[best], steps)


Predictor = Callable[[MotionDenoiser, TrainingSequence], Float32Array]
"""Predicts the weights (T, C) of a sequence from its audio."""


def mean_error(
    denoiser: MotionDenoiser, sequences: list[TrainingSequence], predict: Predictor = mean_performance
) -> float:
    """Return the prediction_error of all sequences, weighted by their lengths."""
    rows = [len(one.values) for one in sequences]
    return float(np.average([prediction_error(denoiser, one, predict) for one in sequences], weights=rows))


def prediction_error(
    denoiser: MotionDenoiser, sequence: TrainingSequence, predict: Predictor = mean_performance
) -> float:
    """Return the mean squared error of the known channels and of the lip distance, in deviations."""
    predicted = predict(denoiser, sequence)
    target = sequence.values[: len(predicted)].astype(np.float32)
    deviation = _channel_deviation(denoiser, [sequence])
    channelwise = float(np.square((predicted - target) / deviation)[:, sequence.known].mean())
    names = denoiser.config.channels
    jaw, close = names.index("jawOpen"), names.index("mouthClose")
    gap = (predicted - target)[:, jaw] - (predicted - target)[:, close]
    return channelwise + float(np.square(gap / deviation[jaw]).mean())


class _Fitting:
    """A training of the style of one denoiser."""

    def __init__(
        self,
        start: MotionDenoiser,
        gradient: StyleGradient,
        training: list[TrainingSequence],
        validation: list[TrainingSequence],
        config: AdaptConfig,
    ) -> None:
        self._start, self._gradient, self._validation, self._config = start, gradient, validation, config
        self._objective = _training_config(config, start, training)
        self._examples = ExampleSampler(training, ExampleUnits.of_denoiser(start), self._objective)
        self._initial = StyleParameters(start.styles[0], start.output_weight, start.output_bias)

    def run(self, report: Callable[[float], None]) -> tuple[MotionDenoiser, int]:
        """Train; return the denoiser with the best running average of the parameters, and its step."""
        config, adam = self._config, self._optimiser()
        parameters = average = best = self._initial
        best_error = mean_error(self._start, self._validation)
        best_step, validations_since_best = 0, 0
        for step in range(1, config.steps + 1):
            inputs = self._inputs(self._examples.draw_examples(step - 1, range(config.batch)))
            parameters = adam.step(parameters, self._regularised(self._gradient(parameters, inputs), parameters))
            average = _interpolated(average, parameters, max(0.05, 1 / step))
            report(step / config.steps)
            if step % config.validate_every:
                continue
            error = mean_error(self._with_parameters(average), self._validation)
            validations_since_best += 1
            if error < best_error:
                best_error, best, best_step, validations_since_best = error, average, step, 0
            if validations_since_best >= config.patience:
                break
        return self._with_parameters(best), best_step

    def _optimiser(self) -> Adam:
        return Adam((self._config.vector_rate, self._config.output_rate, self._config.output_rate))

    def _inputs(self, examples: Examples) -> dict[str, Float32Array]:
        """Return the inputs of the gradient."""
        alpha, sigma = (share[:, None, None] for share in schedule.alpha_sigma(examples.t.astype(np.float64)))
        weights = [self._objective.channel_weight[name] for name in self._start.config.channels]
        inputs = {
            "features": examples.features, "x0": examples.x0, "weight": examples.weight, "mask": examples.mask,
            "t": examples.t, "xt": alpha * examples.x0 + sigma * examples.noise, "channel_weight": np.array(weights),
            "velocity_weight": np.array(self._objective.velocity_weight),
            "gap_weight": np.array(self._objective.gap_weight),
        }  # fmt: skip
        return {name: value.astype(np.float32) for name, value in inputs.items()}

    def _regularised(self, derivatives: StyleParameters, parameters: StyleParameters) -> StyleParameters:
        """Return the derivatives with those of the squared distance from the initial values."""
        strength = np.float32(2 * self._config.regularisation)
        arrays = zip(derivatives.arrays(), parameters.arrays(), self._initial.arrays(), strict=True)
        return StyleParameters(*(derivative + strength * (now - old) for derivative, now, old in arrays))

    def _with_parameters(self, parameters: StyleParameters) -> MotionDenoiser:
        styled = self._start.with_single_style(PERSONAL_STYLE, parameters.vector)
        weight, bias = parameters.weight - self._initial.weight, parameters.bias - self._initial.bias
        return styled.with_output_offsets(weight, bias)


def _interpolated(one: StyleParameters, other: StyleParameters, share: float) -> StyleParameters:
    """Return `one` moved by a share of the way to `other`."""
    pairs = zip(one.arrays(), other.arrays(), strict=True)
    return StyleParameters(*(old + np.float32(share) * (new - old) for old, new in pairs))


def _split(
    base: MotionDenoiser, sequences: list[TrainingSequence], validation_share: float
) -> tuple[list[TrainingSequence], list[TrainingSequence]]:
    """Return the training and the validation part of each sequence, with the channels that `base` knows."""
    known = base.scale.known > 0
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


def _nearest_style(base: MotionDenoiser, sequences: list[TrainingSequence]) -> MotionDenoiser:
    """Return the denoiser with one style: of the trained ones and no style, the one with the smallest error."""
    vectors = [np.zeros_like(base.styles[0]), *base.styles]
    candidates = [base.with_single_style(PERSONAL_STYLE, vector) for vector in vectors]
    return min(candidates, key=lambda one: mean_error(one, sequences))


def _channel_deviation(denoiser: MotionDenoiser, sequences: list[TrainingSequence]) -> Float32Array:
    """Return the larger of the general and the speaker's deviation of each channel (C,), so that none dominates."""
    values = np.concatenate([sequence.values for sequence in sequences]).astype(np.float32)
    return np.maximum(denoiser.scale.deviation, values.std(axis=0))


def _training_config(config: AdaptConfig, base: MotionDenoiser, sequences: list[TrainingSequence]) -> ObjectiveConfig:
    """Return the objective of the general model, but always with style and with channels weighted by deviation."""
    factor = (base.scale.deviation / _channel_deviation(base, sequences)) ** 2
    weight = {name: float(value) for name, value in zip(base.config.channels, factor, strict=True)}
    return ObjectiveConfig(
        batch=config.batch, rows=config.rows, style_dropout=0.0, joint_dropout=0.0, masks=RandomMaskConfig(share=0.2),
        gap_weight=0.02, feature_noise=0.3, feature_dropout=0.1, pure_noise_share=0.4, channel_weight=weight,
        seed=config.seed,
    )  # fmt: skip

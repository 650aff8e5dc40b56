"""Adam (Kingma and Ba 2015) for a style's parameters."""

from __future__ import annotations

import numpy as np

from ..inference.style_gradient import StyleParameters
from ..types import Float32Array

BETA1, BETA2, EPSILON = 0.9, 0.99, 1e-8


class Adam:
    """The optimiser, with one learning rate for each of vector, weight and bias; a rate of 0 leaves one unchanged."""

    def __init__(self, rates: tuple[float, float, float]) -> None:
        self._rates = rates
        self._steps = 0
        self._means: list[Float32Array] = []
        self._squares: list[Float32Array] = []

    def step(self, parameters: StyleParameters, derivatives: StyleParameters) -> StyleParameters:
        """Return the parameters after one step."""
        gradients = derivatives.arrays()
        if not self._steps:
            self._means = [np.zeros_like(gradient) for gradient in gradients]
            self._squares = [np.zeros_like(gradient) for gradient in gradients]
        self._steps += 1
        return StyleParameters(
            *(self._moved(number, value) for number, value in enumerate(self._update(parameters, gradients)))
        )

    def _update(
        self, parameters: StyleParameters, gradients: tuple[Float32Array, ...]
    ) -> tuple[Float32Array, Float32Array, Float32Array]:
        """Update the running averages; return the parameters."""
        for number, gradient in enumerate(gradients):
            self._means[number] = BETA1 * self._means[number] + (1 - BETA1) * gradient
            self._squares[number] = BETA2 * self._squares[number] + (1 - BETA2) * gradient**2
        return parameters.arrays()

    def _moved(self, number: int, value: Float32Array) -> Float32Array:
        mean = self._means[number] / (1 - BETA1**self._steps)
        deviation = np.sqrt(self._squares[number] / (1 - BETA2**self._steps))
        return (value - self._rates[number] * mean / (deviation + EPSILON)).astype(np.float32)

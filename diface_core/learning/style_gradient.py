"""The gradient of the training loss in a denoiser's style and output layer, by torch.

Style adaptation runs the same on ONNX Runtime: `asset_build.onnx_graphs.style_gradient_graph` exports this function.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call

from ..inference.style_gradient import TRAINED, StyleParameters
from ..networks.denoiser import Denoiser
from ..types import Float32Array
from .batches import Batch
from .losses import TrainingLoss
from .objective import ObjectiveConfig

EXAMPLES = ("features", "x0", "weight", "mask", "t", "xt", "channel_weight", "velocity_weight", "gap_weight")
"""Inputs besides the weights: `Batch` without dropped conditions, its x0 with noise added, and weights of the loss."""


class _WeightedLoss(TrainingLoss):
    """The loss with the weights of its terms as tensors."""

    def forward(self, batch: Batch, velocity_weight: Tensor, gap_weight: Tensor) -> Tensor:  # type: ignore[override]
        """Return the loss. The noise of `batch` is xt."""
        terms = self.terms(self.denoise(batch, batch.noise), batch)
        position, velocity, gap = (terms[name].mean() for name in ("position", "velocity", "gap"))
        return position + velocity_weight * velocity + gap_weight * gap


def gradient_function(denoiser: Denoiser, names: list[str]) -> Callable[..., tuple[Tensor, ...]]:
    """Return a function of tensors: the loss, and its derivatives in TRAINED.

    Args:
        denoiser: Gives the architecture.
        names: Names of the function's arguments: EXAMPLES and all weights of `denoiser`.
    """
    loss = _WeightedLoss(denoiser, ObjectiveConfig(gap_weight=1.0))

    def gradient(*tensors: Tensor) -> tuple[Tensor, ...]:
        values = dict(zip(names, tensors, strict=True))
        trained = [values[name].detach().requires_grad_(True) for name in TRAINED]
        state = {name: value for name, value in values.items() if name not in EXAMPLES}
        state |= dict(zip(TRAINED, trained, strict=True))
        parameters = {f"denoiser.{name}": value for name, value in state.items()}
        count = len(values["t"])
        examples = Batch(
            values["x0"], values["features"], values["weight"], values["mask"] > 0.5,
            torch.zeros(count, dtype=torch.long), torch.ones(count, dtype=torch.bool), values["t"], values["xt"],
        )  # fmt: skip
        weights = values["velocity_weight"], values["gap_weight"]
        result = functional_call(loss, {**parameters, "factor": values["channel_weight"]}, (examples, *weights))
        return (result, *torch.autograd.grad(result, trained))

    return gradient


class TorchStyleGradient:
    """The gradient of the loss for one denoiser: `inference.style_gradient.OnnxStyleGradient` by torch."""

    def __init__(self, denoiser: Denoiser) -> None:
        self._device = denoiser.device
        state = {name: value.detach() for name, value in denoiser.state_dict().items()}
        self._frozen = {name: value for name, value in state.items() if name not in TRAINED}
        self._names = [*TRAINED, *EXAMPLES, *self._frozen]
        self._gradient = gradient_function(denoiser, self._names)

    def __call__(self, parameters: StyleParameters, inputs: dict[str, Float32Array]) -> StyleParameters:
        """Return the derivatives of the loss, as `OnnxStyleGradient`."""
        vector, weight, bias = parameters.arrays()
        arrays = {**dict(zip(TRAINED, (vector[None], weight, bias), strict=True)), **inputs}
        tensors = {name: torch.from_numpy(np.asarray(array)).to(self._device) for name, array in arrays.items()}
        values = {**tensors, **self._frozen}
        _loss, *found = self._gradient(*(values[name] for name in self._names))
        vector, weight, bias = (derivative.cpu().numpy() for derivative in found)
        return StyleParameters(vector[0], weight, bias)

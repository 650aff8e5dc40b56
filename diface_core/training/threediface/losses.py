"""The loss of a batch: x0, its velocity and acceleration, the lips, and the masked frames."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ...learning import distributed
from ...learning.loss_terms import LossTerm, position_error, velocity_error, weighted_term
from ...threediface.networks import FaceNetwork, Network
from ...types import Float32Array
from .batches import Batch
from .settings import LossConfig

FACE_UNIT = 1000.0
"""Errors of faces are in millimetres: squared metres are so small that their gradients vanish in Adam's epsilon."""


class TrainingLoss(nn.Module):
    """The loss of a batch, as a module so that DistributedDataParallel can wrap it.

    Args:
        network: The network.
        config: Weights of the terms.
        weight: Factors (C,) on the squared errors of single values.
        lips: (C,) 1 for values of the lips, else 0.
    """

    def __init__(self, network: Network, config: LossConfig, weight: Float32Array, lips: Float32Array) -> None:
        super().__init__()
        self.network = network
        self.unit = FACE_UNIT if network.config.part == "face" else 1.0
        self.term_weights = {
            "position": 1.0, "velocity": config.velocity, "acceleration": config.acceleration, "masked": config.masked,
            "lips": config.lips,
        }  # fmt: skip
        self.register_buffer("weight", torch.from_numpy(weight), persistent=False)
        self.register_buffer("lips", torch.from_numpy(lips), persistent=False)

    def forward(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss over the examples of all processes, to be averaged over the processes, and its terms."""
        means = distributed.term_means(self.terms(self.predict(batch).float(), batch))
        loss = torch.stack([self.term_weights[name] * value for name, value in means.items()]).sum()
        return loss, {name: value.detach() for name, value in means.items()}

    def measure(self, batch: Batch) -> dict[str, float]:
        """Return the loss of this process's examples as `loss`, and the contribution of each term."""
        terms = self.terms(self.predict(batch).float(), batch)
        parts = {name: self.term_weights[name] * float(term.mean()) for name, term in terms.items()}
        return {"loss": sum(parts.values()), **parts}

    def predict(self, batch: Batch) -> Tensor:
        """Return the predicted x0 (B, T, C) in the network's units."""
        speech = self._speech(batch) * batch.has_audio[:, None, None]
        x = batch.xt
        if self.network.config.has_mask_channel:
            x = torch.cat([x, batch.known[..., None].to(x.dtype)], -1)
        style = batch.style if self.network.config.styles else None
        return self.network(x, batch.step, speech, style)

    def _speech(self, batch: Batch) -> Tensor:
        """Return the speech features (B, T, ch)."""
        if not isinstance(self.network, FaceNetwork):
            return batch.speech
        frames = batch.x0.shape[1]
        if not batch.sounds:
            return self.network.audio_feature_map(batch.speech)
        return torch.stack(
            [self.network.encode_audio(samples, rows)[first : first + frames] for samples, rows, first in batch.sounds]
        )

    def terms(self, x0: Tensor, batch: Batch) -> dict[str, LossTerm]:
        """Return every term that has a weight, as total and weight of its mean."""
        predicted, target = x0 * self.unit, batch.x0 * self.unit
        weight = self.get_buffer("weight").expand(1, x0.shape[1], -1)
        terms = {"position": position_error(predicted, target, weight)}
        if self.term_weights["velocity"]:
            terms["velocity"] = velocity_error(predicted, target, weight)
        if self.term_weights["acceleration"]:
            terms["acceleration"] = velocity_error(predicted.diff(dim=1), target.diff(dim=1), weight[:, 1:])
        if self.term_weights["masked"]:
            terms["masked"] = position_error(predicted, target, (~batch.known)[..., None].float())
        if self.term_weights["lips"]:
            terms["lips"] = weighted_term((predicted - target) ** 2, self.get_buffer("lips"))
        return terms

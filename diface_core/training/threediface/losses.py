"""The loss of a batch: x0 itself, its velocity and acceleration, the lips, and the frames that were not given."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ...diffusion.loss import LossTerm, position_error, velocity_error, weighted_term
from ...learning import distributed
from ...threediface.networks import FaceNetwork, Network
from ...types import Float32Array
from .batches import Batch
from .settings import LossConfig

FACE_UNIT = 1000.0
"""A face's errors count in millimetres: squared metres are so small that Adam takes its gradients for none."""


class TrainingLoss(nn.Module):
    """Batch -> the loss: a module, so that DistributedDataParallel can stand around it.

    weight: (C,) factors on the squared errors of single values; lips: (C,) 1 where a value is of the lips.
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
        """The loss of all processes' examples together, of which the mean over processes is to be taken; its terms."""
        means = distributed.term_means(self.terms(self.predict(batch).float(), batch))
        loss = torch.stack([self.term_weights[name] * value for name, value in means.items()]).sum()
        return loss, {name: value.detach() for name, value in means.items()}

    def measure(self, batch: Batch) -> dict[str, float]:
        """What each term adds to the loss of this process's examples alone, and the `loss` itself."""
        terms = self.terms(self.predict(batch).float(), batch)
        parts = {name: self.term_weights[name] * float(term.mean()) for name, term in terms.items()}
        return {"loss": sum(parts.values()), **parts}

    def predict(self, batch: Batch) -> Tensor:
        """x0 (B, T, C) as the network sees it."""
        speech = self._speech(batch) * batch.has_audio[:, None, None]
        x = batch.xt
        if self.network.config.has_mask_channel:
            x = torch.cat([x, batch.known[..., None].to(x.dtype)], -1)
        style = batch.style if self.network.config.styles else None
        return self.network(x, batch.step, speech, style)

    def _speech(self, batch: Batch) -> Tensor:
        """What is heard (B, T, ch)."""
        if not isinstance(self.network, FaceNetwork):
            return batch.speech
        frames = batch.x0.shape[1]
        if not batch.sounds:
            return self.network.audio_feature_map(batch.speech)
        return torch.stack(
            [self.network.encode_audio(samples, rows)[first : first + frames] for samples, rows, first in batch.sounds]
        )

    def terms(self, x0: Tensor, batch: Batch) -> dict[str, LossTerm]:
        """Every term that counts, each a mean in two halves."""
        ours, theirs = x0 * self.unit, batch.x0 * self.unit
        weight = self.get_buffer("weight").expand(1, x0.shape[1], -1)
        terms = {"position": position_error(ours, theirs, weight)}
        if self.term_weights["velocity"]:
            terms["velocity"] = velocity_error(ours, theirs, weight)
        if self.term_weights["acceleration"]:
            terms["acceleration"] = velocity_error(ours.diff(dim=1), theirs.diff(dim=1), weight[:, 1:])
        if self.term_weights["masked"]:
            terms["masked"] = position_error(ours, theirs, (~batch.known)[..., None].float())
        if self.term_weights["lips"]:
            terms["lips"] = weighted_term((ours - theirs) ** 2, self.get_buffer("lips"))
        return terms

"""The loss of a batch: position and velocity, how far the lips are apart, and whether they close where they should."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..diffusion import schedule
from ..diffusion.known_region import KnownRegion
from ..diffusion.loss import LossTerm, position_error, velocity_error, weighted_term
from ..learning.objective import ObjectiveConfig
from ..model.denoiser import Denoiser
from . import distributed
from .batches import Batch

GAP_UNIT = 0.05
"""jawOpen - mouthClose that counts as one: a twentieth of a wide open jaw."""
SEALED_GAP = 0.01
"""Labels whose gap is no larger are lips that touch."""


class TrainingLoss(nn.Module):
    """Batch -> the loss: a module, so that DistributedDataParallel can stand around it.

    velocity_weight: on the change from row to row. channel_weight: on the squared error of single channels.
    gap_weight: on the squared error of the lips' distance. closure_weight: on the squared distance where labels are
    sealed (m, b, p), which few rows are and every eye sees.
    """

    def __init__(self, denoiser: Denoiser, config: ObjectiveConfig) -> None:
        super().__init__()
        self.denoiser = denoiser
        names = denoiser.config.channels
        self.term_weights = {"position": 1.0, "velocity": config.velocity_weight}
        if "mouthClose" in names:
            self.term_weights |= {"gap": config.gap_weight, "closure": config.closure_weight}
        factor = [config.channel_weight.get(name, 1.0) for name in names]
        self.register_buffer("factor", torch.tensor(factor, device=denoiser.device), persistent=False)

    def forward(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of all processes' examples together, of which the mean over processes is to be taken; its terms."""
        means = distributed.term_means(self.terms(self.predict(batch), batch))
        loss = torch.stack([self.term_weights[name] * value for name, value in means.items()]).sum()
        return loss, {name: value.detach() for name, value in means.items()}

    def predict(self, batch: Batch) -> Tensor:
        """x0 (B, T, C) as the denoiser sees it, the artist's values in their places."""
        speech = self.denoiser.speech(batch.features).float()
        speech = torch.where(batch.has_audio[:, None, None], speech, self.denoiser.speech.unheard)
        kept = KnownRegion(batch.x0, batch.mask)
        xt = schedule.add_noise(batch.x0, batch.noise, batch.t)
        style = self.denoiser.style_vector(batch.style)
        return kept.impose(self.denoiser(xt, batch.t, speech, style, kept).float())

    def terms(self, x0: Tensor, batch: Batch) -> dict[str, LossTerm]:
        """Every term that counts, each a mean in two halves."""
        weight = batch.weight * self.get_buffer("factor")
        terms = {
            "position": position_error(x0, batch.x0, weight),
            "velocity": velocity_error(x0, batch.x0, weight),
        }
        if self.term_weights.get("gap") or self.term_weights.get("closure"):
            ours, theirs, seen = self._gap(x0), self._gap(batch.x0), self._lips_known(batch.weight)
            sealed = (theirs <= SEALED_GAP / GAP_UNIT).to(seen.dtype)
            terms["gap"] = weighted_term((ours - theirs) ** 2, seen)
            terms["closure"] = weighted_term(ours.clamp(min=0.0) ** 2, seen * sealed)
        return terms

    def _gap(self, values: Tensor) -> Tensor:
        weights = self.denoiser.denormalise(values)
        return (weights[..., self._column("jawOpen")] - weights[..., self._column("mouthClose")]) / GAP_UNIT

    def _lips_known(self, weight: Tensor) -> Tensor:
        return weight[..., self._column("jawOpen")] * weight[..., self._column("mouthClose")]

    def _column(self, name: str) -> int:
        return self.denoiser.config.channels.index(name)

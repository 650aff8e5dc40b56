"""The loss of a batch: position, velocity, lip distance, lips that meet where labels are sealed and only there."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..faces.lip_geometry import SHUT_GAP_MM
from ..learning.loss_terms import LossTerm, position_error, velocity_error, weighted_term
from ..learning.objective import ObjectiveConfig
from ..networks.denoiser import Denoiser
from . import distributed
from .batches import Batch
from .lip_distance import LipDistance
from .noising import add_noise

GAP_UNIT = 0.05
"""Unit of the lip distance jawOpen - mouthClose: a twentieth of a wide open jaw."""
SEALED_GAP = 0.01
"""Largest lip distance of labels with touching lips."""
SHUT_MM, APART_MM = 0.2, 1.0
"""Lips closer than this are shut; lips that do not touch are to stay this far apart, if the recording's are."""
PARTED_MM, PARTED_ROWS = 2.0, 6
"""Lips that were this far apart within so many rows, which tells an m, b or p from a mouth at rest."""


class TrainingLoss(nn.Module):
    """The loss of a batch, as a module so that DistributedDataParallel can wrap it.

    The weights are those of ObjectiveConfig. The closure terms exist because sealed lips (m, b, p) are rare in the data
    but obvious to viewers, and lips that touch on other sounds are as obvious.
    """

    def __init__(self, denoiser: Denoiser, config: ObjectiveConfig) -> None:
        super().__init__()
        self.denoiser = denoiser
        names = denoiser.config.channels
        self.term_weights = {"position": 1.0, "velocity": config.velocity_weight}
        if "mouthClose" in names:
            self.term_weights |= {
                "gap": config.gap_weight,
                "closure": config.closure_weight,
                "contact": config.contact_weight,
                "false_contact": config.false_contact_weight,
            }
        self._is_of_contacts = bool(self.term_weights.get("contact") or self.term_weights.get("false_contact"))
        if self._is_of_contacts:
            self.lip_distance = LipDistance(names).to(denoiser.device)
        factor = [config.channel_weight.get(name, 1.0) for name in names]
        self.register_buffer("factor", torch.tensor(factor, device=denoiser.device), persistent=False)

    def forward(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss over the examples of all processes, to be averaged over the processes, and its terms."""
        means = distributed.term_means(self.terms(self.predict(batch), batch))
        loss = torch.stack([self.term_weights[name] * value for name, value in means.items()]).sum()
        return loss, {name: value.detach() for name, value in means.items()}

    def predict(self, batch: Batch) -> Tensor:
        """Return the predicted x0 (B, T, C) in the denoiser's units, with the known values imposed."""
        return self.denoise(batch, add_noise(batch.x0, batch.noise, batch.t))

    def denoise(self, batch: Batch, xt: Tensor) -> Tensor:
        """Return the x0 (B, T, C) that is predicted from `xt` (B, T, C), with the known values imposed on both."""
        speech = self.denoiser.speech(batch.features).float()
        speech = torch.where(batch.has_audio[:, None, None], speech, self.denoiser.speech.unheard)
        xt = torch.where(batch.mask, batch.x0, xt)
        style = self.denoiser.style_vector(batch.style)
        x0 = self.denoiser(xt, batch.t, speech, style, batch.mask.to(xt.dtype))
        return torch.where(batch.mask, batch.x0, x0.float())

    def terms(self, x0: Tensor, batch: Batch) -> dict[str, LossTerm]:
        """Return every term that has a weight, as total and weight of its mean."""
        weight = batch.weight * self.get_buffer("factor")
        terms = {
            "position": position_error(x0, batch.x0, weight),
            "velocity": velocity_error(x0, batch.x0, weight),
        }
        if self.term_weights.get("gap") or self.term_weights.get("closure"):
            predicted, target, known = self._gap(x0), self._gap(batch.x0), self._lips_known(batch.weight)
            sealed = (target <= SEALED_GAP / GAP_UNIT).to(known.dtype)
            terms["gap"] = weighted_term((predicted - target) ** 2, known)
            terms["closure"] = weighted_term(predicted.clamp(min=0.0) ** 2, known * sealed)
        if self._is_of_contacts:
            terms |= self._contact_terms(x0, batch)
        return terms

    def _contact_terms(self, x0: Tensor, batch: Batch) -> dict[str, LossTerm]:
        """Return how far lips are apart in an m, b or p, and how much too close elsewhere, as squares in mm."""
        predicted, target = (self.lip_distance(self.denoiser.denormalise(values)) for values in (x0, batch.x0))
        known = self._lips_known(batch.weight)
        parted = functional.max_pool1d(target, 2 * PARTED_ROWS + 1, 1, PARTED_ROWS) > PARTED_MM
        closing = known * parted * (self._gap(batch.x0) <= SEALED_GAP / GAP_UNIT)
        apart = known * (target > SHUT_GAP_MM)
        return {
            "contact": weighted_term((predicted - SHUT_MM).clamp(min=0.0) ** 2, closing),
            "false_contact": weighted_term((target.clamp(max=APART_MM) - predicted).clamp(min=0.0) ** 2, apart),
        }

    def _gap(self, values: Tensor) -> Tensor:
        weights = self.denoiser.denormalise(values)
        return (weights[..., self._column("jawOpen")] - weights[..., self._column("mouthClose")]) / GAP_UNIT

    def _lips_known(self, weight: Tensor) -> Tensor:
        return weight[..., self._column("jawOpen")] * weight[..., self._column("mouthClose")]

    def _column(self, name: str) -> int:
        return self.denoiser.config.channels.index(name)

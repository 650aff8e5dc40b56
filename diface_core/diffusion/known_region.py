"""Kept values: the artist's keys, imposed on every predicted x0 (3DiFACE, section 3.3), which is bent towards pins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ..motion.warp import warp_motion
from ..types import Constraints, Float32Array, Pins

Guard = Callable[[Float32Array, Float32Array, Constraints], Float32Array]
"""(x0 as predicted, x0 bent, what was wanted), in the denoiser's units -> x0 (T, C): what a bend must not undo."""


@dataclass(frozen=True)
class KnownRegion:
    """Where `keep` (B, T, C) bool is True, x0 takes `values` (B, T, C), both in the denoiser's units.

    wanted: the same for a batch of one, with pins, towards which x0 is bent; None leaves x0 as it is beside `keep`.
    """

    values: Tensor
    mask: Tensor
    constraints: Constraints | None = None
    guard: Guard | None = None

    def impose(self, x0: Tensor) -> Tensor:
        """`x0` with the kept values in their places, exactly, and through the pins."""
        if self.constraints is not None:
            predicted = x0[0].float().cpu().numpy()
            bent = warp_motion(predicted, self.constraints)
            if self.guard is not None:
                bent = self.guard(predicted, bent, self.constraints)
            x0 = torch.from_numpy(bent)[None].to(x0)
        return self.impose_values(x0)

    def impose_values(self, x0: Tensor) -> Tensor:
        """`x0` with the kept values in their places."""
        return torch.where(self.mask, self.values, x0)

    def denoiser_input(self, xt: Tensor) -> tuple[Tensor, Tensor]:
        """What the denoiser hears of it: `xt` with the kept values, and flags where they are, both (B, T, C). A pin
        between rows stands on the nearest one."""
        xt, flags = self.impose_values(xt), self.mask.to(xt.dtype)
        if self.constraints is not None and len(pins := self.constraints.pins):
            row = np.rint(pins.row).astype(int)
            inside = (row >= 0) & (row < xt.shape[1])
            row, channel = torch.from_numpy(row[inside]), torch.from_numpy(pins.channel[inside].astype(np.int64))
            xt, flags = xt.clone(), flags.clone()
            xt[0, row, channel] = torch.from_numpy(pins.value[inside]).to(xt)
            flags[0, row, channel] = 1.0
        return xt, flags

    def __getitem__(self, rows: slice) -> KnownRegion:
        """The same for some of the rows."""
        wanted = None if self.constraints is None else self.constraints.section(*rows.indices(self.mask.shape[1])[:2])
        return replace(self, values=self.values[:, rows], mask=self.mask[:, rows], constraints=wanted)

    @staticmethod
    def concatenated(parts: list[KnownRegion]) -> KnownRegion:
        """The parts one after the other."""
        values = torch.cat([part.values for part in parts], dim=1)
        keep = torch.cat([part.mask for part in parts], dim=1)
        wanted = [part.constraints for part in parts if part.constraints is not None]
        return replace(
            parts[0], values=values, mask=keep, constraints=_concatenated_constraints(wanted) if wanted else None
        )


def unconstrained(like: Tensor) -> KnownRegion:
    """No constraint, in the shape of `like` (B, T, C)."""
    return KnownRegion(torch.zeros_like(like), torch.zeros_like(like, dtype=torch.bool))


def _concatenated_constraints(parts: list[Constraints]) -> Constraints:
    begins = np.cumsum([0, *(len(part.known_mask) for part in parts)])
    pins = Pins(
        np.concatenate([part.pins.row + begin for part, begin in zip(parts, begins, strict=False)]),
        np.concatenate([part.pins.channel for part in parts]),
        np.concatenate([part.pins.value for part in parts]),
    )
    values = np.concatenate([part.values for part in parts])
    return replace(parts[0], values=values, known_mask=np.concatenate([part.known_mask for part in parts]), pins=pins)

"""Kept values: the artist's keys, imposed on every predicted x0 (3DiFACE, section 3.3), which is bent towards pins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ..motion.warp import bend
from ..types import Constraints, FloatArray, Pins

Guard = Callable[[FloatArray, FloatArray, Constraints], FloatArray]
"""(x0 as predicted, x0 bent, what was wanted), in the denoiser's units -> x0 (T, C): what a bend must not undo."""


@dataclass(frozen=True)
class Kept:
    """Where `keep` (B, T, C) bool is True, x0 takes `values` (B, T, C), both in the denoiser's units.

    wanted: the same for a batch of one, with pins, towards which x0 is bent; None leaves x0 as it is beside `keep`.
    """

    values: Tensor
    keep: Tensor
    wanted: Constraints | None = None
    guard: Guard | None = None

    def impose(self, x0: Tensor) -> Tensor:
        """`x0` with the kept values in their places, exactly, and through the pins."""
        if self.wanted is not None:
            predicted = x0[0].float().cpu().numpy()
            bent = bend(predicted, self.wanted)
            if self.guard is not None:
                bent = self.guard(predicted, bent, self.wanted)
            x0 = torch.from_numpy(bent)[None].to(x0)
        return self.exactly(x0)

    def exactly(self, x0: Tensor) -> Tensor:
        """`x0` with the kept values in their places."""
        return torch.where(self.keep, self.values, x0)

    def told(self, xt: Tensor) -> tuple[Tensor, Tensor]:
        """What the denoiser hears of it: `xt` with the kept values, and flags where they are, both (B, T, C). A pin
        between rows stands on the nearest one."""
        xt, flags = self.exactly(xt), self.keep.to(xt.dtype)
        if self.wanted is not None and len(pins := self.wanted.pins):
            row = np.rint(pins.at).astype(int)
            inside = (row >= 0) & (row < xt.shape[1])
            row, channel = torch.from_numpy(row[inside]), torch.from_numpy(pins.channel[inside].astype(np.int64))
            xt, flags = xt.clone(), flags.clone()
            xt[0, row, channel] = torch.from_numpy(pins.value[inside]).to(xt)
            flags[0, row, channel] = 1.0
        return xt, flags

    def __getitem__(self, rows: slice) -> Kept:
        """The same for some of the rows."""
        wanted = None if self.wanted is None else self.wanted.section(*rows.indices(self.keep.shape[1])[:2])
        return replace(self, values=self.values[:, rows], keep=self.keep[:, rows], wanted=wanted)

    @staticmethod
    def joined(parts: list[Kept]) -> Kept:
        """The parts one after the other."""
        values = torch.cat([part.values for part in parts], dim=1)
        keep = torch.cat([part.keep for part in parts], dim=1)
        wanted = [part.wanted for part in parts if part.wanted is not None]
        return replace(parts[0], values=values, keep=keep, wanted=_joined(wanted) if wanted else None)


def nothing_kept(like: Tensor) -> Kept:
    """No constraint, in the shape of `like` (B, T, C)."""
    return Kept(torch.zeros_like(like), torch.zeros_like(like, dtype=torch.bool))


def _joined(parts: list[Constraints]) -> Constraints:
    begins = np.cumsum([0, *(len(part.keep) for part in parts)])
    pins = Pins(
        np.concatenate([part.pins.at + begin for part, begin in zip(parts, begins, strict=False)]),
        np.concatenate([part.pins.channel for part in parts]),
        np.concatenate([part.pins.value for part in parts]),
    )
    values = np.concatenate([part.values for part in parts])
    return replace(parts[0], values=values, keep=np.concatenate([part.keep for part in parts]), pins=pins)

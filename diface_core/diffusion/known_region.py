"""The known region of a sample (inpainting): values imposed on every predicted x0 (3DiFACE, section 3.3), and pins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..motion.warp import warp_motion
from ..types import BoolArray, Constraints, Float32Array, Pins

Guard = Callable[[Float32Array, Float32Array, Constraints], Float32Array]
"""(predicted x0, warped x0, constraints), in the denoiser's units -> x0 (T, C): restores what a warp must not undo."""


@dataclass(frozen=True)
class KnownRegion:
    """The known region of a sample, in the denoiser's units.

    Attributes:
        values: (B, T, C).
        mask: (B, T, C); x0 takes `values` where it is True.
        constraints: The same for a batch of one, with pins, to which x0 is warped; None: x0 is not warped.
        guard: Corrects a warped x0, or None.
    """

    values: Float32Array
    mask: BoolArray
    constraints: Constraints | None = None
    guard: Guard | None = None

    def impose(self, x0: Float32Array) -> Float32Array:
        """Return `x0` with the known values in place, exactly, and warped through the pins."""
        if self.constraints is not None:
            predicted = x0[0]
            warped = warp_motion(predicted, self.constraints)
            if self.guard is not None:
                warped = self.guard(predicted, warped, self.constraints)
            x0 = warped[None]
        return self.impose_values(x0)

    def impose_values(self, x0: Float32Array) -> Float32Array:
        """Return `x0` with the known values in place."""
        return np.where(self.mask, self.values, x0)

    def denoiser_input(self, xt: Float32Array) -> tuple[Float32Array, Float32Array]:
        """Return `xt` with the known values, and flags of where they are, both (B, T, C): inputs of the denoiser.

        A pin between rows counts at the nearest row.
        """
        xt, flags = self.impose_values(xt), self.mask.astype(np.float32)
        if self.constraints is not None and len(pins := self.constraints.pins):
            row = np.rint(pins.row).astype(int)
            inside = (row >= 0) & (row < xt.shape[1])
            xt[0, row[inside], pins.channel[inside]] = pins.value[inside]
            flags[0, row[inside], pins.channel[inside]] = 1.0
        return xt, flags

    def __getitem__(self, rows: slice) -> KnownRegion:
        """Return the region of some rows."""
        first, last, _ = rows.indices(self.mask.shape[1])
        constraints = None if self.constraints is None else self.constraints.section(first, last)
        return replace(self, values=self.values[:, rows], mask=self.mask[:, rows], constraints=constraints)

    @staticmethod
    def concatenated(parts: list[KnownRegion]) -> KnownRegion:
        """Return the concatenation of regions in time."""
        values = np.concatenate([part.values for part in parts], axis=1)
        mask = np.concatenate([part.mask for part in parts], axis=1)
        constraints = [part.constraints for part in parts if part.constraints is not None]
        joined = _concatenated_constraints(constraints) if constraints else None
        return replace(parts[0], values=values, mask=mask, constraints=joined)


def unconstrained(like: Float32Array) -> KnownRegion:
    """Return an empty known region in the shape of `like` (B, T, C)."""
    return KnownRegion(np.zeros(like.shape, np.float32), np.zeros(like.shape, bool))


def _concatenated_constraints(parts: list[Constraints]) -> Constraints:
    begins = np.cumsum([0, *(len(part.known_mask) for part in parts)])
    pins = Pins(
        np.concatenate([part.pins.row + begin for part, begin in zip(parts, begins, strict=False)]),
        np.concatenate([part.pins.channel for part in parts]),
        np.concatenate([part.pins.value for part in parts]),
    )
    values = np.concatenate([part.values for part in parts])
    return replace(parts[0], values=values, known_mask=np.concatenate([part.known_mask for part in parts]), pins=pins)

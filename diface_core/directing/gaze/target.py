"""A target with the controls of the gaze at it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...types import AnyArray, Float32Array, FrameRate, Pins
from .controls import GazeControls
from .geometry import GazeGeometry
from .look_at import look_at


@dataclass(frozen=True)
class GazeTarget:
    """What a character looks at: where it is, and how often, how long and how strongly."""

    controls: GazeControls
    geometry: GazeGeometry

    @property
    def is_neutral(self) -> bool:
        """Whether nobody looks at it."""
        return self.controls.is_neutral

    def apply(self, values: Float32Array, names: tuple[str, ...], rate: FrameRate, pins: Pins) -> Float32Array:
        """Return a motion (T, C) that looks at the target; the arguments are those of `look_at`."""
        return look_at(values, names, rate, self.controls, self.geometry, pins)

    def arrays(self) -> Iterator[AnyArray]:
        """Yield everything that the motion depends on."""
        geometry = self.geometry
        yield from (self.controls.values, np.array([self.controls.seed]))
        yield from (geometry.points, geometry.shares, geometry.eyes, geometry.joints, geometry.joint_shares)
        yield geometry.cuts
        for response in geometry.responses:
            yield np.array([*response.degrees, len(response.kind)])

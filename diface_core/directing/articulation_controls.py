"""The values of the articulation controls over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import channels, types

PART_CHANNELS: dict[str, tuple[str, ...]] = {
    "jaw": channels.REGIONS["jaw"],
    "lips": tuple(
        name for name in channels.REGIONS["lips"] if name not in ("mouthClose", "mouthFunnel", "mouthPucker")
    ),
    "rounding": ("mouthFunnel", "mouthPucker"),
    "upper_face": tuple(
        name
        for name in (*channels.REGIONS["brows"], *channels.REGIONS["eyes"], *channels.REGIONS["cheeks"])
        if name not in channels.LAYER_CHANNELS and name != "cheekPuff"
    ),
    "tongue": channels.REGIONS["tongue"],
    "head": channels.HEAD,
}
"""Control -> the channels that it multiplies. mouthClose follows the jaw, which it shuts the lips against."""
TIMING = ("lead", "smoothing")
"""Controls of time: milliseconds by which the face comes earlier (later if negative), and the standard deviation in
milliseconds of a Gaussian filter of face and head."""
CONTROLS = (*PART_CHANNELS, *TIMING)
NEUTRAL: dict[str, float] = {**dict.fromkeys(PART_CHANNELS, 1.0), **dict.fromkeys(TIMING, 0.0)}
"""Control -> the value at which it changes nothing. A gain of a single channel is neutral at 1."""
GAIN_CHANNELS = (*channels.SHAPES, *channels.HEAD)
"""Channels that can have a gain besides that of their part."""
MAX_GAIN, MAX_LEAD, MAX_SMOOTHING = 2.0, 500.0, 250.0
"""Limits of gains, and of the controls of time in milliseconds."""


@dataclass(frozen=True)
class ArticulationControls:
    """Articulation controls: a name each of CONTROLS, or of a channel for its gain.

    Attributes:
        names: K names, each once. Controls that are not named are neutral.
        values: (T, K), one row for each row of the motion, or (1, K) for constant values.
    """

    names: tuple[str, ...]
    values: types.Float64Array

    def __post_init__(self) -> None:
        unknown = set(self.names) - set(CONTROLS) - set(GAIN_CHANNELS)
        if unknown or len(set(self.names)) != len(self.names):
            raise ValueError(f"names must be different, and of CONTROLS or channels. Got {self.names}.")
        if self.values.ndim != 2 or self.values.shape[1] != len(self.names) or not len(self.values):
            raise ValueError(f"values must be (T, {len(self.names)}), with T at least 1. Got {self.values.shape}.")
        if not np.isfinite(self.values).all():
            raise ValueError("values must be finite.")

    @classmethod
    def constant(cls, **values: float) -> ArticulationControls:
        """Return controls that are the same on every row."""
        return cls(tuple(values), np.array([list(values.values())], np.float64).reshape(1, -1))

    @property
    def is_neutral(self) -> bool:
        """Whether nothing changes on any row."""
        neutral = np.array([NEUTRAL.get(name, 1.0) for name in self.names])
        return bool(np.all(self.values == neutral))

    def column(self, name: str) -> types.AnyFloatArray:
        """Return a control (T,) or (1,) within its limits; the neutral value if it is not named."""
        if name not in self.names:
            return np.array([NEUTRAL.get(name, 1.0)])
        values = self.values[:, self.names.index(name)]
        if name == "lead":
            return np.clip(values, -MAX_LEAD, MAX_LEAD)
        return np.clip(values, 0.0, MAX_SMOOTHING if name == "smoothing" else MAX_GAIN)

    def gain(self, channel: str) -> types.AnyFloatArray:
        """Return the factor (T,) or (1,) of a channel: that of its part, times its own."""
        part = next((part for part, names in PART_CHANNELS.items() if channel in names), None)
        own = self.column(channel)
        return own if part is None else own * self.column(part)

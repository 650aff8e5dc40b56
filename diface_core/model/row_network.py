"""A small network of convolutions over rows of speech features, in numpy: what detectors share."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from ..errors import ModelError
from ..types import AnyFloatArray, Float32Array

WEIGHTS = Path(__file__).parents[1] / "weights"
LAYERS = (("near", 1), ("wide", 2))
"""The layers of three rows between the first and the last, with the distance between these rows."""
NAMES = ("first", *(name for name, _distance in LAYERS), "last")
CONTEXT = sum(distance for _name, distance in LAYERS) + 1
"""Rows on either side that a row of the output depends on."""


@dataclass(frozen=True)
class RowNetwork:
    """A network from features (T, D) to probabilities (T, K).

    Attributes:
        mean: (D,) of the features in the training data.
        deviation: (D,) theirs.
        weights: By layer name: "first" (1, D, H), "near" and "wide" (3, H, H), "last" (3, H, K); taps, in, out.
        biases: By layer name.
    """

    FILE: ClassVar[str]
    """Name of the shipped file in WEIGHTS."""
    OUTPUTS: ClassVar[int]
    """K."""

    mean: Float32Array
    deviation: Float32Array
    weights: dict[str, Float32Array]
    biases: dict[str, Float32Array]

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read the file, by default the shipped one. Raises ModelError if it is missing, damaged or another's."""
        path = path or WEIGHTS / cls.FILE
        try:
            arrays = {name: array.astype(np.float32) for name, array in load_file(path).items()}
            weights, biases = ({name: arrays[f"{name}.{kind}"] for name in NAMES} for kind in ("weight", "bias"))
            network = cls(arrays["mean"], arrays["deviation"], weights, biases)
            network._check_shapes()
        except (OSError, SafetensorError, KeyError, ValueError) as damage:
            raise ModelError(f"{path.name} cannot be read.", "Install DiFACE again.") from damage
        return network

    def save(self, path: Path | None = None) -> None:
        """Write the file, in float16."""
        save_file(dict(self._arrays()), path or WEIGHTS / self.FILE)

    @property
    def hash(self) -> str:
        """Return the hash (hex) of what `save` writes."""
        digest = hashlib.sha256()
        for name, array in self._arrays():
            digest.update(name.encode() + array.tobytes())
        return digest.hexdigest()

    def outputs(self, features: Float32Array) -> Float32Array:
        """Return the probabilities (T, K) for features (T, D)."""
        hidden: AnyFloatArray = np.maximum(self._layer("first", (features - self.mean) / self.deviation, 1), 0)
        for name, distance in LAYERS:
            hidden = np.asarray(hidden + np.maximum(self._layer(name, hidden, distance), 0), np.float32)
        return (1 / (1 + np.exp(-self._layer("last", hidden, 1)))).astype(np.float32)

    def _layer(self, name: str, rows: AnyFloatArray, distance: int) -> AnyFloatArray:
        """Return one convolution (T, H) of rows (T, D) whose taps are `distance` apart; zeros beyond the ends."""
        taps = self.weights[name]
        reach = len(taps) // 2 * distance
        padded = np.pad(rows, ((reach, reach), (0, 0)))
        parts = (padded[k * distance : k * distance + len(rows)] @ taps[k] for k in range(len(taps)))
        return sum(parts, self.biases[name])

    def _arrays(self) -> Iterator[tuple[str, AnyFloatArray]]:
        arrays = {"mean": self.mean, "deviation": self.deviation}
        arrays |= {f"{name}.weight": array for name, array in self.weights.items()}
        arrays |= {f"{name}.bias": array for name, array in self.biases.items()}
        for name in sorted(arrays):
            yield name, np.ascontiguousarray(arrays[name], np.float16)

    def _check_shapes(self) -> None:
        """Raise ValueError if the layers do not fit together."""
        hidden = self.biases["first"].shape[0]
        expected = {"first": (1, self.mean.shape[0], hidden), "last": (3, hidden, self.OUTPUTS)}
        for name in NAMES:
            shape = expected.get(name, (3, hidden, hidden))
            if self.weights[name].shape != shape or self.biases[name].shape != shape[-1:]:
                raise ValueError(f"Layer {name!r} must have shape {shape}. Got {self.weights[name].shape}.")

"""Where the tongue is: a small network on the speech features, trained on articulation (docs/research/tongue.md)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import Float32Array
from . import row_network
from .row_network import RowNetwork

CONTEXT = row_network.CONTEXT
"""Rows on either side that a row of the articulation depends on."""
FLOOR = 0.05
"""What the network says at rest; less is 0, more begins from there."""


@dataclass(frozen=True)
class TongueDetector(RowNetwork):
    """The network of the tongue."""

    FILE = "tongue.safetensors"
    OUTPUTS = 3

    def articulation(self, features: Float32Array) -> Float32Array:
        """Return how far the tip is up (t, d, n, l), the body is up (k, g, ng), and the tip is between the teeth (th).

        Args:
            features: (T, D) of the speech encoder.

        Returns:
            (T, 3) float32, 0 to 1, smooth over rows; 0 in silence.
        """
        return np.maximum(self.outputs(features) - FLOOR, 0) / np.float32(1 - FLOOR)

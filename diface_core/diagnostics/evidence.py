"""What is known about the sound of a motion, and where in time its parts are."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..types import AnyFloatArray, BoolArray, Float32Array, FrameRate, GenerateRequest, Layers, Style


@dataclass(frozen=True)
class Evidence:
    """What the sound of a motion needs, row by row.

    Attributes:
        reference: (T, 52) float32, the face model's motion with variety 0.
        speech: (S, 2) begin and end of each part with speech, in seconds, increasing.
        rate: Rate of the rows.
        closures: (N, 2) begin and end of each m, b and p of a transcript, in seconds; None without a transcript.
    """

    reference: Float32Array
    speech: AnyFloatArray
    rate: FrameRate
    closures: AnyFloatArray | None = None

    def speech_mask(self, margin: float = 0.0) -> BoolArray:
        """Return which rows (T,) are speech, or less than `margin` seconds from it."""
        times = np.arange(len(self.reference)) / self.rate.value
        mask = np.zeros(len(times), bool)
        for begin, end in np.asarray(self.speech).reshape(-1, 2):
            mask |= (times >= begin - margin) & (times <= end + margin)
        return mask


def reference_request(request: GenerateRequest) -> GenerateRequest:
    """Return the request for the reference of a take's request: its sound at its rate, in the model's default style.

    Without variety it does not depend on a seed; docs/research/diagnostics.md measures what it finds.
    """
    return replace(
        GenerateRequest(request.audio, ("face",), request.rate),
        guidance=1.0,
        variety=0.0,
        style=Style(),
        layers=Layers(None, None, None, None),
    )


def runs(mask: BoolArray) -> list[tuple[int, int]]:
    """Return the first and last row of each run of True in a mask (T,)."""
    padded = np.concatenate([[False], mask, [False]])
    edges = np.flatnonzero(padded[1:] != padded[:-1]).reshape(-1, 2)
    return [(int(first), int(end) - 1) for first, end in edges]

"""Quantities read from face weights: one channel, the distance of the lips, the rows of a phone."""

from __future__ import annotations

import numpy as np

from ... import channels
from ...types import MODEL_RATE, Float32Array
from ..corpora import Phone
from ..visemes.articulation import PAUSE_LABELS

__all__ = ["BROWS", "PAUSE_LABELS", "aperture", "column", "known_only", "phone_rows"]

BROWS = [column for column, name in enumerate(channels.FACE) if name.startswith("brow")]
"""Columns of face weights."""


def column(values: Float32Array, channel: str) -> Float32Array:
    """Return one channel (T,) of face weights (T, 52)."""
    return values[:, channels.FACE.index(channel)]


def aperture(values: Float32Array) -> Float32Array:
    """Return the opening of the lips in units of jawOpen: jawOpen - mouthClose, (T,)."""
    return np.maximum(column(values, "jawOpen") - column(values, "mouthClose"), 0.0)


def known_only(values: Float32Array, known: np.ndarray) -> Float32Array:
    """Return face weights (T, 52) with the channels at rest that the reference corpus does not know, (52,) bool."""
    return np.where(known, values, np.float32(0.0)).astype(np.float32)


def phone_rows(phone: Phone, rows: int, margin: int = 0) -> slice:
    """Return the rows nearest to a phone, at least one, and `margin` more on both sides."""
    first = min(round(phone.start * MODEL_RATE.value), rows - 1)
    last = max(first + 1, round(phone.end * MODEL_RATE.value))
    return slice(max(0, first - margin), last + margin)

"""What a corpus gives: clips, sound and Motion side by side, 30 rows a second."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.interpolate import PchipInterpolator

from ...audio.speech_encoder import SAMPLE_RATE
from ...types import MODEL_RATE, BoolArray, Float32Array


@dataclass(frozen=True)
class Phone:
    """One spoken sound (ARPAbet), from `start` to `end` seconds."""

    start: float
    end: float
    label: str


@dataclass(frozen=True)
class Clip:
    """Sound and Motion of one utterance.

    samples: (N,) float32 at 16 kHz. values: (T, 52) face weights, T = MODEL_RATE.rows(seconds).
    known: (52,) which of them the corpus knows. style: the style that it teaches.
    speaker: who speaks. source: the corpus that it comes from. recording and start: what it is cut from, and the
    second of that where it begins; the clip itself where it is empty.
    """

    name: str
    samples: Float32Array
    values: Float32Array
    known: BoolArray
    style: str
    phones: tuple[Phone, ...] = ()
    speaker: str = ""
    source: str = ""
    recording: str = ""
    start: float = 0.0

    @property
    def seconds(self) -> float:
        return len(self.samples) / SAMPLE_RATE


def resample_to_rows(values: npt.NDArray[np.floating], times: npt.NDArray[np.floating], samples: int) -> Float32Array:
    """`values` (N, C) known at `times` (s) -> the rows of a sound of so many samples; held beyond both ends."""
    at = np.arange(MODEL_RATE.rows(samples / SAMPLE_RATE)) / MODEL_RATE.value
    return PchipInterpolator(times, values)(np.clip(at, times[0], times[-1])).astype(np.float32)

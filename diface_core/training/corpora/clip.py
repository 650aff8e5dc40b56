"""Clips of a corpus: sound and Motion with common timing, 30 rows per second."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.interpolate import PchipInterpolator

from ...audio.speech_encoder import SAMPLE_RATE
from ...types import MODEL_RATE, BoolArray, Float32Array


@dataclass(frozen=True)
class Phone:
    """One spoken sound (ARPAbet or IPA), from `start` to `end` seconds."""

    start: float
    end: float
    label: str


@dataclass(frozen=True)
class Clip:
    """Sound and Motion of one utterance.

    Attributes:
        name: Unique name within its source.
        samples: (N,) float32 at 16 kHz.
        values: (T, 52) face weights, T = MODEL_RATE.rows(seconds).
        known: (52,) the channels that the corpus measures.
        style: The style that the clip belongs to.
        phones: The phones with their times.
        speaker: The speaker.
        source: The corpus.
        recording: The recording that the clip is cut from; "" if it is whole.
        start: The clip's first second in the recording.
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
        """Return the length of the sound in seconds."""
        return len(self.samples) / SAMPLE_RATE


def resample_to_rows(values: npt.NDArray[np.floating], times: npt.NDArray[np.floating], samples: int) -> Float32Array:
    """Resample `values` (N, C) at `times` (s) to the rows of a sound of so many samples; constant beyond both ends."""
    at = np.arange(MODEL_RATE.rows(samples / SAMPLE_RATE)) / MODEL_RATE.value
    return PchipInterpolator(times, values)(np.clip(at, times[0], times[-1])).astype(np.float32)

"""Pairs of audio and motion of one speaker, from which a style is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import channels
from ..audio.reading import load_clip
from ..audio.speech_encoder import SAMPLE_RATE, SpeechEncoder
from ..errors import DifaceError
from ..learning.sequence import TrainingSequence
from ..motion.resample import resample_motion
from ..recordings.read import read_motion
from ..types import MODEL_RATE, AudioClip, AudioSection, BoolArray, Float32Array, Motion

MAX_LENGTH_DIFFERENCE = 0.5
"""Largest difference in seconds between the lengths of audio and motion; the longer one is cut."""
MIN_DEVIATION = 1e-3
"""Smallest deviation of an animated weight."""
LIP_CHANNELS = ("jawOpen", "mouthClose")
"""Channels that always count as animated, both: a rig without mouthClose opens the lips with the jaw alone."""


@dataclass(frozen=True)
class AudioMotionPair:
    """Audio and motion of the same length.

    Attributes:
        samples: Audio (N,), float32 at 16 kHz.
        values: Face weights (T, 52) at MODEL_RATE.
        known: (52,) True for animated channels.
    """

    samples: Float32Array
    values: Float32Array
    known: BoolArray

    @property
    def seconds(self) -> float:
        """Duration of both."""
        return len(self.values) / MODEL_RATE.value

    def to_sequence(
        self, encoder: SpeechEncoder, style: str, report: Callable[[float], None] = lambda _: None
    ) -> TrainingSequence:
        """Return the pair as a training sequence, with the audio encoded."""
        features = encoder.encode(AudioClip(self.samples, SAMPLE_RATE), report)
        rows = min(len(features), len(self.values))
        return TrainingSequence(
            features[:rows].astype(np.float16), self.values[:rows].astype(np.float16), self.known, style
        )


def read_pair(audio: Path, motion: Path, fps: float | None = None) -> AudioMotionPair:
    """Read an audio file, and a motion from any recording; `fps` replaces the times that the recording has.

    Raises:
        AudioError: If the audio cannot be read.
        DifaceError: If the motion cannot be read, or make_pair rejects it.
    """
    source = read_motion(motion, fps)
    return make_pair(load_clip(AudioSection(audio)), source)


def make_pair(audio: AudioClip, motion: Motion) -> AudioMotionPair:
    """Return audio and motion checked and at the model's rates; constant channels are unknown, except the lips'.

    Raises:
        DifaceError: If audio and motion differ in length, or the motion lacks the lip channels, is not finite, or is
            constant.
    """
    if not set(LIP_CHANNELS) <= set(motion.channels):
        raise DifaceError("The motion has no jawOpen and mouthClose.", "Use face weights with ARKit's names.")
    if not np.isfinite(motion.values).all():
        raise DifaceError("The motion has values that are not finite.", "Export it again, or fix those frames.")
    seconds = len(motion) / motion.rate.value
    if abs(seconds - audio.seconds) > MAX_LENGTH_DIFFERENCE:
        raise DifaceError(
            f"The audio lasts {audio.seconds:.1f} s and the motion {seconds:.1f} s: they do not match.",
            f"Cut both to the same range. The motion has {motion.rate.value:g} rows per second (--fps).",
        )
    rows = MODEL_RATE.rows(min(seconds, audio.seconds))
    face = resample_motion(motion, MODEL_RATE, rows)
    values = np.zeros((rows, len(channels.FACE)), np.float32)
    for column, name in enumerate(channels.FACE):
        if name in motion.channels:
            values[:, column] = face.column(name)
    known = values.std(axis=0) > MIN_DEVIATION
    if not known[channels.FACE.index("jawOpen")]:
        raise DifaceError("The motion is constant: jawOpen is the same in all rows.", "Choose another motion.")
    known |= np.isin(channels.FACE, LIP_CHANNELS)
    return AudioMotionPair(audio.samples[: round(rows / MODEL_RATE.value * SAMPLE_RATE)], values, known)

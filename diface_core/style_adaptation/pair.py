"""Someone's own sound and motion, read and checked: what a style is learnt from."""

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
from ..motion.files import read_csv, read_npz
from ..motion.resample import resample_motion
from ..types import MODEL_RATE, AudioClip, AudioSection, BoolArray, Float32Array, FrameRate, Motion

MAX_LENGTH_DIFFERENCE = 0.5
"""Seconds by which the lengths of sound and motion may differ: the longer one is cut."""
MIN_DEVIATION = 1e-3
"""Deviation of a weight from which on it counts as animated."""
LIP_CHANNELS = ("jawOpen", "mouthClose")
"""Always taken as animated, together: a rig without mouthClose parts the lips with the jaw alone."""


@dataclass(frozen=True)
class AudioMotionPair:
    """samples: (N,) float32 at 16 kHz. values: (T, 52) face weights at MODEL_RATE. known: (52,) which are animated."""

    samples: Float32Array
    values: Float32Array
    known: BoolArray

    @property
    def seconds(self) -> float:
        """How long both last."""
        return len(self.values) / MODEL_RATE.value

    def to_sequence(
        self, encoder: SpeechEncoder, style: str, report: Callable[[float], None] = lambda _: None
    ) -> TrainingSequence:
        """Both as a denoiser meets them."""
        features = encoder.encode(AudioClip(self.samples, SAMPLE_RATE), report)
        rows = min(len(features), len(self.values))
        return TrainingSequence(
            features[:rows].astype(np.float16), self.values[:rows].astype(np.float16), self.known, style
        )


def read_pair(audio: Path, motion: Path, fps: float = 60.0) -> AudioMotionPair:
    """A sound file, and a Motion as .npz or as Live Link Face .csv, whose rows are at `fps`.

    Raises AudioError and DifaceError for files that cannot be read and for what `pair` refuses.
    """
    read = read_csv(motion, FrameRate(fps)) if motion.suffix.lower() == ".csv" else read_npz(motion)
    return make_pair(load_clip(AudioSection(audio)), read)


def make_pair(sound: AudioClip, motion: Motion) -> AudioMotionPair:
    """Checked and at the model's rates. Channels that never move are not learnt, but for the lips'.

    Raises DifaceError where sound and motion differ in length, and where the motion lacks the lips, holds values that
    are not numbers, or does not move.
    """
    if not set(LIP_CHANNELS) <= set(motion.channels):
        raise DifaceError("The motion has no jawOpen and mouthClose.", "Give face weights in ARKit's names.")
    if not np.isfinite(motion.values).all():
        raise DifaceError("The motion holds values that are not numbers.", "Export it again, or mend those frames.")
    seconds = len(motion) / motion.rate.value
    if abs(seconds - sound.seconds) > MAX_LENGTH_DIFFERENCE:
        raise DifaceError(
            f"The sound lasts {sound.seconds:.1f} s and the motion {seconds:.1f} s: they do not belong together.",
            f"Cut both to the same stretch; a .csv file was taken at {motion.rate.value:g} frames a second (--fps).",
        )
    rows = MODEL_RATE.rows(min(seconds, sound.seconds))
    face = resample_motion(motion, MODEL_RATE, rows)
    values = np.zeros((rows, len(channels.FACE)), np.float32)
    for column, name in enumerate(channels.FACE):
        if name in motion.channels:
            values[:, column] = face.column(name)
    known = values.std(axis=0) > MIN_DEVIATION
    if not known[channels.FACE.index("jawOpen")]:
        raise DifaceError("The motion does not move: jawOpen is the same in all its rows.", "Choose another motion.")
    known |= np.isin(channels.FACE, LIP_CHANNELS)
    return AudioMotionPair(sound.samples[: round(rows / MODEL_RATE.value * SAMPLE_RATE)], values, known)

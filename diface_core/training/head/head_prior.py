"""A stochastic model of natural head motion given loudness, so that there are hours of it to train on.

What it is: Gaussian motion with the spectrum that people's heads have, all three axes together, whose speed is
multiplied by a gain that loudness sets (a filter, fitted) and that fluctuates by itself (people move in bursts). What
it is not: it knows no words and no meaning, and nods for yes no more often than the loudness asks.
`head_prior_fit.py` measures its table from natural tracks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import signal

from ...types import Float32Array
from .head_measures import LOUDNESS_RANGE, RATE, AnyFloatArray, frequencies

TABLE_PATH = Path(__file__).parent / "head_prior.json"

LAGS = np.arange(-30, 31)
"""Rows by which the loudness that a row of the gain listens to may come later (negative: earlier)."""
POSTURE_CUTOFF = 0.35
"""Hz: slower motion is posture, which no loudness changes; faster motion is gesture."""
PADDING_ROWS = 150
"""Rows added before the first and after the last, and taken away again."""
MAX_LOG_GAIN = 1.5
"""Of the logarithm of the gain: nobody stands quite still, and nobody throws the head about."""
FLUCTUATION_ROWS = 9
"""Rows that a fluctuation of the gain lasts at least (Hann window): slower than the motion that it multiplies."""


@dataclass(frozen=True)
class HeadPrior:
    """What was measured.

    spectrum: (F, 3, 3) cross power spectral density per Hz over `frequencies()` of the motion before the gain, for
    motion whose power is 1 in all. amplitude: the median person's root mean square rotation, all axes (rad). spread:
    deviation of its logarithm across people. gain: (len(LAGS),) change of the logarithm of speed per unit of loudness
    at each lag. quiet: mean of what the gain filter gives on the fitted tracks. burst, memory: deviation of the
    logarithm of the gain beyond loudness, and the seconds after which it has forgotten.
    """

    spectrum: AnyFloatArray
    amplitude: float
    spread: float
    gain: AnyFloatArray
    quiet: float
    burst: float
    memory: float

    def save(self, path: Path = TABLE_PATH) -> None:
        """Write the table as JSON."""
        fields = {name: np.round(value, 6).tolist() for name, value in vars(self).items()}
        path.write_text(json.dumps(fields) + "\n")

    @classmethod
    def load(cls, path: Path = TABLE_PATH) -> HeadPrior:
        """Read the table."""
        fields = json.loads(path.read_text())
        arrays = {name: np.array(fields.pop(name)) for name in ("spectrum", "gain")}
        return cls(**arrays, **fields)

    def draw(self, loudness: AnyFloatArray, rng: np.random.Generator) -> Float32Array:
        """One motion for loudness (T,): rotation vectors (T, 3), rad, of a person of the median amplitude."""
        return self.motion_from_noise(loudness, rng.standard_normal((len(loudness), 3)))

    def motion_from_noise(self, loudness: AnyFloatArray, noise: AnyFloatArray) -> Float32Array:
        """The motion (T, 3) for loudness (T,) that a white noise (T, 3) stands for.

        A row depends on what is near it, so that a denoiser can learn which motion belongs to which noise.
        """
        loudness = np.pad(loudness, PADDING_ROWS, mode="edge")
        noise = np.pad(noise, ((PADDING_ROWS, PADDING_ROWS), (0, 0)), mode="reflect")
        own = self.burst * fluctuation(noise, self.memory)
        gain = np.exp(
            MAX_LOG_GAIN
            * np.tanh((loudness_gain(self.gain, loudness) - self.quiet + own - self.burst**2) / MAX_LOG_GAIN)
        )
        return (self.amplitude * apply_gain(colour_noise(self.spectrum, noise), gain))[
            PADDING_ROWS:-PADDING_ROWS
        ].astype(np.float32)


def loudness_gain(gain: AnyFloatArray, loudness: AnyFloatArray) -> AnyFloatArray:
    """What the gain filter gives for loudness (T,), before its mean is taken away: (T,)."""
    held = np.pad(np.clip(loudness, *LOUDNESS_RANGE), len(LAGS) // 2, mode="edge")
    return np.asarray(signal.correlate(held, gain, "valid"))


def fluctuation(noise: AnyFloatArray, memory: float) -> AnyFloatArray:
    """A process (T,) of deviation 1 that forgets in `memory` seconds and is smooth over BUMP rows.

    Made from the size of each row of a white noise (T, 3), which says nothing of its direction.
    """
    size = ((noise**2).sum(1) - 3) / np.sqrt(6)
    reach = int(4 * memory * RATE)
    forgetting = np.exp(-np.abs(np.arange(-reach, reach + 1)) / (memory * RATE))
    window = np.convolve(forgetting, np.hanning(FLUCTUATION_ROWS + 2)[1:-1])
    return np.asarray(signal.fftconvolve(size, window / np.sqrt((window**2).sum()), "same"))


def colour_noise(spectrum: AnyFloatArray, noise: AnyFloatArray) -> AnyFloatArray:
    """White noise (T, 3) as motion with a cross spectrum (F, 3, 3) per Hz, by its factor at every frequency.

    (Shinozuka & Jan 1972, "Digital simulation of random processes".)
    """
    at, known = np.fft.rfftfreq(len(noise), 1 / RATE), frequencies()
    factor = np.linalg.cholesky(spectrum + 1e-12 * np.eye(3)).reshape(len(known), 9)
    factor = np.stack([np.interp(at, known, part) for part in factor.T], 1).reshape(-1, 3, 3)
    white = np.fft.rfft(noise, axis=0)
    return np.fft.irfft(np.einsum("fij,fj->fi", factor, white), len(noise), axis=0) * np.sqrt(RATE / 2)


def apply_gain(motion: AnyFloatArray, gain: AnyFloatArray) -> AnyFloatArray:
    """Motion (T, 3) whose speed is multiplied by `gain` (T,) where it is faster than POSTURE."""
    sections = signal.butter(1, POSTURE_CUTOFF, "low", fs=RATE, output="sos")
    posture = signal.sosfiltfilt(sections, motion, axis=0)
    velocity = np.diff(motion - posture, axis=0, prepend=(motion - posture)[:1])
    travelled = np.cumsum(velocity * gain[:, None], axis=0)
    back = signal.sosfiltfilt(signal.butter(1, POSTURE_CUTOFF / 2, "high", fs=RATE, output="sos"), travelled, axis=0)
    return posture + back

"""A stochastic model of natural head motion given loudness, which draws hours of training data.

The motion is Gaussian with the joint spectrum of people's heads on all three axes. Its speed is multiplied by a gain
that depends on loudness (a fitted filter) and that fluctuates randomly (people move in bursts). The model knows no
words and no meaning: it nods for yes no more often than loudness implies. `head_prior_fit.py` measures its table from
natural tracks.
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
"""Lags in rows of the loudness that the gain of a row depends on (negative: earlier)."""
POSTURE_CUTOFF = 0.35
"""Hz: slower motion is posture, independent of loudness; faster motion is gesture."""
PADDING_ROWS = 150
"""Rows added before the first and after the last, and removed again."""
MAX_LOG_GAIN = 1.5
"""Limit of the logarithm of the gain, in both directions."""
FLUCTUATION_ROWS = 9
"""Shortest fluctuation of the gain in rows (Hann window): slower than the motion that it multiplies."""


@dataclass(frozen=True)
class HeadPrior:
    """The measured table.

    Attributes:
        spectrum: (F, 3, 3) cross power spectral density per Hz over `frequencies()` of the motion before the gain, for
            motion of total power 1.
        amplitude: The median person's root mean square rotation, all axes (rad).
        spread: Deviation of its logarithm across people.
        gain: (len(LAGS),) change of the logarithm of speed per unit of loudness at each lag.
        quiet: Mean of the gain filter's output on the fitted tracks.
        burst: Deviation of the logarithm of the gain beyond loudness.
        memory: Seconds after which the gain's fluctuation is uncorrelated.
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
        spectrum, gain = np.array(fields.pop("spectrum")), np.array(fields.pop("gain"))
        return cls(spectrum=spectrum, gain=gain, **fields)

    def draw(self, loudness: AnyFloatArray, rng: np.random.Generator) -> Float32Array:
        """Draw rotation vectors (T, 3) in rad for loudness (T,), of a person of median amplitude."""
        return self.motion_from_noise(loudness, rng.standard_normal((len(loudness), 3)))

    def motion_from_noise(self, loudness: AnyFloatArray, noise: AnyFloatArray) -> Float32Array:
        """Return the motion (T, 3) that white noise (T, 3) maps to, for loudness (T,).

        A row depends on nearby rows only, so that a denoiser can learn which motion belongs to which noise.
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
    """Return the output (T,) of the gain filter for loudness (T,), before its mean is subtracted."""
    clipped = np.pad(np.clip(loudness, *LOUDNESS_RANGE), len(LAGS) // 2, mode="edge")
    return np.asarray(signal.correlate(clipped, gain, "valid"))


def fluctuation(noise: AnyFloatArray, memory: float) -> AnyFloatArray:
    """Return a process (T,) of deviation 1 that decorrelates in `memory` seconds, smooth over FLUCTUATION_ROWS rows.

    It is computed from the norm of each row of a white noise (T, 3), which is independent of its direction.
    """
    size = ((noise**2).sum(1) - 3) / np.sqrt(6)
    reach = int(4 * memory * RATE)
    forgetting = np.exp(-np.abs(np.arange(-reach, reach + 1)) / (memory * RATE))
    window = np.convolve(forgetting, np.hanning(FLUCTUATION_ROWS + 2)[1:-1])
    return np.asarray(signal.fftconvolve(size, window / np.sqrt((window**2).sum()), "same"))


def colour_noise(spectrum: AnyFloatArray, noise: AnyFloatArray) -> AnyFloatArray:
    """Return white noise (T, 3) filtered to a cross spectrum (F, 3, 3) per Hz, by its factor at every frequency.

    (Shinozuka & Jan 1972, "Digital simulation of random processes".)
    """
    at, known = np.fft.rfftfreq(len(noise), 1 / RATE), frequencies()
    factor = np.linalg.cholesky(spectrum + 1e-12 * np.eye(3)).reshape(len(known), 9)
    factor = np.stack([np.interp(at, known, part) for part in factor.T], 1).reshape(-1, 3, 3)
    white = np.fft.rfft(noise, axis=0)
    return np.fft.irfft(np.einsum("fij,fj->fi", factor, white), len(noise), axis=0) * np.sqrt(RATE / 2)


def apply_gain(motion: AnyFloatArray, gain: AnyFloatArray) -> AnyFloatArray:
    """Return motion (T, 3) with the speed above POSTURE_CUTOFF multiplied by `gain` (T,)."""
    sections = signal.butter(1, POSTURE_CUTOFF, "low", fs=RATE, output="sos")
    posture = signal.sosfiltfilt(sections, motion, axis=0)
    velocity = np.diff(motion - posture, axis=0, prepend=(motion - posture)[:1])
    travelled = np.cumsum(velocity * gain[:, None], axis=0)
    back = signal.sosfiltfilt(signal.butter(1, POSTURE_CUTOFF / 2, "high", fs=RATE, output="sos"), travelled, axis=0)
    return posture + back

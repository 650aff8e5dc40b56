"""The channels of a sound: the one that is heard, and what left and right have in common. numpy only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..types import LEFT, LOUDER, MIX, RIGHT, Float32Array, Float64Array

FRAME_SECONDS = 0.05
"""Length of the frames in which the power of the channels is compared."""
ACTIVE_SHARE = 0.01
"""Power above which a frame is active, relative to the loudest tenth of the frames: 20 dB below."""
OPPOSITE = -0.7
"""Correlation of left and right below which one is the other with its sign changed."""
MIN_RATIO = 0.05
"""Power of the quieter channel, relative to the louder, above which mixing with it matters: 13 dB below."""
ALONE_RATIO = 10 ** (6 / 10)
"""Ratio of the powers of the channels in a frame, in which one is heard alone: 6 dB, as microphones hear others."""
ALONE_SHARE = 0.2
"""Share of the active frames that each of two people speaks alone, at least."""
MIN_FRAMES = 40
"""Active frames without which nothing is said: 2 s."""

OPPOSITE_NOTE = (
    "The left and right channels are opposite and cancel each other in the mix. Choose Left or Loudest as Channel."
)
TWO_PEOPLE_NOTE = "Two people speak, one on the left and one on the right channel. Choose Left or Right as Channel."

Mix = Callable[[Float32Array], Float32Array]


def mix_of(channel: str, louder: Callable[[], int]) -> Mix:
    """Return what makes (N,) mono samples of (N, channels) samples.

    Args:
        channel: One of AUDIO_CHANNELS. A sound with one channel has no other.
        louder: Returns the number of the channel with the most power; called for `LOUDER` only.
    """
    if channel == MIX:
        return lambda block: block.mean(axis=1, dtype=np.float32)
    number = {LEFT: 0, RIGHT: 1}[channel] if channel != LOUDER else louder()
    return lambda block: block[:, min(number, block.shape[1] - 1)]


class ChannelMeter:
    """Powers of the channels of a sound, block by block."""

    def __init__(self) -> None:
        self._powers: list[Float64Array] = []
        self._energy: Float64Array = np.zeros(0)

    def add(self, block: Float32Array, rate: int) -> None:
        """Measure the next samples (N, channels), at `rate` Hz."""
        samples = block.astype(np.float64)
        energy = (samples**2).sum(axis=0)
        self._energy = energy if not len(self._energy) else self._energy + energy
        frame = max(1, round(FRAME_SECONDS * rate))
        count = len(samples) // frame
        if samples.shape[1] == 2 and count:
            frames = samples[: count * frame].reshape(count, frame, 2)
            left, right = frames[..., 0], frames[..., 1]
            self._powers.append(np.stack([(left**2).mean(1), (right**2).mean(1), (left * right).mean(1)], axis=1))

    @property
    def louder(self) -> int:
        """The number of the channel with the most power; 0 before anything was measured."""
        return int(self._energy.argmax()) if len(self._energy) else 0

    def notes(self) -> tuple[str, ...]:
        """Return what the user should know about the mix of a stereo sound."""
        powers = np.concatenate([np.zeros((0, 3)), *self._powers])
        total = powers[:, :2].sum(axis=1)
        active = total > ACTIVE_SHARE * np.quantile(total, 0.9) if len(total) else np.zeros(0, bool)
        if np.count_nonzero(active) < MIN_FRAMES:
            return ()
        left, right, common = powers[active].T
        quieter, louder = sorted((left.sum(), right.sum()))
        if quieter > MIN_RATIO * louder and common.sum() < OPPOSITE * np.sqrt(quieter * louder):
            return (OPPOSITE_NOTE,)
        alone = [np.mean(one > ALONE_RATIO * other) for one, other in ((left, right), (right, left))]
        return (TWO_PEOPLE_NOTE,) if min(alone) >= ALONE_SHARE else ()

"""A waveform at another sampling rate, block by block, no sample moved in time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
from scipy.signal import resample_poly

from ..types import Float32Array

ZERO_CROSSINGS = 24
"""Zero crossings of the filter to each side, at the lower of the two rates: 1.5 ms at 16 kHz."""

KAISER_BETA = 8.0
"""The filter's window: what lies beyond the lower rate's half comes through 80 dB weaker."""

BLOCK_SAMPLES = 1 << 16
"""About how many samples are filtered at once."""


def resample_audio(blocks: Iterable[Float32Array], old: int, new: int) -> Iterator[Float32Array]:
    """Blocks (N,) float32 at `old` Hz as blocks at `new` Hz: N samples in all give round(N new / old).

    Sample n stays at n / rate seconds: the filter is symmetric and centred. Before and after the sound is silence.
    """
    if old == new:
        yield from blocks
        return
    common = math.gcd(old, new)
    up, down = new // common, old // common
    taps = _low_pass(up, down)

    # Cut at multiples of `down`, which fall on a sample of either rate, with as much around them as the filter hears.
    around = down * -(-len(taps) // (2 * up * down))
    step = down * max(1, BLOCK_SAMPLES // down)
    silence = np.zeros(around + step, np.float32)
    held, heard, done = silence[:around], 0, 0
    for block in chain(blocks, [None]):
        heard += 0 if block is None else len(block)
        held = np.concatenate([held, silence if block is None else block])
        while len(held) >= step + 2 * around:
            filtered = resample_poly(held[: step + 2 * around], up, down, window=taps)
            part = filtered[around * up // down : (around + step) * up // down]
            yield part[: max(0, round(heard * up / down) - done)]
            done += len(part)
            held = held[step:]


def _low_pass(up: int, down: int) -> Float32Array:
    """The filter at the common multiple of both rates, its cut-off a little below half the lower one; its sum is 1."""
    reach, cut_off = ZERO_CROSSINGS * max(up, down), 0.95 / max(up, down)
    taps = np.sinc(cut_off * np.arange(-reach, reach + 1)) * np.kaiser(2 * reach + 1, KAISER_BETA)
    return (taps / taps.sum()).astype(np.float32)

"""Resampling of a waveform, block by block, without a shift in time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
from scipy.signal import resample_poly

from ..types import Float32Array

ZERO_CROSSINGS = 24
"""Zero crossings of the filter on either side, at the lower of the two rates: 1.5 ms at 16 kHz."""

KAISER_BETA = 8.0
"""Shape of the filter's window: frequencies above half the lower rate are attenuated by 80 dB."""

BLOCK_SAMPLES = 1 << 16
"""Approximate number of samples that are filtered at once."""


def resample_audio(blocks: Iterable[Float32Array], old: int, new: int) -> Iterator[Float32Array]:
    """Yield blocks (N,) float32 at `old` Hz as blocks at `new` Hz: N samples in total give round(N new / old).

    Sample n stays at n / rate seconds: the filter is symmetric and centred. The audio is padded with silence.
    """
    if old == new:
        yield from blocks
        return
    common = math.gcd(old, new)
    up, down = new // common, old // common
    taps = _low_pass(up, down)

    # Cut at multiples of `down`, which are samples of either rate, with the filter's support as context.
    context = down * -(-len(taps) // (2 * up * down))
    step = down * max(1, BLOCK_SAMPLES // down)
    silence = np.zeros(context + step, np.float32)
    held, sample_count, done = silence[:context], 0, 0
    for block in chain(blocks, [None]):
        sample_count += 0 if block is None else len(block)
        held = np.concatenate([held, silence if block is None else block])
        while len(held) >= step + 2 * context:
            filtered = resample_poly(held[: step + 2 * context], up, down, window=taps)
            part = filtered[context * up // down : (context + step) * up // down]
            yield part[: max(0, round(sample_count * up / down) - done)]
            done += len(part)
            held = held[step:]


def _low_pass(up: int, down: int) -> Float32Array:
    """The filter at the common multiple of both rates; cut-off slightly below half the lower one, sum 1."""
    half, cut_off = ZERO_CROSSINGS * max(up, down), 0.95 / max(up, down)
    taps = np.sinc(cut_off * np.arange(-half, half + 1)) * np.kaiser(2 * half + 1, KAISER_BETA)
    return (taps / taps.sum()).astype(np.float32)

"""Resampling of a waveform, block by block, without a shift in time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import soxr

from ..types import Float32Array

QUALITY = "VHQ"
"""soxr's filter: 28 bits, flat up to 91 % of half the lower rate, linear phase."""


def resample_audio(blocks: Iterable[Float32Array], old: int, new: int) -> Iterator[Float32Array]:
    """Yield blocks (N,) float32 at `old` Hz as blocks at `new` Hz: N samples in total give round(N new / old).

    Sample n stays at n / rate seconds: the filter is symmetric and centred. The audio is padded with silence.
    """
    if old == new:
        yield from blocks
        return
    stream = soxr.ResampleStream(old, new, 1, dtype="float32", quality=QUALITY)
    sample_count = done = 0
    for block in blocks:
        sample_count += len(block)
        part = stream.resample_chunk(block)
        part = part[: round(sample_count * new / old) - done]
        done += len(part)
        yield part
    rest = stream.resample_chunk(np.zeros(0, np.float32), last=True)
    missing = round(sample_count * new / old) - done
    yield np.pad(rest[:missing], (0, max(0, missing - len(rest))))

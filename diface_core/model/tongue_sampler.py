"""Samples a motion with how far the speech asks the tongue to move, as more columns (channels.ARTICULATION)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from .. import channels
from ..runtime.sliding_windows import map_sections, sliding_windows, zip_chunks
from ..types import ConstraintProvider, Float32Array, GenerateRequest, ReportFraction, SampleRows

REACH = 12
"""Rows of features on either side that a row of weights may depend on."""


class TongueListener(Protocol):
    """Says what the sounds ask of the tongue: `model.tongue_detector.TongueDetector`."""

    @property
    def hash(self) -> str:
        """Return the hash (hex) of its weights."""
        ...

    def articulation(self, features: Float32Array, /) -> Float32Array:
        """Return how far (T, 3) features (T, D) ask for tip up, body up, and tip between the teeth, 0 to 1."""
        ...


HEARD_ROWS = 128
"""Rows that are heard at once, so that few are copied."""


@dataclass(frozen=True)
class TongueSampler:
    """A sampler (`types.SampleRows`) around another one, whose values it extends by channels.ARTICULATION.

    Attributes:
        sample_rows: Samples the motion.
        hear: Yields the weights (n, 3) of feature rows in parts, given with their number.
    """

    sample_rows: SampleRows
    hear: Callable[[Iterable[Float32Array], int], Iterator[Float32Array]]

    @classmethod
    def of_whole(cls, sample_rows: SampleRows, listener: TongueListener | None) -> TongueSampler:
        """Return the sampler of a whole sound. Without a listener the tongue rests."""
        return cls(sample_rows, partial(_stream_weights, listener=listener))

    @classmethod
    def of_sections(
        cls,
        samplers: Iterable[SampleRows],
        listener: TongueListener | None,
        features: Iterable[Float32Array],
        ranges: list[tuple[int, int]],
    ) -> Iterator[SampleRows]:
        """Yield the sampler around each of `samplers`, of rows `first` to `last` of features for each of `ranges`.

        The sounds around a section are heard too, so that the tongue moves as in the whole.
        """
        heard = map_sections(features, ranges, REACH, lambda part: _weights(part, listener))
        for sample_rows, weights in zip(samplers, heard, strict=True):
            yield cls(sample_rows, lambda _features, _rows, heard=weights: iter([heard]))

    def __call__(
        self,
        features: Iterable[Float32Array],
        rows: int,
        request: GenerateRequest,
        constraint_provider: ConstraintProvider | None,
        report: ReportFraction,
        first_row: int = 0,
        /,
    ) -> Iterator[Float32Array]:
        """Yield values (n, C + 3) in order."""
        sampled, heard = _heard_first(features, lambda parts: self.hear(parts, rows))
        values = self.sample_rows(sampled, rows, request, constraint_provider, report, first_row)
        for part, weights in zip_chunks([values, heard]):
            yield np.concatenate([part, weights], axis=1)


def _heard_first(
    features: Iterable[Float32Array], hear: Callable[[Iterable[Float32Array]], Iterator[Float32Array]]
) -> tuple[Iterator[Float32Array], Iterator[Float32Array]]:
    """Return the features, and the weights of their articulation.

    Features are heard before they are passed on, so that no more than one part of them waits for the sampler: with
    `tee_stream` the memory of a long sound grows by what the sampler reads ahead.
    """
    parts = iter(features)
    waiting: deque[Float32Array] = deque()
    ready: deque[Float32Array] = deque()

    def passing() -> Iterator[Float32Array]:
        for part in parts:
            waiting.append(part)
            yield from (part[first : first + HEARD_ROWS] for first in range(0, len(part), HEARD_ROWS))

    source = hear(passing())

    def sampled() -> Iterator[Float32Array]:
        for weights in source:
            ready.append(weights)
            while waiting:
                yield waiting.popleft()
        yield from (*waiting, *parts)

    def heard() -> Iterator[Float32Array]:
        while True:
            while ready:
                yield ready.popleft()
            if (weights := next(source, None)) is None:
                return
            yield weights

    return sampled(), heard()


def _stream_weights(
    parts: Iterable[Float32Array], rows: int, listener: TongueListener | None
) -> Iterator[Float32Array]:
    """Yield the weights (n, 3) of feature rows in parts (n, D), in order; equal to those of the whole."""
    for window in sliding_windows(parts, REACH, rows):
        yield _weights(window.rows, listener)[window.valid]


def _weights(features: Float32Array, listener: TongueListener | None) -> Float32Array:
    if listener is None:
        return np.zeros((len(features), len(channels.ARTICULATION)), np.float32)
    return listener.articulation(features)

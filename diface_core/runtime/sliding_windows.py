"""Something long in stretches, each with enough of its neighbours that local work on it equals work on the whole."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Generic, Protocol, Self, TypeVar

import numpy as np

CHUNK_ROWS = 1024
"""Rows that are computed at once (34 s): a longer stretch is not faster, and holds the first rows back."""


class RowSequence(Protocol):
    """Rows one after the other: an array, or several that belong together."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice, /) -> Self: ...


S = TypeVar("S", bound=RowSequence)
Join = Callable[[list[S]], S]


@dataclass(frozen=True)
class Window(Generic[S]):
    """Rows `first` to `first + len(rows[inner])` of the whole: they are `rows[inner]`, the rest of `rows` is around."""

    rows: S
    valid: slice
    first: int


def sliding_windows(
    parts: Iterable[S], context_rows: int, length: int | None = None, stride: int = 1, join: Join[S] = np.concatenate
) -> Iterator[Window[S]]:
    """Every row of `parts` (of any lengths) once as an inner one, as soon as the `reach` rows after it are there.

    At least `reach` rows are around the inner ones, or as many as the whole has there. Windows and their inner rows
    begin at multiples of `stride`. Held are never more rows than the largest part and 2 (reach + stride).
    length: of the whole; where it is told, its last rows need not wait for the end of `parts`.
    """
    around = -(-context_rows // stride) * stride
    held: S | None = None
    begin = done = end = 0
    for part in parts:
        held = part if held is None else join([held, part])
        end = begin + len(held)
        ready = end if end == length else (end - context_rows) // stride * stride
        if ready > done:
            yield Window(held, slice(done - begin, ready - begin), done)
            first = max(0, ready - around)
            held, begin, done = held[first - begin :], first, ready
    if held is not None and end > done:
        yield Window(held, slice(done - begin, end - begin), done)


def rechunk(parts: Iterable[S], size: int = CHUNK_ROWS, join: Join[S] = np.concatenate) -> Iterator[S]:
    """The same rows in parts of `size`, but for the last one."""
    for window in sliding_windows(parts, 0, stride=size, join=join):
        rows = window.rows[window.valid]
        for first in range(0, len(rows), size):
            yield rows[first : first + size]


def tee_stream(parts: Iterable[S], count: int) -> list[Iterator[S]]:
    """`parts` for each of `count` readers; held is what one has had and another not.

    itertools.tee would hold the last 57 parts, whoever has had them.
    """
    source = iter(parts)
    waiting: list[deque[S]] = [deque() for _ in range(count)]

    def one(own: deque[S]) -> Iterator[S]:
        while True:
            if not own:
                more = list(islice(source, 1))
                for queue in waiting:
                    queue.extend(more)
            if not own:
                return
            yield own.popleft()

    return [one(own) for own in waiting]


def zip_chunks(streams: list[Iterator[S]]) -> Iterator[list[S]]:
    """Equally long streams side by side: parts of equal lengths, as soon as all have come so far."""
    held = [next(stream, None) for stream in streams]
    while all(part is not None for part in held):
        rows = min(len(part) for part in held if part is not None)
        yield [part[:rows] for part in held if part is not None]
        held = [
            part[rows:] if part is not None and len(part) > rows else next(stream, None)
            for part, stream in zip(held, streams, strict=True)
        ]

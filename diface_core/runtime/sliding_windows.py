"""Sliding windows with enough context (halo) that windowed results equal full-sequence results."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np

CHUNK_ROWS = 1024
"""Rows that are computed at once (34 s): longer parts are not faster and delay the first rows."""


class RowSequence(Protocol):
    """A sequence of rows: an array, or several arrays that belong together."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice, /) -> Self: ...


S = TypeVar("S", bound=RowSequence)
Made = TypeVar("Made", bound=RowSequence)
Join = Callable[[list[S]], S]


def concatenate(parts: list[Any]) -> Any:
    """Join parts that are arrays."""
    return np.concatenate(parts)


@dataclass(frozen=True)
class Window(Generic[S]):
    """Rows of a sequence with their context.

    Attributes:
        rows: The window's rows, context included.
        valid: The slice of `rows` without the context.
        first: Row of the sequence that `rows[valid]` begins with.
    """

    rows: S
    valid: slice
    first: int


def sliding_windows(
    parts: Iterable[S], context_rows: int, length: int | None = None, stride: int = 1, join: Join[S] = concatenate
) -> Iterator[Window[S]]:
    """Yield windows that cover every row of `parts` once, each as soon as the context after it has come.

    Memory never holds more rows than the largest part and 2 (context_rows + stride).

    Args:
        parts: The sequence in parts of any lengths.
        context_rows: Rows of context on either side; fewer at the ends of the sequence.
        length: Length of the sequence, if it is known: its last rows then need not wait for the end of `parts`.
        stride: Windows and their valid rows begin at multiples of this.
        join: Concatenates parts.
    """
    aligned_context = -(-context_rows // stride) * stride
    held: S | None = None
    begin = done = end = 0
    for part in parts:
        held = part if held is None else join([held, part])
        end = begin + len(held)
        ready = end if end == length else (end - context_rows) // stride * stride
        if ready > done:
            yield Window(held, slice(done - begin, ready - begin), done)
            first = max(0, ready - aligned_context)
            held, begin, done = held[first - begin :], first, ready
    if held is not None and end > done:
        yield Window(held, slice(done - begin, end - begin), done)


def rechunk(parts: Iterable[S], size: int = CHUNK_ROWS, join: Join[S] = concatenate) -> Iterator[S]:
    """Yield the same rows in parts of `size`, except for the last one."""
    for window in sliding_windows(parts, 0, stride=size, join=join):
        rows = window.rows[window.valid]
        for first in range(0, len(rows), size):
            yield rows[first : first + size]


def slice_stream(parts: Iterable[S], ranges: list[tuple[int, int]], join: Join[S] = concatenate) -> Iterator[S]:
    """Yield rows `first` to `last` of a stream for each (first, last), in order.

    Ranges may overlap by at most one part. All of `parts` is consumed.
    """
    held: list[S] = []
    begin = end = 0
    source = iter(parts)
    for first, last in ranges:
        while end < last and (part := next(source, None)) is not None:
            held.append(part)
            end += len(part)
        while held and begin + len(held[0]) <= first:
            begin += len(held.pop(0))
        yield join(held)[first - begin : last - begin]
    for _ in source:  # a cache stores its stream when all of it was read
        pass


def map_sections(
    rows: Iterable[S],
    ranges: list[tuple[int, int]],
    context_rows: int,
    function: Callable[[S], Made],
) -> Iterator[Made]:
    """Yield what `function` makes of rows `first` to `last` for each of `ranges`, with `context_rows` around them.

    Args:
        rows: All rows in parts, in order.
        ranges: First and last row, exclusive, of each section, in order.
        context_rows: Rows on either side that a row of the result may depend on.
        function: Returns one row for each row of its argument.
    """
    wider = [(max(0, first - context_rows), last + context_rows) for first, last in ranges]
    for (first, last), (begin, _), part in zip(ranges, wider, slice_stream(rows, wider), strict=True):
        yield function(part)[first - begin : last - begin]


def tee_stream(parts: Iterable[S], count: int) -> list[Iterator[S]]:
    """Return `count` independent iterators over `parts`, which hold only what one has read and another has not.

    itertools.tee holds the last 57 parts, whether they were read or not.
    """
    source = iter(parts)
    waiting: list[deque[S]] = [deque() for _ in range(count)]

    def read(queue: deque[S]) -> Iterator[S]:
        while True:
            if not queue:
                part = list(islice(source, 1))
                for other in waiting:
                    other.extend(part)
            if not queue:
                return
            yield queue.popleft()

    return [read(queue) for queue in waiting]


def zip_chunks(streams: list[Iterator[S]]) -> Iterator[list[S]]:
    """Yield parts of equal lengths from streams of equal length, as soon as all of them have come so far."""
    held = [next(stream, None) for stream in streams]
    while all(part is not None for part in held):
        rows = min(len(part) for part in held if part is not None)
        yield [part[:rows] for part in held if part is not None]
        held = [
            part[rows:] if part is not None and len(part) > rows else next(stream, None)
            for part, stream in zip(held, streams, strict=True)
        ]

"""Values that are computed in another thread before they are needed."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Value = TypeVar("Value")


@contextmanager
def prefetching(draw: Callable[[], Value]) -> Generator[Callable[[], Value]]:
    """Give calls of `draw`, of which all after the first are computed ahead, one at a time and in order.

    The end waits for the draw in progress; the last one is discarded.
    """
    pending: Future[Value] | None = None
    with ThreadPoolExecutor(1, "prefetch") as pool:

        def take() -> Value:
            nonlocal pending
            value = draw() if pending is None else pending.result()
            pending = pool.submit(draw)
            return value

        yield take

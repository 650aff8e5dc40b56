"""prefetching keeps the order of the draws, draws ahead, and draws nothing that is not asked for."""

import threading
from itertools import count

import pytest

from diface_core.runtime.prefetch import prefetching


def test_draws_come_in_order_and_ahead() -> None:
    numbers, drawn, ahead = count(), [], threading.Event()

    def draw() -> int:
        drawn.append(next(numbers))
        if drawn[-1] == 1:
            ahead.set()
        return drawn[-1]

    with prefetching(draw) as take:
        assert drawn == []
        assert take() == 0
        assert ahead.wait(10), "the second draw does not wait until it is asked for"
        assert [take() for _ in range(5)] == [1, 2, 3, 4, 5]
    assert drawn == [0, 1, 2, 3, 4, 5, 6]


def test_error_is_raised_where_the_value_is_asked_for() -> None:
    draws = iter([1])
    with prefetching(lambda: next(draws)) as take:
        assert take() == 1
        with pytest.raises(StopIteration):
            take()

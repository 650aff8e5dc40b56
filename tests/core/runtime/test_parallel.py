"""Parallel calls: order of results, exceptions, thread counts."""

from __future__ import annotations

import threading

import pytest
import torch

from diface_core.networks.parallel import MAX_PARALLEL_CALLS, map_parallel


@pytest.fixture(params=[1, 2, 4])
def cores(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_results_are_in_order_and_the_caller_keeps_its_threads(cores) -> None:
    assert map_parallel(lambda number: number * 10, [3, 1, 2]) == [30, 10, 20]
    assert torch.get_num_threads() == cores


def test_each_call_has_its_share_of_the_cores(cores) -> None:
    shares = map_parallel(lambda _: torch.get_num_threads(), [0, 1])
    assert shares == [cores // MAX_PARALLEL_CALLS or 1] * 2


def test_two_calls_run_in_parallel_on_two_cores(cores) -> None:
    meeting = threading.Barrier(MAX_PARALLEL_CALLS, timeout=10 if cores > 1 else 0.1)

    def met(_: int) -> bool:
        try:
            meeting.wait()
        except threading.BrokenBarrierError:
            return False
        return True

    assert map_parallel(met, range(MAX_PARALLEL_CALLS)) == [cores > 1] * MAX_PARALLEL_CALLS


def test_exception_is_raised_to_the_caller(cores) -> None:
    with pytest.raises(ZeroDivisionError):
        map_parallel(lambda number: 1 / number, [1, 0])

"""Makes lines by the workers of a Dask cluster. Optional: needs the package `distributed`, here and on the workers."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..errors import DifaceError
from .lines import Line
from .make_line import FAILED, Outcome, make_line

LINES_PER_WORKER = 4
"""Lines that the scheduler knows for each thread of the workers: they stay busy, however long the table is."""
MIN_LINES = 8
CONNECT_SECONDS = 20
NOT_LOADED = "Error during deserialization"
"""How Dask's message begins if the scheduler cannot import what a task is made of: it would be so for every line."""
RETRIES = 3
"""Workers that may be lost with one line before it counts as failed, beyond those that Dask itself allows."""


def make_by_cluster(lines: Iterable[Line], out: Path, address: str, engine: str) -> Iterator[Outcome]:
    """Yield the outcome of each line as soon as it is made, in any order.

    Args:
        lines: The lines, taken as needed. Their paths and `out` must be valid on the workers.
        out: Folder of the outputs.
        address: Address of the scheduler, such as `tcp://10.0.0.1:8786`.
        engine: What makes the engine of a process.

    Raises:
        DifaceError: Dask is missing, or the scheduler cannot be reached, cannot load DiFACE, or went away. Finished
            lines stay.
    """
    distributed = _import_distributed()
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as reason:
        hint = "Check its address, and that its versions of Python and Dask are the same as here."
        raise DifaceError(f"No scheduler answers at {address}: {reason}.", hint) from reason
    with client, client.as_current():
        try:
            yield from _make(distributed, client, iter(lines), out, engine)
        except (OSError, distributed.CancelledError) as reason:
            message = f"The scheduler at {address} went away: {type(reason).__name__}."
            raise DifaceError(message, "Start it again, and run the same command: it continues.") from reason


def _make(distributed: Any, client: Any, lines: Iterator[Line], out: Path, engine: str) -> Iterator[Outcome]:
    def submit(line: Line) -> Any:
        # Not pure: a result is in files, which may be gone when the same line comes again.
        future = client.submit(make_line, line, out, engine, pure=False, retries=RETRIES)
        numbers[future.key] = line.number
        return future

    numbers: dict[str, int] = {}
    threads = sum(worker["nthreads"] for worker in client.scheduler_info(n_workers=-1)["workers"].values())
    first = [submit(line) for line in itertools.islice(lines, max(MIN_LINES, LINES_PER_WORKER * threads))]
    pending = distributed.as_completed(first)
    for future in pending:
        number = numbers.pop(future.key)
        if future.status == "finished":
            yield future.result()
        elif future.status == "cancelled":
            raise distributed.CancelledError(future.key)
        elif NOT_LOADED in str(future.exception()):
            hint = "Install its packages and diface_core, of one version, where the scheduler and its workers run."
            raise DifaceError("The scheduler cannot load DiFACE.", hint)
        else:
            yield Outcome(number, FAILED, f"{future.exception()}"[:500])
        future.release()
        if line := next(lines, None):
            pending.add(submit(line))


def _import_distributed() -> Any:
    try:
        import distributed
    except ImportError as reason:
        hint = "Install it here and on the workers: pip install distributed."
        raise DifaceError("--scheduler needs Dask's package distributed.", hint) from reason
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # it logs a traceback if the scheduler goes away
    return distributed

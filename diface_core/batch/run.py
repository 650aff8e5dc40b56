"""Runs a batch: what is done already is kept, the rest is made, and a report is written at the end in any case."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from pathlib import Path

from ..atomic_write import remove_drafts
from ..errors import DifaceError
from .cluster import make_by_cluster
from .lines import BadLine, Line
from .lock import exclusive
from .make_line import ENGINE, KEPT, RECORDS, Outcome, finished_facts
from .processes import make_by_processes
from .report import Summary, write_report

ReportOutcome = Callable[[Outcome], None]
"""Called with each outcome."""


def run_batch(
    lines: Sequence[Line | BadLine],
    out: Path,
    workers: int = 1,
    scheduler: str | None = None,
    report_outcome: ReportOutcome = lambda outcome: None,
    engine: str = ENGINE,
) -> Summary:
    """Make the lines of a table in a folder.

    Args:
        lines: The lines. Bad ones are in the report.
        out: Folder of the outputs and of the report; it is made if it is missing.
        workers: Number of processes of this machine.
        scheduler: Address of a Dask scheduler, instead of processes of this machine.
        report_outcome: Called with each outcome.
        engine: What makes the engine of a process, as module:name.

    Raises:
        DifaceError: The folder cannot be used, another run works in it, or the scheduler went away.
    """
    began = time.monotonic()
    with _raising_errors(out):
        (out / RECORDS).mkdir(parents=True, exist_ok=True)
        with exclusive(out / RECORDS / "lock"):
            remove_drafts(out, recursive=True)
            outcomes: dict[int, Outcome] = {}
            try:
                for outcome in _outcomes(lines, out, workers, scheduler, engine):
                    outcomes[outcome.number] = outcome
                    report_outcome(outcome)
            finally:
                summary = write_report(out, lines, outcomes, time.monotonic() - began)
    return summary


def _outcomes(
    lines: Iterable[Line | BadLine], out: Path, workers: int, scheduler: str | None, engine: str
) -> Iterator[Outcome]:
    """Yield the outcomes of the lines that are done, and then of the others."""
    good = [line for line in lines if isinstance(line, Line)]
    left = []
    for line in good:
        facts = finished_facts(line, out)
        if facts is None:
            left.append(line)
        else:
            yield Outcome(line.number, KEPT, facts=facts)
    if not left:
        return
    if scheduler is not None:
        yield from make_by_cluster(left, out.absolute(), scheduler, engine)
    else:
        yield from make_by_processes(left, out, min(workers, len(left)), engine)


@contextlib.contextmanager
def _raising_errors(out: Path) -> Generator[None]:
    """Turn what the system refuses in the block into a DifaceError."""
    try:
        yield
    except OSError as reason:
        hint = "Check that the folder can be written and that the disk is not full, and run the same command again."
        raise DifaceError(f"Cannot work in {out}: {reason.strerror or reason}.", hint) from reason

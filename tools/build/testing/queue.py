"""Jobs that run side by side, as many at a time as there are processor cores."""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace

from .. import paths
from ..console import say
from .job import Job, run_job
from .outcome import Outcome

MOST_JOBS = 4
"""Upper limit of jobs at a time: each takes up to 3 GB of memory."""

PROGRESS_SECONDS = 30

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def default_jobs() -> int:
    """Return how many jobs run at a time by default: one more than cores, as a job waits for its workers at times."""
    cores = len(os.sched_getaffinity(0)) if paths.LINUX else os.cpu_count() or 1
    return min(cores + 1, MOST_JOBS)


def run_jobs(jobs: list[Job], at_a_time: int) -> list[Outcome]:
    """Run jobs, the longest first, and print the output of each when it ends; return the outcomes in the given order.

    If several run at a time, numerical libraries get one thread per process: more would compete for the cores.
    """
    limits = ONE_THREAD if at_a_time > 1 else {}
    start = time.monotonic()
    outcomes: dict[str, Outcome] = {}
    with _executor(at_a_time) as executor:
        running: dict[Future[Outcome], Job] = {}
        for job in sorted(jobs, key=lambda job: -job.seconds):
            running[executor.submit(run_job, replace(job, environment={**limits, **job.environment}))] = job
        while running:
            done, _ = wait(running, timeout=PROGRESS_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                job = running.pop(future)
                outcomes[job.name] = future.result()
                _print_output(job, outcomes[job.name])
            active = ", ".join(job.name for future, job in running.items() if future.running())
            if active:
                say(f"   {time.monotonic() - start:.0f} s: {len(outcomes)} of {len(jobs)} done, running {active}")
    return [outcomes[job.name] for job in jobs]


@contextmanager
def _executor(at_a_time: int) -> Generator[ThreadPoolExecutor]:
    """Give an executor that starts no further jobs after an error or an interruption."""
    executor = ThreadPoolExecutor(at_a_time)
    try:
        yield executor
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _print_output(job: Job, outcome: Outcome) -> None:
    """Print what a finished job wrote."""
    say(f"\n-- {job.name}: {'FAILED' if outcome.failed else 'ok'} after {outcome.seconds:.0f} s")
    say(job.log.read_text("utf-8", errors="replace").rstrip())

"""The running job. At most one job runs at a time."""

from __future__ import annotations

from typing import Protocol

import bpy

from ..core import errors
from ..worker import process


class JobResult(Protocol):
    """What a job wrote: the name of the new take or style, and notes for the user."""

    @property
    def name(self) -> str: ...

    @property
    def notes(self) -> tuple[str, ...]: ...


class RunningJob(Protocol):
    """A request that the worker is processing. Holds no bpy object: data-blocks are looked up by session_uid."""

    task: process.WorkerTask

    def write_result(self) -> JobResult:
        """Write the finished result to the scene. Raises DifaceError, with the scene unchanged."""
        ...

    def restart_if_stale(self, context: bpy.types.Context) -> RunningJob | None:
        """Restart the job if its input changed since it began. Returns None if it did not."""
        ...

    def end(self) -> None:
        """Cancel the job if it is running and release its resources. Safe to call twice."""
        ...


_running_job: RunningJob | None = None


def current() -> RunningJob | None:
    """Return the running job, or None."""
    return _running_job


def set_current(running: RunningJob | None) -> None:
    """Make `running` the running job; None if it has ended."""
    global _running_job
    _running_job = running


def clear(ended: RunningJob) -> None:
    """Forget `ended` if it is the running job."""
    if _running_job is ended:
        set_current(None)


def check_idle() -> None:
    """Raise WorkerError while a job is running."""
    if _running_job is not None:
        raise errors.WorkerError("DiFACE is generating already.", "Wait for it, or press Esc to cancel it.")

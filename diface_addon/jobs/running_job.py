"""The running job. At most one job runs at a time."""

from __future__ import annotations

import abc
import tempfile
from collections.abc import Sequence
from typing import Protocol

import bpy

from ..core import errors, types
from ..worker import process


class JobResult(Protocol):
    """What a job wrote: the name of the new take, style or change, and notes for the user."""

    @property
    def name(self) -> str: ...

    @property
    def notes(self) -> tuple[str, ...]: ...


class Task(Protocol):
    """What a job polls: `worker.process.WorkerTask`, or another work outside Blender."""

    state: process.State
    progress: types.Progress

    def poll(self) -> Sequence[object]:
        """Return the events since the last poll, and update the attributes. Never waits."""
        ...

    def wait(self) -> object:
        """Wait for the result. Raises the error with which the task failed."""
        ...

    def cancel(self) -> None:
        """Cancel the task if it is running."""
        ...


class FinishedTask:
    """The task of a job without work outside Blender. stage: what progress shows."""

    state: process.State = "done"

    def __init__(self, stage: str) -> None:
        self.progress = types.Progress(1.0, stage)

    def poll(self) -> Sequence[object]:
        """Return nothing: there are no events."""
        return ()

    def wait(self) -> None:
        """Return at once."""

    def cancel(self) -> None:
        """Do nothing."""


class RunningJob(abc.ABC):
    """A task whose result is written to the scene. Holds no bpy object: data-blocks are looked up by session_uid.

    Not a generic class: `typing` keeps every class that is written with a parameter until the process ends, and with
    it the bpy module, which then does not exit.
    """

    def __init__(self, folder: tempfile.TemporaryDirectory[str] | None = None) -> None:
        self._folder = folder
        """Files that the request reads or writes, removed when the job ends."""
        self._is_cancel_requested = False

    @property
    @abc.abstractmethod
    def task(self) -> Task:
        """The work outside Blender."""

    def wait(self) -> None:
        """Wait until the worker has finished the request. Raises the error with which it failed."""
        self.task.wait()

    @abc.abstractmethod
    def write_result(self) -> JobResult:
        """Write the finished result to the scene. Raises DifaceError, with the scene unchanged."""

    def restart_if_stale(self, context: bpy.types.Context) -> RunningJob | None:
        """Restart the job if its input changed since it began. Returns None if it did not."""
        return None

    def request_cancel(self) -> None:
        """Ask the operator that polls this job to cancel it, as by Esc."""
        self._is_cancel_requested = True

    def take_cancel_request(self) -> bool:
        """Return whether a cancel was requested since the last call."""
        requested, self._is_cancel_requested = self._is_cancel_requested, False
        return requested

    def end(self) -> None:
        """Cancel the job if it is running and release its resources. Safe to call twice."""
        self.task.cancel()
        if self._folder is not None:
            self._folder.cleanup()
        clear(self)


class WorkerJob(RunningJob):
    """A job whose task is a request to the worker."""

    def __init__(self, task: process.WorkerTask, folder: tempfile.TemporaryDirectory[str] | None = None) -> None:
        super().__init__(folder)
        self._task = task

    @property
    def task(self) -> process.WorkerTask:
        """The request."""
        return self._task


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
        raise errors.WorkerError("DiFACE is already working.", "Wait until it has finished, or press Esc to cancel it.")

"""Runs requests in the worker process and hands their progress and results over when asked. Knows no scene, no bpy."""

from __future__ import annotations

import atexit
import logging
import queue
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from ..core import errors, types
from .connection import Connection, Event, Request, Restart, Result
from .launch import MODULE, RETRY_HINT, Launch

log = logging.getLogger(__name__)

MAX_RESTARTS = 2
"""How often a request is sent to a fresh worker where one was lost for no fault of the request."""

TaskEvent = types.Progress | types.MotionChunk | Result | errors.DifaceError
State = Literal["running", "done", "failed", "cancelled"]


class WorkerTask:
    """One request on its way. For one thread; `poll` never waits."""

    def __init__(self, worker: WorkerProcess, number: int, request: Request) -> None:
        self.number = number
        self.request = request
        self.state: State = "running"
        self.progress = types.Progress(0.0, "Starting the worker")
        self.chunks: list[types.MotionChunk] = []
        """What is finished of the Motion, in order, until the result has it all."""
        self.result: Result | None = None
        self.error: errors.DifaceError | None = None
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._worker = worker
        self._restarts = 0

    def poll(self) -> list[TaskEvent]:
        """What came since the last poll, oldest first; the attributes are up to date afterwards."""
        return self._events_within(0)

    def wait(self, report: types.Report | None = None) -> Result:
        """Stay until the end, `report` told of each Progress. Raises the job's error; whatever `report` raises, and
        Ctrl+C, cancels the job first."""
        try:
            while self.state == "running":
                for event in self._events_within(0.1):
                    if report and isinstance(event, types.Progress):
                        report(event)
        except BaseException:
            self.cancel()
            raise
        if self.result is None:
            raise self.error or errors.Cancelled
        return self.result

    def cancel(self) -> None:
        """The job is over for the artist at once; the worker is given a moment to agree, or is replaced."""
        if self.state == "running":
            self.state = "cancelled"
            self._worker.cancel_task(self)

    def _events_within(self, seconds: float) -> list[TaskEvent]:
        events = []
        while self.state == "running":
            try:
                event = self.events.get(timeout=seconds) if seconds else self.events.get_nowait()
            except queue.Empty:
                self._worker.check_startup()
                break
            seconds = 0
            if isinstance(event, Restart):
                event = self._resend()
            if event is not None:
                self._apply_event(event)
                events.append(event)
        return events

    def _resend(self) -> errors.WorkerError | None:
        self.chunks.clear()
        self._restarts += 1
        if self._restarts > MAX_RESTARTS:
            return errors.WorkerError("The worker process keeps ending before it begins.", RETRY_HINT)
        return self._worker.resend(self)

    def _apply_event(self, event: TaskEvent) -> None:
        if isinstance(event, types.Progress):
            self.progress = event
        elif isinstance(event, types.MotionChunk):
            self.chunks.append(event)
        elif isinstance(event, Result):
            self.result, self.state = event, "done"
            self.chunks.clear()
        else:
            log.error("%s %s", event, "\n".join(getattr(event, "__notes__", [])))
            self.error, self.state = event, "failed"


class WorkerProcess:
    """One worker, kept warm between requests and started anew when it is gone. For one thread."""

    def __init__(self, module: str = MODULE) -> None:
        self.cancel_timeout = 3.0
        """How long a worker may take to stop after a cancel, before it is ended."""
        self.hello_timeout, self.load_timeout = 60.0, 300.0
        """How long it may take to say hello, and from then until its models are loaded."""
        self._launch = Launch(module=module)
        self._connection: Connection | None = None
        self._last_number = 0
        self._task: WorkerTask | None = None
        self._is_preemptible = False

    @property
    def pid(self) -> int | None:
        """The process id of the running worker."""
        return self._connection.pid if self._connection and self._connection.alive else None

    @property
    def busy(self) -> bool:
        """Whether a job is running."""
        return self._task is not None and self._task.state == "running"

    @property
    def versions(self) -> dict[str, str | None]:
        """What the worker said it runs on; empty before it did."""
        return self._connection.versions if self._connection else {}

    def start(
        self, interpreter: Path | None = None, extra_paths: Sequence[Path] = (), cache: Path | None = None
    ) -> None:
        """Have a worker running, warming up while the artist goes on; one with other settings is replaced.

        interpreter: a Python that has torch and DiFACE's other packages; None is Blender's own.
        extra_paths: where the extension's wheels are unpacked. cache: folder for speech features.
        Raises WorkerError where the process cannot be started.
        """
        launch = Launch(interpreter, tuple(extra_paths), cache, self._launch.module)
        if launch != self._launch or not self._is_alive():
            self.close()
            self._launch = launch
            self._connection = self._connect()

    def submit(self, request: Request, preemptible: bool = False) -> WorkerTask:
        """Send a request to the worker, a fresh one where there is none. Raises WorkerError while a job is running.

        gives_way: whether the job is cancelled where another is sent while it runs.
        """
        if self._task is not None and self._is_preemptible:
            self._task.cancel()
        if self.busy:
            raise errors.WorkerError("DiFACE is already generating.", "Wait for it to finish, or cancel it.")
        if not self._is_alive():
            self.close()
            self._connection = self._connect()
        self._last_number += 1
        task = WorkerTask(self, self._last_number, request)
        self._connection.send_request(task.number, request, task.events)
        self._task, self._is_preemptible = task, preemptible
        return task

    def close(self, grace_seconds: float = 2.0) -> None:
        """End the worker; one that does not leave within `patience` seconds is killed."""
        if self._connection is not None:
            self._connection.close(grace_seconds)
            self._connection = None

    # For Job

    def cancel_task(self, task: WorkerTask) -> None:
        """`job` was cancelled."""
        if self._connection is not None:
            self._connection.cancel(task.number, self.cancel_timeout)

    def check_startup(self) -> None:
        """Give a worker up that does not come to life."""
        if self._connection is not None:
            self._connection.check_startup(self.hello_timeout, self.load_timeout)

    def resend(self, task: WorkerTask) -> errors.WorkerError | None:
        """Send `job` to a fresh worker: its own was lost for no fault of the job."""
        self.close(0)
        try:
            self._connection = self._connect()
        except errors.WorkerError as error:
            return error
        self._connection.send_request(task.number, task.request, task.events)
        return None

    def _is_alive(self) -> bool:
        return self._connection is not None and self._connection.alive

    def _connect(self) -> Connection:
        began = time.monotonic()
        connection = Connection(self._launch.start())
        log.info("worker %d started in %.2f s", connection.pid, time.monotonic() - began)
        return connection


_shared: WorkerProcess | None = None


def shared_worker() -> WorkerProcess:
    """The one worker of this Blender, ended with it."""
    global _shared
    if _shared is None:
        _shared = WorkerProcess()
        # Where Blender ends without asking Python, the closing pipe ends the worker.
        atexit.register(close_shared_worker)
    return _shared


def close_shared_worker() -> None:
    """End the shared worker at once, for an add-on that is disabled."""
    global _shared
    if _shared is not None:
        _shared.close(grace_seconds=0)
        _shared = None
        atexit.unregister(close_shared_worker)

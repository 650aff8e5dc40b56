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
from .launch import AGAIN, MODULE, Launch

log = logging.getLogger(__name__)

RESTARTS = 2
"""How often a request is sent to a fresh worker where one was lost for no fault of the request."""

Answer = types.Progress | types.Rows | Result | errors.DifaceError
State = Literal["running", "done", "failed", "cancelled"]


class Job:
    """One request on its way. For one thread; `poll` never waits."""

    def __init__(self, worker: WorkerProcess, number: int, request: Request) -> None:
        self.number = number
        self.request = request
        self.state: State = "running"
        self.progress = types.Progress(0.0, "Starting the worker")
        self.rows: list[types.Rows] = []
        """What is finished of the Motion, in order, until the result has it all."""
        self.result: Result | None = None
        self.error: errors.DifaceError | None = None
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._worker = worker
        self._restarts = 0

    def poll(self) -> list[Answer]:
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
            self._worker.forget(self)

    def _events_within(self, seconds: float) -> list[Answer]:
        events = []
        while self.state == "running":
            try:
                event = self.events.get(timeout=seconds) if seconds else self.events.get_nowait()
            except queue.Empty:
                self._worker.check()
                break
            seconds = 0
            if isinstance(event, Restart):
                event = self._send_again()
            if event is not None:
                self._take(event)
                events.append(event)
        return events

    def _send_again(self) -> errors.WorkerError | None:
        self.rows.clear()
        self._restarts += 1
        if self._restarts > RESTARTS:
            return errors.WorkerError("The worker process keeps ending before it begins.", AGAIN)
        return self._worker.send_again(self)

    def _take(self, event: Answer) -> None:
        if isinstance(event, types.Progress):
            self.progress = event
        elif isinstance(event, types.Rows):
            self.rows.append(event)
        elif isinstance(event, Result):
            self.result, self.state = event, "done"
            self.rows.clear()
        else:
            log.error("%s %s", event, "\n".join(getattr(event, "__notes__", [])))
            self.error, self.state = event, "failed"


class WorkerProcess:
    """One worker, kept warm between requests and started anew when it is gone. For one thread."""

    def __init__(self, module: str = MODULE) -> None:
        self.confirm_seconds = 3.0
        """How long a worker may take to stop after a cancel, before it is ended."""
        self.greet_seconds, self.load_seconds = 60.0, 300.0
        """How long it may take to say hello, and from then until its models are loaded."""
        self._launch = Launch(module=module)
        self._connection: Connection | None = None
        self._numbers = 0
        self._job: Job | None = None
        self._gives_way = False

    @property
    def pid(self) -> int | None:
        """The process id of the running worker."""
        return self._connection.pid if self._connection and self._connection.alive else None

    @property
    def busy(self) -> bool:
        """Whether a job is running."""
        return self._job is not None and self._job.state == "running"

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
        if launch != self._launch or not self._alive():
            self.close()
            self._launch = launch
            self._connection = self._connect()

    def submit(self, request: Request, gives_way: bool = False) -> Job:
        """Send a request to the worker, a fresh one where there is none. Raises WorkerError while a job is running.

        gives_way: whether the job is cancelled where another is sent while it runs.
        """
        if self._job is not None and self._gives_way:
            self._job.cancel()
        if self.busy:
            raise errors.WorkerError("DiFACE is already generating.", "Wait for it to finish, or cancel it.")
        if not self._alive():
            self.close()
            self._connection = self._connect()
        self._numbers += 1
        self._gives_way = gives_way
        self._job = Job(self, self._numbers, request)
        self._connection.send_request(self._job.number, request, self._job.events)
        return self._job

    def close(self, patience: float = 2.0) -> None:
        """End the worker; one that does not leave within `patience` seconds is killed."""
        if self._connection is not None:
            self._connection.close(patience)
            self._connection = None

    # For Job

    def forget(self, job: Job) -> None:
        """`job` was cancelled."""
        if self._connection is not None:
            self._connection.cancel(job.number, self.confirm_seconds)

    def check(self) -> None:
        """Give a worker up that does not come to life."""
        if self._connection is not None:
            self._connection.check_start(self.greet_seconds, self.load_seconds)

    def send_again(self, job: Job) -> errors.WorkerError | None:
        """Send `job` to a fresh worker: its own was lost for no fault of the job."""
        self.close(0)
        try:
            self._connection = self._connect()
        except errors.WorkerError as error:
            return error
        self._connection.send_request(job.number, job.request, job.events)
        return None

    def _alive(self) -> bool:
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
        _shared.close(patience=0)
        _shared = None
        atexit.unregister(close_shared_worker)

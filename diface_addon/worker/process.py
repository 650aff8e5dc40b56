"""The worker process and its tasks: send requests, poll progress and results. Does not import bpy."""

from __future__ import annotations

import atexit
import logging
import queue
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeVar

from ..core import errors, types, words
from .connection import Connection, Event, Request, Restart, Result
from .launch import MODULE, RETRY_HINT, Launch

log = logging.getLogger(__name__)

MAX_RESTARTS = 2
"""How often a request is sent to a new worker after the old one was lost for another reason than the request."""

TaskEvent = types.Progress | Result | errors.DifaceError
RequestT = TypeVar(
    "RequestT",
    types.GenerateRequest,
    types.ShapesRequest,
    types.SolveRequest,
    types.AdaptationRequest,
    types.SelfTestRequest,
    words.AlignRequest,
    types.DiagnosisRequest,
)
ResultT = TypeVar(
    "ResultT",
    types.GenerateResult,
    types.Shapes,
    types.SolveResult,
    types.AdaptationResult,
    types.SelfTestResult,
    words.Alignment,
    types.Diagnosis,
)
State = Literal["running", "done", "failed", "cancelled"]


class WorkerTask:
    """One request that the worker processes. Not thread-safe; `poll` never waits."""

    def __init__(self, worker: WorkerProcess, number: int, request: Request) -> None:
        self.number = number
        self.request = request
        self.state: State = "running"
        self.progress = types.Progress(0.0, "Starting the worker")
        self.result: Result | None = None
        self.error: errors.DifaceError | None = None
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._worker = worker
        self._restart_count = 0

    def poll(self) -> list[TaskEvent]:
        """Return the events since the last poll, oldest first, and update the attributes."""
        return self._events_within(0)

    def wait_for(self, kind: type[ResultT]) -> ResultT:
        """Wait for the result, which the request defines to be of a kind. Raises as `wait`."""
        result = self.wait()
        assert isinstance(result, kind)
        return result

    def request_of(self, kind: type[RequestT]) -> RequestT:
        """Return the request, which is of a kind that the caller knows."""
        assert isinstance(self.request, kind)
        return self.request

    def wait(self, report: types.Report | None = None) -> Result:
        """Wait for the result.

        Args:
            report: Called with each Progress. If it raises, or Ctrl+C is pressed, the task is cancelled first.

        Raises:
            DifaceError: The request failed.
            Cancelled: The task was cancelled.
        """
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
        """Cancel the task at once. A worker that does not stop within `cancel_timeout` is replaced."""
        if self.state == "running":
            self.state = "cancelled"
            self._worker.cancel_task(self)

    def _events_within(self, seconds: float) -> list[TaskEvent]:
        events = []
        while self.state == "running":
            try:
                event = self.events.get(timeout=seconds) if seconds else self.events.get_nowait()
            except queue.Empty:
                self._worker.check_responding()
                break
            seconds = 0
            if isinstance(event, Restart):
                event = self._resend()
            if event is not None:
                self._apply_event(event)
                events.append(event)
        return events

    def _resend(self) -> errors.WorkerError | None:
        self._restart_count += 1
        if self._restart_count > MAX_RESTARTS:
            return errors.WorkerError("The worker process keeps ending before it begins.", RETRY_HINT)
        return self._worker.resend(self)

    def _apply_event(self, event: TaskEvent) -> None:
        if isinstance(event, types.Progress):
            self.progress = event
        elif isinstance(event, Result):
            self.result, self.state = event, "done"
        else:
            log.error("%s %s", event, "\n".join(getattr(event, "__notes__", [])))
            self.error, self.state = event, "failed"


class WorkerProcess:
    """The worker, kept running between requests and restarted if it ended. Not thread-safe."""

    def __init__(self, module: str = MODULE) -> None:
        self.cancel_timeout = 3.0
        """Seconds that a worker may take to stop after a cancel, before it is killed."""
        self.hello_timeout, self.load_timeout = 60.0, 300.0
        """Seconds that a worker may take to start, and from then on until its models are loaded."""
        self.response_timeout = 120.0
        """Seconds without a message during a task after which the worker is given up. In Blender the preference
        (`settings/preferences.py`, WORKER_TIMEOUT) replaces this value at every start."""
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
        """Whether a task is running."""
        return self._task is not None and self._task.state == "running"

    @property
    def versions(self) -> dict[str, str | None]:
        """Versions of Python and packages that the worker runs on; empty before it has started."""
        return self._connection.versions if self._connection else {}

    def start(
        self, interpreter: Path | None = None, extra_paths: Sequence[Path] = (), cache: Path | None = None
    ) -> None:
        """Start a worker if none is running with these settings. It loads its models in the background.

        Args:
            interpreter: A Python with onnxruntime and DiFACE's other dependencies; None for Blender's Python.
            extra_paths: Folders with the unpacked wheels of the extension.
            cache: Folder for speech features.

        Raises:
            WorkerError: The process cannot be started.
        """
        launch = Launch(interpreter, tuple(extra_paths), cache, self._launch.module)
        if launch != self._launch or not self._is_alive():
            self.close()
            self._launch = launch
            self._connection = self._connect()

    def submit(self, request: Request, preemptible: bool = False) -> WorkerTask:
        """Send a request to the worker, and start one if none is running.

        Args:
            request: What the worker computes.
            preemptible: Whether the task is cancelled when another request is sent.

        Raises:
            WorkerError: Another task is running, or the process cannot be started.
        """
        if self._task is not None and self._is_preemptible:
            self._task.cancel()
        if self.busy:
            raise errors.WorkerError("DiFACE is already working.", "Wait until it has finished, or cancel it.")
        connection = self._connection
        if connection is None or not connection.alive:
            self.close()
            connection = self._connection = self._connect()
        self._last_number += 1
        task = WorkerTask(self, self._last_number, request)
        connection.send_request(task.number, request, task.events)
        self._task, self._is_preemptible = task, preemptible
        return task

    def prefetch(self) -> None:
        """Ask a running worker to load the bundled models now, for a first request that is faster."""
        if self._connection is not None and not self.busy:
            self._connection.prefetch()

    def close(self, grace_seconds: float = 2.0) -> None:
        """End the worker; kill it if it does not exit within `grace_seconds`."""
        if self._connection is not None:
            self._connection.close(grace_seconds)
            self._connection = None

    # Called by WorkerTask

    def cancel_task(self, task: WorkerTask) -> None:
        """Ask the worker to stop a task that was cancelled."""
        if self._connection is not None:
            self._connection.cancel(task.number, self.cancel_timeout)

    def check_responding(self) -> None:
        """Give up a worker that does not start, load its models or send messages in time."""
        if self._connection is not None:
            load_timeout = max(self.load_timeout, self.response_timeout)
            self._connection.check_responding(self.hello_timeout, load_timeout, self.response_timeout)

    def resend(self, task: WorkerTask) -> errors.WorkerError | None:
        """Send a task to a new worker, after the old one was lost for another reason. Returns the error if it fails."""
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
    """Return the worker of this Blender. It ends with Blender."""
    global _shared
    if _shared is None:
        _shared = WorkerProcess()
        # If Blender exits without running this, the closing pipe ends the worker.
        atexit.register(close_shared_worker)
    return _shared


def close_shared_worker() -> None:
    """End the shared worker at once, when the add-on is disabled."""
    global _shared
    if _shared is not None:
        _shared.close(grace_seconds=0)
        _shared = None
        atexit.unregister(close_shared_worker)

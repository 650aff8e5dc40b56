"""The connection to one worker process: its pipes, and the threads that read and write them. No thread uses bpy."""

from __future__ import annotations

import contextlib
import logging
import queue
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable

from ..core import errors, protocol, types, words
from .launch import RETRY_HINT, TIMEOUT_HINT, WORKER_PYTHON_HINT, exit_error

log = logging.getLogger(__name__)

STDERR_LINES = 50
"""Lines of the worker's standard error that are kept for the message if it ends."""

UNWATCHED_SECONDS = 5.0
"""Gap between two checks after which the response timeout restarts: Blender was busy, or the computer slept."""


class Restart:
    """Event: the worker ended for another reason than this request, which has to be sent again.

    It was killed because of an earlier, cancelled request, or it ended while idle.
    """


Result = (
    types.GenerateResult
    | types.Shapes
    | types.SolveResult
    | types.AdaptationResult
    | types.SelfTestResult
    | words.Alignment
    | types.Diagnosis
)
Event = types.Progress | Result | errors.DifaceError | Restart
Request = (
    types.GenerateRequest
    | types.ShapesRequest
    | types.SolveRequest
    | types.AdaptationRequest
    | types.SelfTestRequest
    | words.AlignRequest
    | types.DiagnosisRequest
)
Events = queue.SimpleQueue

EXCHANGES_BY_REPLY = {exchange.response_kind: exchange for exchange in protocol.EXCHANGES}
"""The exchange of each kind of message that ends a request successfully."""


class Connection:
    """The connection to one running worker. The events of a request go to the queue that was passed with it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.versions: dict[str, str | None] = {}
        assert process.stdin is not None  # Launch opens all three pipes
        assert process.stdout is not None
        assert process.stderr is not None
        self._process = process
        self._stdin, self._stdout, self._stderr = process.stdin, process.stdout, process.stderr
        self._open = True
        self._closing_event: Event = errors.WorkerError("The worker process ended.", RETRY_HINT)
        self._pending: dict[int, Events[Event]] = {}
        self._responded: set[int] = set()
        self._lock = threading.Lock()
        self._outgoing: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._stderr_tail: deque[str] = deque(maxlen=STDERR_LINES)
        self._timers: dict[int, threading.Timer] = {}
        self._killed_by_cancel = False
        self._greeted = self._ready = False
        self._phase_start = self._last_message = self._last_check = time.monotonic()
        self._stderr_thread = self._start_thread(self._read_stderr)
        self._threads = [
            self._stderr_thread,
            self._start_thread(self._write_stdin),
            self._start_thread(self._read_stdout),
        ]

    @property
    def alive(self) -> bool:
        """Whether the worker accepts requests."""
        return self._open and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The worker's process id."""
        return self._process.pid

    def send_request(self, number: int, request: Request, events: Events[Event]) -> None:
        """Send a request. Its progress and result go to `events`."""
        data = protocol.pack(protocol.exchange_for(request).request_message(request, number))
        self._last_message = self._last_check = time.monotonic()
        with self._lock:
            if self._open:
                self._pending[number] = events
                if self._greeted and not self._ready:
                    events.put(types.Progress(0.0, "Loading the models"))
            else:
                events.put(Restart() if self._ready else self._closing_event)
        self._outgoing.put(data)

    def prefetch(self) -> None:
        """Ask the worker to load the bundled models. There is no reply."""
        self._outgoing.put(protocol.pack(protocol.Message("prefetch")))

    def cancel(self, number: int, timeout: float) -> None:
        """Ask the worker to stop a request, and kill the worker if it does not confirm within `timeout` seconds."""
        with self._lock:
            if number not in self._pending:
                return
            timer = threading.Timer(timeout, self._kill_unresponsive, [number])
            timer.daemon = True
            self._timers[number] = timer
        timer.start()
        self._outgoing.put(protocol.pack(protocol.Message("cancel", number)))

    def check_responding(self, hello_timeout: float, load_timeout: float, response_timeout: float) -> None:
        """End a worker that does not respond in time.

        Args:
            hello_timeout: Seconds from the start to the first message.
            load_timeout: Seconds from the first message until the models are loaded.
            response_timeout: Seconds between two messages while a request is pending.
        """
        if not self._open:
            return
        if self._ready:
            self._check_pending(response_timeout)
        elif time.monotonic() - self._phase_start > (load_timeout if self._greeted else hello_timeout):
            what = "load its models" if self._greeted else "start"
            self._fail(errors.WorkerError(f"The worker process did not {what} in time.", WORKER_PYTHON_HINT))

    def _check_pending(self, response_timeout: float) -> None:
        now = time.monotonic()
        if now - self._last_check > UNWATCHED_SECONDS:
            self._last_message = now
        self._last_check = now
        if self._pending and now - self._last_message > response_timeout:
            message = f"The worker process has not responded for {response_timeout:.0f} s, and was ended."
            self._fail(errors.WorkerError(message, TIMEOUT_HINT))

    def close(self, grace_seconds: float) -> None:
        """End the process and the threads; pending requests fail."""
        self._fail(
            errors.WorkerError("The worker process was stopped.", "Try again: a new worker starts."),
            grace_seconds,
        )
        for timer in self._timers.values():
            timer.cancel()
        self._outgoing.put(None)
        for thread in self._threads:
            thread.join(2)
        for pipe in (self._stdin, self._stdout, self._stderr):
            # A process that the worker started can hold the pipe open, and the thread then still reads it.
            if not any(thread.is_alive() for thread in self._threads):
                pipe.close()

    # Threads

    def _start_thread(self, target: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=target, name=f"DiFACE {target.__name__}", daemon=True)
        thread.start()
        return thread

    def _write_stdin(self) -> None:
        """Write outgoing messages, in a thread: a worker that reads slowly must not block the interface."""
        if hasattr(signal, "pthread_sigmask"):
            # The Python of some Blenders does not ignore SIGPIPE: writing to an ended worker would end Blender.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPIPE})
        while (data := self._outgoing.get()) is not None:
            rest = memoryview(data)
            # The reading thread reports a worker that ended.
            with contextlib.suppress(OSError):
                while rest:
                    rest = rest[self._stdin.write(rest) :]

    def _read_stderr(self) -> None:
        rest = b""
        while data := self._stderr.read(1 << 16):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self._stderr_tail.append(line.decode(errors="replace").rstrip())
                log.info("worker: %s", self._stderr_tail[-1])
        if rest:
            self._stderr_tail.append(rest.decode(errors="replace").rstrip())

    def _read_stdout(self) -> None:
        try:
            while (message := protocol.read(self._stdout)) is not None:
                self._handle_message(message)
        except protocol.TruncatedMessage:
            log.info("the worker ended within a message")
        except errors.WorkerError as malformed:
            self._fail(malformed)
        self._handle_exit()

    def _handle_message(self, message: protocol.Message) -> None:
        self._last_message = time.monotonic()
        match message.kind:
            case "hello":
                self._handle_hello(message)
            case "ready":
                self._ready = True
            case "progress":
                self._post_event(message, protocol.parse_progress(message), is_final=False)
            case kind if kind in EXCHANGES_BY_REPLY:
                self._post_event(message, EXCHANGES_BY_REPLY[kind].parse_response(message), is_final=True)
            case "error" if message.request_id is None:
                self._fail(protocol.parse_error(message))
            case "error":
                self._post_event(message, protocol.parse_error(message), is_final=True)
            case "cancelled":
                self._post_event(message, errors.Cancelled(), is_final=True)
            case _:
                raise errors.WorkerError(f"The worker process sent an unknown message: {message.kind!r}.", RETRY_HINT)

    def _handle_hello(self, message: protocol.Message) -> None:
        if message.data.get("protocol") != protocol.VERSION:
            raise errors.WorkerError("The worker process belongs to another version of DiFACE.", "Restart Blender.")
        self.versions = dict(message.data.get("versions", {}))
        self._greeted, self._phase_start = True, time.monotonic()
        with self._lock:
            for events in self._pending.values():
                events.put(types.Progress(0.0, "Loading the models"))

    def _post_event(self, message: protocol.Message, event: Event, is_final: bool) -> None:
        number = message.request_id
        if number is None:
            return
        with self._lock:
            events = self._pending.get(number)
            self._responded.add(number)
            if is_final:
                self._pending.pop(number, None)
                timer = self._timers.pop(number, None)
                if timer:
                    timer.cancel()
        if events is not None:
            events.put(event)

    # Ends

    def _handle_exit(self) -> None:
        """Handle the end of the worker, which closed its pipe."""
        try:
            status = self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._stderr_thread.join(5)
        self._close_requests(exit_error(status, list(self._stderr_tail), self._greeted), restart_unstarted=True)

    def _kill_unresponsive(self, number: int) -> None:
        with self._lock:
            # While the models load nothing can be stopped; the request is cancelled before it begins.
            if number not in self._pending or not self._ready:
                return
            del self._pending[number]
            self._killed_by_cancel = True
            self._open = False
        self._process.kill()

    def _fail(self, error: errors.DifaceError, grace_seconds: float = 0.0) -> None:
        """Fail the pending requests, and end the process."""
        self._close_requests(error)
        if grace_seconds > 0:
            self._outgoing.put(protocol.pack(protocol.Message("quit")))
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(grace_seconds)
        if self._process.poll() is None:
            self._process.kill()

    def _close_requests(self, event: Event, restart_unstarted: bool = False) -> None:
        """Send `event` to every pending request, or Restart to those that the worker had not begun."""
        with self._lock:
            if self._open:
                self._open, self._closing_event = False, event
            waiting, self._pending = self._pending, {}
        for number, events in waiting.items():
            untouched = self._killed_by_cancel or (self._ready and number not in self._responded)
            events.put(Restart() if restart_unstarted and untouched else event)

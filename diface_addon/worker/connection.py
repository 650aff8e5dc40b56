"""The pipes to one worker process, and the threads that only carry bytes: no bpy in any of them."""

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

from ..core import errors, protocol, types
from .launch import AGAIN, PREFERENCE, explain_end

log = logging.getLogger(__name__)

LAST_WORDS = 50
"""Lines of the worker's standard error that are kept for the message when it ends."""


class Restart:
    """Event: the worker is gone, for no fault of this request, which has to be sent again: it was ended for the sake of
    an earlier, cancelled one, or it died while it had nothing to do."""


Result = types.GenerateResult | types.Shapes | types.Solved | types.Learnt
Event = types.Progress | types.Rows | Result | errors.DifaceError | Restart
Request = types.GenerateRequest | types.ShapesRequest | types.SolveRequest | types.LearnRequest
Events = queue.SimpleQueue

ANSWERS = {exchange.answer_kind: exchange for exchange in protocol.EXCHANGES}
"""What ends a request well, by its message."""


class Connection:
    """Speaks to one running worker. Answers go to the queue that was given with the request."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.versions: dict[str, str | None] = {}
        self._process = process
        self._open = True
        self._end: Event = errors.WorkerError("The worker process ended.", AGAIN)
        self._waiting: dict[int, Events[Event]] = {}
        self._answered: set[int] = set()
        self._lock = threading.Lock()
        self._outgoing: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._last_words: deque[str] = deque(maxlen=LAST_WORDS)
        self._timers: dict[int, threading.Timer] = {}
        self._ended_for_a_cancel = False
        self._greeted = self._ready = False
        self._since = time.monotonic()
        self._errors = self._thread(self._read_errors)
        self._threads = [self._errors, self._thread(self._write), self._thread(self._read)]

    @property
    def alive(self) -> bool:
        """Whether the worker can be sent a request."""
        return self._open and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The worker's process id."""
        return self._process.pid

    def send_request(self, number: int, request: Request, events: Events[Event]) -> None:
        """Send a request whose answers go to `events`."""
        with self._lock:
            if self._open:
                self._waiting[number] = events
                if self._greeted and not self._ready:
                    events.put(types.Progress(0.0, "Loading the models"))
            else:
                events.put(Restart() if self._ready else self._end)
        message = protocol.exchange_of(request).request_message(request, number)
        self._outgoing.put(protocol.pack(message))

    def cancel(self, number: int, seconds: float) -> None:
        """Ask the worker to stop a request; one that has not agreed within `seconds` is killed."""
        with self._lock:
            if number not in self._waiting:
                return
            timer = threading.Timer(seconds, self._give_up, [number])
            timer.daemon = True
            self._timers[number] = timer
        timer.start()
        self._outgoing.put(protocol.pack(protocol.Message("cancel", number)))

    def check_start(self, greet_seconds: float, load_seconds: float) -> None:
        """End a worker that takes longer than that to greet, or from there to be ready."""
        if self._ready or not self._open:
            return
        if time.monotonic() - self._since > (load_seconds if self._greeted else greet_seconds):
            what = "load its models" if self._greeted else "start"
            self._fail(errors.WorkerError(f"The worker process did not {what} in time.", PREFERENCE))

    def close(self, patience: float) -> None:
        """End the process and the threads; requests still waiting fail."""
        self._fail(
            errors.WorkerError("The worker process was stopped.", "Generate again: a fresh worker starts."), patience
        )
        for timer in self._timers.values():
            timer.cancel()
        self._outgoing.put(None)
        for thread in self._threads:
            thread.join(2)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            # A thread still reads where a process that the worker started holds the pipe open.
            if not any(thread.is_alive() for thread in self._threads):
                pipe.close()

    # Threads

    def _thread(self, target: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=target, name=f"DiFACE {target.__name__}", daemon=True)
        thread.start()
        return thread

    def _write(self) -> None:
        """In a thread, as a worker that is slow to listen must not hold up the interface."""
        if hasattr(signal, "pthread_sigmask"):
            # Some Blenders' Python leaves SIGPIPE as it is: writing to a worker that is gone would end Blender.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPIPE})
        while (data := self._outgoing.get()) is not None:
            rest = memoryview(data)
            # A worker that is gone is reported where it is read.
            with contextlib.suppress(OSError):
                while rest:
                    rest = rest[self._process.stdin.write(rest) :]

    def _read_errors(self) -> None:
        rest = b""
        while data := self._process.stderr.read(1 << 16):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self._last_words.append(line.decode(errors="replace").rstrip())
                log.info("worker: %s", self._last_words[-1])
        if rest:
            self._last_words.append(rest.decode(errors="replace").rstrip())

    def _read(self) -> None:
        try:
            while (message := protocol.read(self._process.stdout)) is not None:
                self._take(message)
        except protocol.CutShort:
            log.info("the worker ended within a message")
        except errors.WorkerError as rubbish:
            self._fail(rubbish)
        self._after_the_end()

    def _take(self, message: protocol.Message) -> None:
        match message.kind:
            case "hello":
                self._greet(message)
            case "ready":
                self._ready = True
            case "progress":
                self._answer(message, protocol.progress_of(message), last=False)
            case "rows":
                self._answer(message, protocol.rows_of(message), last=False)
            case kind if kind in ANSWERS:
                self._answer(message, ANSWERS[kind].answer_of(message), last=True)
            case "error" if message.request is None:
                self._fail(protocol.error_of(message))
            case "error":
                self._answer(message, protocol.error_of(message), last=True)
            case "cancelled":
                self._answer(message, errors.Cancelled(), last=True)
            case _:
                raise errors.WorkerError(f"The worker process sent an unknown message: {message.kind!r}.", AGAIN)

    def _greet(self, message: protocol.Message) -> None:
        if message.data.get("protocol") != protocol.VERSION:
            raise errors.WorkerError("The worker process is of another version of DiFACE.", "Restart Blender.")
        self.versions = dict(message.data.get("versions", {}))
        self._greeted, self._since = True, time.monotonic()
        with self._lock:
            for events in self._waiting.values():
                events.put(types.Progress(0.0, "Loading the models"))

    def _answer(self, message: protocol.Message, event: Event, last: bool) -> None:
        with self._lock:
            events = self._waiting.get(message.request)
            self._answered.add(message.request)
            if last:
                self._waiting.pop(message.request, None)
                timer = self._timers.pop(message.request, None)
                if timer:
                    timer.cancel()
        if events is not None:
            events.put(event)

    # Ends

    def _after_the_end(self) -> None:
        """The worker has closed its pipe: it is gone, or as good as gone."""
        try:
            status = self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._errors.join(5)
        self._tell(explain_end(status, list(self._last_words), self._greeted), unless_untouched=True)

    def _give_up(self, number: int) -> None:
        with self._lock:
            # While models load nothing else is stopped yet, and the request will be before it begins.
            if number not in self._waiting or not self._ready:
                return
            del self._waiting[number]
            self._ended_for_a_cancel = True
            self._open = False
        self._process.kill()

    def _fail(self, error: errors.DifaceError, patience: float = 0.0) -> None:
        """Tell the requests that wait, and end the process."""
        self._tell(error)
        if patience > 0:
            self._outgoing.put(protocol.pack(protocol.Message("quit")))
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
        if self._process.poll() is None:
            self._process.kill()

    def _tell(self, event: Event, unless_untouched: bool = False) -> None:
        """`event` for every request that waits, or Restart for those that the worker could have begun and had not."""
        with self._lock:
            if self._open:
                self._open, self._end = False, event
            waiting, self._waiting = self._waiting, {}
        for number, events in waiting.items():
            untouched = self._ended_for_a_cancel or (self._ready and number not in self._answered)
            events.put(Restart() if unless_untouched and untouched else event)

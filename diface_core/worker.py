"""The worker process: `python -m diface_core.worker` reads requests, reports progress, writes results.

It ends when its standard input closes, and so with the process that started it.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import logging
import os
import platform
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import Literal, NoReturn, Protocol

from . import protocol
from .errors import Cancelled, DifaceError, WorkerError
from .protocol import Message
from .runtime.progress import EtaEstimator
from .runtime.start_errors import explain_message, this_system
from .runtime.threads import set_wait_policy
from .types import (
    AdaptationRequest,
    AdaptationResult,
    Diagnosis,
    DiagnosisRequest,
    GenerateRequest,
    GenerateResult,
    Progress,
    Report,
    SelfTestRequest,
    SelfTestResult,
    Shapes,
    ShapesRequest,
    SolveRequest,
    SolveResult,
)
from .words import Alignment, AlignRequest

log = logging.getLogger(__name__)

Request = (
    GenerateRequest
    | ShapesRequest
    | SolveRequest
    | AdaptationRequest
    | SelfTestRequest
    | AlignRequest
    | DiagnosisRequest
)

VERSIONED = ("onnxruntime", "torch", "pocketsphinx")
"""Packages whose versions the worker states when it starts; the last two are optional."""

IDLE_SECONDS = 1800.0
"""A worker without a request for this time ends, and its memory is free. The next request starts another."""

PREFETCH: Literal["prefetch"] = "prefetch"
"""Kind of the message that asks for models to be loaded; there is no reply."""

EXCHANGE_BY_KIND = {exchange.kind: exchange for exchange in protocol.EXCHANGES}
"""Kind of a request's message -> exchange."""


class Engine(Protocol):
    """Handles requests: one method per exchange of the protocol, named after its `kind`."""

    def generate(self, request: GenerateRequest, report: Report, /) -> GenerateResult:
        """Generate the Motion.

        Raises:
            DifaceError: The user can correct the cause.
        """
        ...

    def shapes(self, request: ShapesRequest, report: Report, /) -> Shapes:
        """Return the ARKit shapes of a mesh. Raises as `generate`."""
        ...

    def solve(self, request: SolveRequest, report: Report, /) -> SolveResult:
        """Return the weights that reproduce a sculpted face. Raises as `generate`."""
        ...

    def adapt_style(self, request: AdaptationRequest, report: Report, /) -> AdaptationResult:
        """Fit a style and write it to its file. Raises as `generate`."""
        ...

    def self_test(self, request: SelfTestRequest, report: Report, /) -> SelfTestResult:
        """Load the models and measure their speed. Raises as `generate`."""
        ...

    def align(self, request: AlignRequest, report: Report, /) -> Alignment:
        """Return when the words of a transcript are heard. Raises as `generate`."""
        ...

    def diagnose(self, request: DiagnosisRequest, report: Report, /) -> Diagnosis:
        """Compare a face's motion with its sound. Raises as `generate`."""
        ...

    def prefetch(self) -> None:
        """Load what the next request probably needs. Raises as `generate`."""
        ...


def serve(load_engine: Callable[[], Engine]) -> NoReturn:
    """Handle requests on the standard streams until they close; `load_engine` may take seconds."""
    # Ctrl+C in the terminal is for Blender; the worker ends when the pipe closes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = _Connection(*_claim_streams())
    connection.send(protocol.hello_message(_versions()))
    threading.Thread(target=connection.listen, name="requests", daemon=True).start()

    try:
        engine = load_engine()
    except Exception as problem:  # noqa: BLE001 - every exception is reported to Blender
        connection.send(_failure_message(problem, None))
        connection.exit_process(1)
    connection.send(Message("ready"))
    while True:
        item = connection.next_request(IDLE_SECONDS)
        if item == PREFETCH:
            _prefetch(engine)
        else:
            _handle_request(engine, connection, *item)


def _prefetch(engine: Engine) -> None:
    """Load the models. The next request reports what fails: this one has no reply."""
    try:
        engine.prefetch()
    except Exception:
        log.exception("The models could not be loaded before the first request.")


def _handle_request(engine: Engine, connection: _Connection, request_id: int, request: Request) -> None:
    eta = EtaEstimator()

    def report(progress: Progress) -> None:
        if connection.is_cancelled(request_id):
            raise Cancelled
        timed = Progress(progress.fraction, progress.stage, eta.update(progress.fraction))
        connection.send(protocol.progress_message(timed, request_id))

    try:
        report(Progress(0.0, "Starting"))
        exchange = protocol.exchange_for(request)
        result = getattr(engine, exchange.kind)(request, report)
        response = exchange.response_message(result, request_id)
        protocol.check_size(response)
    except Cancelled:
        response = Message("cancelled", request_id)
    except Exception as problem:  # noqa: BLE001 - every exception is reported to Blender
        response = _failure_message(problem, request_id)
    connection.send(response)


def _failure_message(problem: Exception, request_id: int | None) -> Message:
    """The message for an exception: unchanged if it is a DifaceError, else with a traceback."""
    if isinstance(problem, DifaceError):
        return protocol.error_message(problem, request_id)
    details = "".join(traceback.format_exception(problem))
    log.error("request %s failed:\n%s", request_id, details)
    return protocol.error_message(_to_worker_error(problem), request_id, details)


def _to_worker_error(problem: Exception) -> WorkerError:
    if isinstance(problem, ImportError):
        return _import_error(problem)
    if _is_out_of_memory(problem):
        return WorkerError("The memory is not sufficient.", "Close other programs or choose a shorter range.")
    message = f"Internal error: {type(problem).__name__}: {problem}."
    return WorkerError(message, "This is a bug: report it with the text in the system console.")


def _import_error(problem: ImportError) -> WorkerError:
    known = explain_message(str(problem))
    if known is not None:
        message = f"A package of the worker's Python cannot be loaded. {known.cause} ({problem}; {this_system()})"
        return WorkerError(message, known.hint)
    message = f"The worker's Python ({sys.executable}) lacks a package: {problem}."
    hint = "Install DiFACE again, or set another Worker Python in its preferences: one that has it."
    return WorkerError(message, hint)


def _is_out_of_memory(problem: Exception) -> bool:
    """Whether memory ran out.

    torch raises OutOfMemoryError for a GPU, and a bare RuntimeError for the CPU, as ONNX Runtime does for both.
    """
    name, text = type(problem).__name__, str(problem)
    said = any(words in text for words in ("DefaultCPUAllocator", "bad_alloc", "Failed to allocate memory"))
    return isinstance(problem, MemoryError) or name == "OutOfMemoryError" or said


class _Connection:
    """Both ends of the pipe. A thread reads, so that a cancel or the end of the pipe is noticed during work."""

    def __init__(self, incoming: FileIO, outgoing: FileIO) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self._requests: queue.SimpleQueue[tuple[int, Request] | Literal["prefetch"]] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        self._sending = threading.Lock()

    def send(self, message: Message) -> None:
        """Write a message; ends the process if nobody reads."""
        try:
            with self._sending:
                for buffer in protocol.buffers(message):
                    rest = memoryview(buffer)
                    while rest:
                        rest = rest[self._outgoing.write(rest) :]
        except OSError:
            self.exit_process(0)

    def next_request(self, idle_seconds: float) -> tuple[int, Request] | Literal["prefetch"]:
        """Wait for the next request; the process ends if none comes within `idle_seconds`."""
        try:
            return self._requests.get(timeout=idle_seconds)
        except queue.Empty:
            log.info("No request for %.0f s: the worker ends.", idle_seconds)
            self.exit_process(0)

    def is_cancelled(self, request_id: int) -> bool:
        """Return whether a request was cancelled."""
        return request_id in self._cancelled

    def listen(self) -> NoReturn:
        """Read messages. The end of the stream ends the process at once, also during work."""
        while True:
            try:
                message = protocol.read(self._incoming)
                if message is None or message.kind == "quit":
                    self.exit_process(0)
                self._dispatch(message)
            except WorkerError as problem:
                self.send(protocol.error_message(problem, None))
                self.exit_process(1)
            except OSError:
                self.exit_process(0)

    def _dispatch(self, message: Message) -> None:
        number = message.request_id
        if message.kind == PREFETCH:
            self._requests.put(PREFETCH)
            return
        if number is None or message.kind not in ("cancel", *EXCHANGE_BY_KIND):
            raise WorkerError(f"The worker got an unknown message: {message.kind!r}.", "Install DiFACE again.")
        if message.kind == "cancel":
            self._cancelled.add(number)
        else:
            self._requests.put((number, EXCHANGE_BY_KIND[message.kind].parse_request(message)))

    def exit_process(self, status: int) -> NoReturn:
        # Without cleanup, which would wait for torch's threads; nothing is unsaved.
        """End the process at once."""
        sys.stderr.flush()
        os._exit(status)


def _claim_streams() -> tuple[FileIO, FileIO]:
    """Reserve standard input and output for messages: libraries read nothing and print to standard error."""
    incoming, outgoing = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return FileIO(incoming, "rb"), FileIO(outgoing, "wb")


def _versions() -> dict[str, str | None]:
    return {"python": platform.python_version(), **{name: _version(name) for name in VERSIONED}}


def _version(package: str) -> str | None:
    """Return the version of an installed package, without importing it; None if it is missing."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _load_engines(cache: Path | None) -> Engine:
    set_wait_policy()
    from .engines import Engines

    return Engines.create(cache)


def main() -> NoReturn:
    """Run the worker."""
    parser = argparse.ArgumentParser(prog="diface_core.worker", description="DiFACE's worker process.")
    parser.add_argument("--cache", type=Path, help="folder that caches speech features between runs")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    if hasattr(os, "nice"):
        # Blender's interface has priority on a machine with few cores.
        os.nice(5)
    serve(lambda: _load_engines(arguments.cache))


if __name__ == "__main__":
    main()

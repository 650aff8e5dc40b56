"""The worker process: `python -m diface_core.worker` reads requests, reports progress, writes results.

It lives as long as its standard input is open: when the process that started it ends, however that happens, so does it.
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
from typing import NoReturn, Protocol

from . import protocol
from .errors import Cancelled, DifaceError, WorkerError
from .protocol import Message
from .runtime.progress import EtaEstimator
from .types import (
    AdaptationRequest,
    AdaptationResult,
    GenerateRequest,
    GenerateResult,
    Motion,
    Progress,
    Report,
    Shapes,
    ShapesRequest,
    SolveRequest,
    SolveResult,
)

log = logging.getLogger(__name__)

OnChunk = Callable[[int, Motion], None]
Request = GenerateRequest | ShapesRequest | SolveRequest | AdaptationRequest

EXCHANGE_BY_KIND = {exchange.kind: exchange for exchange in protocol.EXCHANGES}
"""What can be asked for, by its message."""


class Engine(Protocol):
    """What answers requests: torch today, and something without it some day. A method an exchange of the protocol."""

    def generate(self, request: GenerateRequest, report: Report, on_chunk: OnChunk, /) -> GenerateResult:
        """Make the Motion, and tell `each` its rows as they are finished (and the first one's number). Raises
        DifaceError for what the artist can mend, and what `report` and `each` raise."""
        ...

    def shapes(self, request: ShapesRequest, report: Report, /) -> Shapes:
        """Make the ARKit shapes of a mesh. Raises as `generate` does."""
        ...

    def solve(self, request: SolveRequest, report: Report, /) -> SolveResult:
        """Find the weights that a face was sculpted to. Raises as `generate` does."""
        ...

    def adapt_style(self, request: AdaptationRequest, report: Report, /) -> AdaptationResult:
        """Learn a style and write it to its file. Raises as `generate` does."""
        ...


def serve(load_engine: Callable[[], Engine]) -> NoReturn:
    """Answer requests on the standard streams until they close; `load_engine` may take its time."""
    # Ctrl+C in the terminal is meant for Blender; the worker ends with it when the pipe closes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    link = _Connection(*_claim_streams())
    link.send(protocol.hello_message(_versions()))
    threading.Thread(target=link.listen, name="requests", daemon=True).start()

    try:
        engine = load_engine()
    except Exception as problem:  # noqa: BLE001 - whatever it is goes to the other side, in full
        link.send(_failure_message(problem, None))
        link.exit_process(1)
    link.send(Message("ready"))
    while True:
        _handle_request(engine, link, *link.next_request())


def _handle_request(engine: Engine, connection: _Connection, request_id: int, request: Request) -> None:
    left = EtaEstimator()

    def report(progress: Progress) -> None:
        if connection.is_cancelled(request_id):
            raise Cancelled
        timed = Progress(progress.fraction, progress.stage, left.update(progress.fraction))
        connection.send(protocol.progress_message(timed, request_id))

    def each(first: int, motion: Motion) -> None:
        # A reader that is slow to take them holds the work up: nothing piles up here.
        connection.send(protocol.chunk_message(first, motion, request_id))

    try:
        report(Progress(0.0, "Starting"))
        exchange = protocol.exchange_for(request)
        work = getattr(engine, exchange.kind)
        made = work(request, report, each) if isinstance(request, GenerateRequest) else work(request, report)
        answer = exchange.response_message(made, request_id)
    except Cancelled:
        answer = Message("cancelled", request_id)
    except Exception as problem:  # noqa: BLE001 - whatever it is goes to the other side, in full
        answer = _failure_message(problem, request_id)
    connection.send(answer)


def _failure_message(problem: Exception, request_id: int | None) -> Message:
    """The message for an exception: as it is where the artist can mend it, else the nearest that helps."""
    if isinstance(problem, DifaceError):
        return protocol.error_message(problem, request_id)
    details = "".join(traceback.format_exception(problem))
    log.error("request %s failed:\n%s", request_id, details)
    return protocol.error_message(_to_worker_error(problem), request_id, details)


def _to_worker_error(problem: Exception) -> WorkerError:
    if isinstance(problem, ImportError):
        message = f"The worker's Python ({sys.executable}) cannot load what it needs: {problem}."
        hint = "Install DiFACE again, or set another Worker Python in its preferences: one that has torch."
        return WorkerError(message, hint)
    if _is_out_of_memory(problem):
        return WorkerError("There was not enough memory.", "Close other programs or choose a shorter range.")
    message = f"DiFACE made a mistake: {type(problem).__name__}: {problem}."
    return WorkerError(message, "This is a bug: please report it with the text in the system console.")


def _is_out_of_memory(problem: Exception) -> bool:
    """torch raises an OutOfMemoryError of its own for a GPU, and a bare RuntimeError for the processor's memory."""
    name, text = type(problem).__name__, str(problem)
    return isinstance(problem, MemoryError) or name == "OutOfMemoryError" or "DefaultCPUAllocator" in text


class _Connection:
    """Both ends of the pipe: a thread listens, so that a cancel or the end is heard during work."""

    def __init__(self, incoming: FileIO, outgoing: FileIO) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self._requests: queue.SimpleQueue[tuple[int, Request]] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        self._sending = threading.Lock()

    def send(self, message: Message) -> None:
        try:
            with self._sending:
                for buffer in protocol.buffers(message):
                    rest = memoryview(buffer)
                    while rest:
                        rest = rest[self._outgoing.write(rest) :]
        except OSError:
            self.exit_process(0)

    def next_request(self) -> tuple[int, Request]:
        return self._requests.get()

    def is_cancelled(self, request_id: int) -> bool:
        return request_id in self._cancelled

    def listen(self) -> NoReturn:
        """Take messages as they come. The end of the stream ends the process at once, in the middle of work too."""
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
        if number is None or message.kind not in ("cancel", *EXCHANGE_BY_KIND):
            raise WorkerError(f"The worker does not know the message {message.kind!r}.", "Install DiFACE again.")
        if message.kind == "cancel":
            self._cancelled.add(number)
        else:
            self._requests.put((number, EXCHANGE_BY_KIND[message.kind].parse_request(message)))

    def exit_process(self, status: int) -> NoReturn:
        # No tidying up: it would wait for torch's threads, and there is nothing to lose.
        sys.stderr.flush()
        os._exit(status)


def _claim_streams() -> tuple[FileIO, FileIO]:
    """The real standard input and output, for messages only; what libraries read and print goes elsewhere."""
    incoming, outgoing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return FileIO(incoming, "rb"), FileIO(outgoing, "wb")


def _versions() -> dict[str, str | None]:
    try:
        torch = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        torch = None
    return {"python": platform.python_version(), "torch": torch}


def _load_engines(cache: Path | None) -> Engine:
    # Read where torch loads its threads: on a busy machine they shall sleep while they wait, not spin.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    from .engines import Engines

    # torch counts the machine's cores; a container or a batch system may allow this process fewer.
    if hasattr(os, "sched_getaffinity"):
        torch.set_num_threads(min(torch.get_num_threads(), len(os.sched_getaffinity(0))))
    return Engines.create(cache)


def main() -> NoReturn:
    parser = argparse.ArgumentParser(prog="diface_core.worker", description="DiFACE's worker process.")
    parser.add_argument("--cache", type=Path, help="folder that keeps speech features between runs")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    if hasattr(os, "nice"):
        # Blender's interface goes first where cores are few.
        os.nice(5)
    serve(lambda: _load_engines(arguments.cache))


if __name__ == "__main__":
    main()

"""Makes lines by several processes of this machine. A process that dies costs its line a second try, nothing else."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from ..runtime.threads import THREADS_VARIABLE, usable_cores
from .lines import Line
from .make_line import FAILED, Outcome, make_line

MAX_TRIES = 2
"""Processes that may die while they make one line, before it counts as failed."""


def make_by_processes(lines: Iterable[Line], out: Path, workers: int, engine: str) -> Iterator[Outcome]:
    """Yield the outcome of each line as soon as it is made, in any order.

    Args:
        lines: The lines. They are taken as needed.
        out: Folder of the outputs.
        workers: Number of processes; 1 makes the lines in this process.
        engine: What makes the engine of a process.
    """
    if workers == 1:
        yield from (make_line(line, out, engine) for line in lines)
        return
    crew = _Crew(out, workers, engine)
    try:
        yield from crew.make(iter(lines))
    finally:
        crew.close()


class _Crew:
    """Processes with a pipe each, over which a line goes out and its outcome comes back."""

    def __init__(self, out: Path, workers: int, engine: str) -> None:
        self._out, self._engine, self._size = out, engine, workers
        self._busy: dict[Connection, tuple[BaseProcess, Line]] = {}
        self._idle: list[tuple[Connection, BaseProcess]] = []
        self._again: deque[Line] = deque()
        self._tries: dict[int, int] = {}

    def make(self, lines: Iterator[Line]) -> Iterator[Outcome]:
        """Yield the outcomes of all lines."""
        while True:
            while len(self._busy) < self._size and (line := self._next(lines)):
                self._send(line)
            if not self._busy:
                return
            for connection in wait(list(self._busy)):
                assert isinstance(connection, Connection)
                if outcome := self._receive(connection):
                    yield outcome

    def close(self) -> None:
        """End all processes."""
        for connection, process in self._idle:
            connection.close()
            process.join(5)
        for connection, (process, _line) in self._busy.items():
            process.terminate()
            connection.close()
            process.join(5)

    def _next(self, lines: Iterator[Line]) -> Line | None:
        return self._again.popleft() if self._again else next(lines, None)

    def _send(self, line: Line) -> None:
        connection, process = self._idle.pop() if self._idle else self._start()
        self._busy[connection] = process, line
        with contextlib.suppress(OSError):  # the process has died; `wait` finds that the pipe is closed
            connection.send(line)

    def _receive(self, connection: Connection) -> Outcome | None:
        """Return the outcome of a line; None if its process died and the line is made again."""
        process, line = self._busy.pop(connection)
        try:
            outcome = connection.recv()
            self._idle.append((connection, process))
            return outcome
        except (EOFError, OSError):
            connection.close()
            process.join()
        tries = self._tries[line.number] = self._tries.get(line.number, 0) + 1
        if tries < MAX_TRIES:
            self._again.append(line)
            return None
        reason = f"The process that made it ended {tries} times (exit status {process.exitcode})."
        return Outcome(line.number, FAILED, reason)

    def _start(self) -> tuple[Connection, BaseProcess]:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        threads = str(max(1, usable_cores() // self._size))
        process = context.Process(target=_serve, args=(theirs, self._out, self._engine, threads), daemon=True)
        process.start()
        theirs.close()
        return ours, process


def _serve(connection: Connection, out: Path, engine: str, threads: str) -> None:
    """Make lines until the pipe closes."""
    os.environ[THREADS_VARIABLE] = threads
    try:
        while True:
            connection.send(make_line(connection.recv(), out, engine))
    except (EOFError, OSError, KeyboardInterrupt):
        return

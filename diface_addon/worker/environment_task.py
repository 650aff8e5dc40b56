"""Make an environment in the background: a task that is polled as the worker's tasks are. Does not import bpy."""

from __future__ import annotations

import collections
import contextlib
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

from ..core import errors, start_errors, types
from .environment import EnvironmentPlan
from .launch import clean_environment
from .process import State

OUTPUT_LINES = 20
"""Lines of output that are kept for the message if a command fails."""
COPYING, CHECKING = "Creating the environment", "Checking the environment"
NETWORK_HINT = "Check the network connection and the space on the disk, and try again."
EXPECTED_PACKAGES = 40
"""Packages that are downloaded, dependencies included, at most: for the progress."""

_COLLECTING = re.compile(r"^\s*(?:Collecting|Downloading|Using cached|Installing collected packages:?)\s+(\S+)")

TaskEvent = types.Progress | errors.DifaceError


class EnvironmentTask:
    """The commands of a plan, run in a thread. The folder is removed unless all succeed."""

    def __init__(self, plan: EnvironmentPlan) -> None:
        self.plan = plan
        self.state: State = "running"
        self.progress = types.Progress(0.0, COPYING)
        self.error: errors.DifaceError | None = None
        self._events: queue.SimpleQueue[types.Progress | errors.DifaceError | None] = queue.SimpleQueue()
        self._process: subprocess.Popen[str] | None = None
        self._is_cancelled = threading.Event()
        self._lock = threading.Lock()
        self._collected: list[str] = []
        self._thread = threading.Thread(target=self._run, name="DiFACE environment", daemon=True)
        self._thread.start()

    def poll(self) -> list[TaskEvent]:
        """Return the events since the last poll, oldest first, and update the attributes."""
        found: list[TaskEvent] = []
        with contextlib.suppress(queue.Empty):
            while self.state == "running":
                event = self._events.get_nowait()
                if event is None:
                    self.state = "done"
                elif isinstance(event, types.Progress):
                    self.progress = event
                    found.append(event)
                else:
                    self.state, self.error = "failed", event
                    found.append(event)
        return found

    def wait(self) -> Path:
        """Wait for the end; return the environment's Python. Raises DifaceError, or Cancelled."""
        self._thread.join()
        self.poll()
        if self.state != "done":
            raise self.error or errors.Cancelled
        return self.plan.interpreter

    def cancel(self) -> None:
        """End the command that runs, and remove the folder."""
        if self.state != "running":
            return
        self.state = "cancelled"
        self._is_cancelled.set()
        with self._lock:
            if self._process is not None:
                _end(self._process)
        self._thread.join()

    # In the thread

    def _run(self) -> None:
        try:
            if self.plan.folder.exists():  # of an earlier, other plan, or of a Blender that was killed
                shutil.rmtree(self.plan.folder)
            self.plan.folder.parent.mkdir(parents=True, exist_ok=True)
            for number, command in enumerate(self.plan.commands):
                self._run_command(command, number)
            self._events.put(None)
        except (errors.DifaceError, OSError) as error:
            shutil.rmtree(self.plan.folder, ignore_errors=True)
            self._events.put(error if isinstance(error, errors.DifaceError) else _os_error(error))

    def _run_command(self, command: tuple[str, ...], number: int) -> None:
        if number != 1:
            self._events.put(types.Progress(0.0 if number == 0 else 0.97, COPYING if number == 0 else CHECKING))
        lines: collections.deque[str] = collections.deque(maxlen=OUTPUT_LINES)
        with self._lock:
            if self._is_cancelled.is_set():
                raise errors.Cancelled
            self._process = _start(command)
        with self._process as process:
            for line in process.stdout or ():
                lines.append(line.rstrip())
                self._report(line)
        status = process.returncode
        if self._is_cancelled.is_set():
            raise errors.Cancelled
        if status:
            raise _command_error(command, status, list(lines))

    def _report(self, line: str) -> None:
        """Report the package that pip begins with."""
        if found := _COLLECTING.match(line):
            name = re.split(r"[=<>!~\[;-]", found[1])[0]
            if name not in self._collected:
                self._collected.append(name)
            fraction = 0.05 + 0.9 * min(1.0, len(self._collected) / EXPECTED_PACKAGES)
            self._events.put(types.Progress(fraction, f"Downloading and installing {name}"))


def _start(command: tuple[str, ...]) -> subprocess.Popen[str]:
    """Start a command in a group of processes: pip starts others."""
    flags = subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=clean_environment(),
        start_new_session=sys.platform != "win32",
        creationflags=flags,
    )


def _end(process: subprocess.Popen[str]) -> None:
    """End a command and the processes that it started."""
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True, check=False)
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _command_error(command: tuple[str, ...], status: int, lines: list[str]) -> errors.WorkerError:
    known = start_errors.explain_message("\n".join(lines)) or start_errors.explain_status(status)
    reasons = [line for line in lines if line.strip() and not line.startswith(("[notice]", "WARNING"))]
    reason = reasons[-1].removeprefix("ERROR: ") if reasons else f"status {status}"
    detail = f". {known.cause}" if known else f": {reason.rstrip('.')}."
    error = errors.WorkerError(f"The environment could not be created{detail}", known.hint if known else NETWORK_HINT)
    error.add_note("\n".join([" ".join(command), *lines]))
    return error


def _os_error(error: OSError) -> errors.WorkerError:
    known = start_errors.explain_os_error(error)
    message = f"The environment could not be created: {error.strerror or error} ({error.filename})."
    return errors.WorkerError(message, known.hint if known and error.errno != 2 else NETWORK_HINT)

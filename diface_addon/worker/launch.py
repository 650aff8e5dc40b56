"""Start the worker process, and explain why it ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core import diface_core, errors, start_errors

MODULE = "diface_core.worker"

WORKER_PYTHON_HINT = (
    "Set Worker Python in DiFACE's preferences to a Python that has onnxruntime, or install DiFACE again."
)
MEMORY_HINT = "Close other programs or choose a shorter range, then try again: a new worker starts."
RETRY_HINT = "Try again: a new worker starts. If it happens again, report it with the text in the system console."
TIMEOUT_HINT = "Try again: a new worker starts. For a slow computer, increase Worker Timeout in DiFACE's preferences."

NOT_INHERITED = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONINSPECT",
    "PYTHONWARNINGS",
    "PYTHONEXECUTABLE",
    "__PYVENV_LAUNCHER__",
)
"""Environment variables for Blender's Python, or of the user's shell, that can prevent another Python from starting."""


THREAD_SETTINGS = {"OMP_WAIT_POLICY": "PASSIVE", "OPENBLAS_NUM_THREADS": "1"}
"""Threads sleep while they wait for each other. By default they spin, which takes up to fifty times as long on cores
that are busy with something else (12 s of speech on two such cores: 47 s instead of 1 s)."""


@dataclass(frozen=True)
class Launch:
    """How the worker is started.

    Attributes:
        interpreter: A Python with the worker's dependencies; None for Blender's Python.
        extra_paths: Folders with the extension's wheels. Only Blender's Python gets them: another Python has its
            own packages, and wheels for a different Python version would break it.
        cache: Folder for speech features.
        module: The module that is run.
    """

    interpreter: Path | None = None
    extra_paths: tuple[Path, ...] = ()
    cache: Path | None = None
    module: str = MODULE

    def start(self) -> subprocess.Popen[bytes]:
        """Start the process, with its three streams as unbuffered pipes. Raises WorkerError if it cannot start."""
        python = self.interpreter or blender_python()
        if not python.is_file():
            raise errors.WorkerError(f"There is no Python at {python}.", WORKER_PYTHON_HINT)
        command = [str(python), "-m", self.module]
        if self.cache is not None:
            command += ["--cache", str(self.cache)]
        try:
            return subprocess.Popen(
                command,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self.environment(),
                # Not the user's folder: it must stay movable, and its files must not be imported.
                cwd=python.parent,
                creationflags=_creation_flags(),
            )
        except OSError as reason:
            problem = start_errors.explain_os_error(reason)
            message = f"{python} cannot be started: {reason.strerror}."
            if problem is None:
                raise errors.WorkerError(message, WORKER_PYTHON_HINT) from reason
            raise errors.WorkerError(f"{message} {problem.cause}", problem.hint) from reason

    def environment(self) -> dict[str, str]:
        """Return Blender's environment with the core importable, and without access to the network."""
        core = Path(diface_core.__file__).absolute().parents[1]
        paths = [core, *self.extra_paths] if self.interpreter is None else [core]
        inherited = clean_environment()
        settings = {
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            "PYTHONSAFEPATH": "1",
            "PYTHONFAULTHANDLER": "1",
            "HF_HUB_OFFLINE": "1",
        }
        if self.interpreter is None:
            # A numpy in the user's site-packages would be imported instead of Blender's.
            settings["PYTHONNOUSERSITE"] = "1"
        return {**THREAD_SETTINGS, **inherited, **settings}


def clean_environment() -> dict[str, str]:
    """Return Blender's environment variables without those that can prevent another Python from starting."""
    return {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}


def blender_python() -> Path:
    """Return the interpreter of the Python that runs this code. Raises WorkerError if Blender has none."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    folder = Path(sys.prefix) / "bin"
    candidates = [Path(sys.executable or "none"), folder / version, folder / "python3", folder / "python.exe"]
    for path in candidates:
        if path.name.lower().startswith("python") and path.is_file():
            return path
    raise errors.WorkerError("Blender's own Python was not found.", WORKER_PYTHON_HINT)


def exit_error(status: int, stderr_tail: Sequence[str], said_hello: bool) -> errors.WorkerError:
    """Return why a worker ended.

    Args:
        status: Exit status of the process; negative for a signal.
        stderr_tail: The last lines of its standard error.
        said_hello: Whether it had started completely.
    """
    error = _classify_exit(status, stderr_tail, said_hello)
    if stderr_tail:
        error.add_note("The worker's last output:\n" + "\n".join(stderr_tail))
    return error


def _classify_exit(status: int, stderr_tail: Sequence[str], said_hello: bool) -> errors.WorkerError:
    last = next((line.strip() for line in reversed(stderr_tail) if line.strip()), "")
    if _is_out_of_memory(status) or "MemoryError" in last or "DefaultCPUAllocator" in last:
        return errors.WorkerError("The worker process was ended, most likely because memory ran out.", MEMORY_HINT)
    problem = start_errors.explain_status(status)
    if not said_hello:
        problem = start_errors.explain_message("\n".join(stderr_tail)) or problem
        # After a signal the last line is one of the traceback that faulthandler writes.
        reason = last if last and status >= 0 else f"it ended with {_status_name(status)}"
        message = f"The worker process could not start: {reason}."
    else:
        message = f"The worker process ended unexpectedly, with {_status_name(status)}."
    if problem is not None:
        return errors.WorkerError(f"{message} {problem.cause}", problem.hint)
    return errors.WorkerError(message, RETRY_HINT if said_hello else WORKER_PYTHON_HINT)


def _is_out_of_memory(status: int) -> bool:
    """Return whether the system ended the process: SIGKILL, 137 of shells and containers, or STATUS_NO_MEMORY."""
    return status in (-9, 137, 0xC0000017)


def _status_name(status: int) -> str:
    if status < 0:
        try:
            return signal.Signals(-status).name
        except ValueError:
            return f"signal {-status}"
    return f"status {status:#x}" if status > 255 else f"status {status}"


def _creation_flags() -> int:
    """Return flags for Windows: no console window, and a lower priority than Blender's interface."""
    if sys.platform == "win32":
        return subprocess.CREATE_NO_WINDOW | subprocess.BELOW_NORMAL_PRIORITY_CLASS
    return 0

"""How the worker process is started, and what its end means."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core import diface_core, errors

MODULE = "diface_core.worker"

WORKER_PYTHON_HINT = "Set Worker Python in DiFACE's preferences to a Python that has torch, or install DiFACE again."
MEMORY_HINT = "Close other programs or choose a shorter range, then generate again: a fresh worker starts."
RETRY_HINT = "Generate again: a fresh worker starts. If it comes back, report it with the text in the system console."

NOT_INHERITED = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONINSPECT",
    "PYTHONWARNINGS",
    "PYTHONEXECUTABLE",
    "__PYVENV_LAUNCHER__",
)
"""Settings made for Blender's Python, or for someone's shell, that would keep another Python from starting well."""


THREAD_SETTINGS = {"OMP_WAIT_POLICY": "PASSIVE", "OPENBLAS_NUM_THREADS": "1"}
"""Threads that sleep while they wait for each other. By default they spin, which on cores that something else keeps
busy takes up to fifty times as long (12 s of speech on two such cores: 47 s instead of 1 s)."""


@dataclass(frozen=True)
class Launch:
    """What to start. `interpreter` None is Blender's own Python, which alone gets `extra_paths` (the extension's
    wheels): another Python has packages of its own, and those of a different version would break it."""

    interpreter: Path | None = None
    extra_paths: tuple[Path, ...] = ()
    cache: Path | None = None
    module: str = MODULE

    def start(self) -> subprocess.Popen[bytes]:
        """The process, its three streams unbuffered pipes. Raises WorkerError where it cannot start."""
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
                # Not the artist's folder: it must stay free to move, and its files must not be imported.
                cwd=python.parent,
                creationflags=_creation_flags(),
            )
        except OSError as reason:
            raise errors.WorkerError(f"{python} cannot be started: {reason.strerror}.", WORKER_PYTHON_HINT) from reason

    def environment(self) -> dict[str, str]:
        """Blender's environment with the core importable, and nothing that would send the worker to the network."""
        core = Path(diface_core.__file__).absolute().parents[1]
        paths = [core, *self.extra_paths] if self.interpreter is None else [core]
        kept = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        settings = {
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            "PYTHONSAFEPATH": "1",
            "PYTHONFAULTHANDLER": "1",
            "HF_HUB_OFFLINE": "1",
        }
        if self.interpreter is None:
            # A numpy that someone installed for themselves would go before Blender's.
            settings["PYTHONNOUSERSITE"] = "1"
        return {**THREAD_SETTINGS, **kept, **settings}


def blender_python() -> Path:
    """The interpreter of the Python we run in. Raises WorkerError where Blender comes without one."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    folder = Path(sys.prefix) / "bin"
    candidates = [Path(sys.executable or "none"), folder / version, folder / "python3", folder / "python.exe"]
    for path in candidates:
        if path.name.lower().startswith("python") and path.is_file():
            return path
    raise errors.WorkerError("Blender's own Python was not found.", WORKER_PYTHON_HINT)


def exit_error(status: int, stderr_tail: Sequence[str], said_hello: bool) -> errors.WorkerError:
    """Why a worker is gone: its exit status, the last lines of its standard error, whether it had started at all."""
    error = _classify_exit(status, stderr_tail, said_hello)
    if stderr_tail:
        error.add_note("The worker's last words:\n" + "\n".join(stderr_tail))
    return error


def _classify_exit(status: int, stderr_tail: Sequence[str], said_hello: bool) -> errors.WorkerError:
    last = next((line.strip() for line in reversed(stderr_tail) if line.strip()), "")
    if _is_out_of_memory(status) or "MemoryError" in last or "DefaultCPUAllocator" in last:
        return errors.WorkerError("The worker process was ended, most likely because memory ran out.", MEMORY_HINT)
    if not said_hello:
        why = last or f"it ended with {_status_name(status)}"
        return errors.WorkerError(f"The worker process could not start: {why}.", WORKER_PYTHON_HINT)
    return errors.WorkerError(f"The worker process ended unexpectedly, with {_status_name(status)}.", RETRY_HINT)


def _is_out_of_memory(status: int) -> bool:
    """Ended by the system: SIGKILL, a shell's or container's word for it, or Windows' STATUS_NO_MEMORY."""
    return status in (-9, 137, 0xC0000017)


def _status_name(status: int) -> str:
    if status < 0:
        try:
            return signal.Signals(-status).name
        except ValueError:
            return f"signal {-status}"
    return f"status {status:#x}" if status > 255 else f"status {status}"


def _creation_flags() -> int:
    """On Windows: no console window, and Blender's interface goes first."""
    if sys.platform != "win32":
        return 0
    return subprocess.CREATE_NO_WINDOW | subprocess.BELOW_NORMAL_PRIORITY_CLASS

"""Two processes that train one model together."""

import importlib
import multiprocessing
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[3]
PROGRAMS = ["tests.core.training.small_training", "tests.core.training.threediface.small_recordings"]
"""Modules with a `main()` that trains in the folder that is the first command-line argument."""


def torchrun(program: ModuleType, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `program` in two processes that torchrun starts."""
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--master-addr=127.0.0.1"]
    command = [*launch, f"--master-port={_free_port()}", program.__file__, str(folder), *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.run(command, env=environment, capture_output=True, text=True)


@dataclass(frozen=True)
class Finished:
    """Result of two processes: the exit code of the first that failed, or 0, and the stderr of both."""

    returncode: int
    stderr: str


def run_two(program: ModuleType, folder: Path, *words: str) -> Finished:
    """Run `program` in two processes as `torchrun` does, but copied from one that has imported torch once.

    Starting a Python with torch takes seconds; torchrun starts three.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PROGRAMS)
    port = _free_port()
    arguments = [(program.__name__, rank, port, [str(folder), *words]) for rank in range(2)]
    processes = [context.Process(target=_run_rank, args=each) for each in arguments]
    for process in processes:
        process.start()
    running = list(processes)
    code = 0
    while running:
        connection.wait([process.sentinel for process in running])
        for process in [process for process in running if not process.is_alive()]:
            running.remove(process)
            code = code or process.exitcode
        if code:
            for process in running:
                process.terminate()
    for process in processes:
        process.join()
        process.close()
    return Finished(code, "".join(_error_file(folder, rank).read_text() for rank in range(2)))


def _run_rank(program: str, rank: int, port: int, words: list[str]) -> None:
    """Run the program as one of two ranks, with the environment variables that torchrun sets."""
    errors = os.open(_error_file(Path(words[0]), rank), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(errors, sys.stderr.fileno())
    os.environ |= {
        "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "CUDA_VISIBLE_DEVICES": "",
    }  # fmt: skip
    module = importlib.import_module(program)
    sys.argv = [str(module.__file__), *words]
    module.main()


def _error_file(folder: Path, rank: int) -> Path:
    return folder / f"stderr_{rank}.txt"


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]

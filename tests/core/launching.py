"""Several processes that train one model, as torchrun starts them."""

import os
import socket
import subprocess
import sys
from pathlib import Path


def torchrun(program: str, folder: Path, *words: str) -> subprocess.CompletedProcess:
    """Two processes of `program` that train together in `folder`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--master-addr=127.0.0.1"]
    command = [*launch, f"--master-port={port}", program, str(folder), *words]
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.run(command, env=environment, capture_output=True, text=True)

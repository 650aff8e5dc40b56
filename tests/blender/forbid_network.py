"""Forbid the network in this process: every socket is written to a file and refused.

A pipe is no socket. Copied as sitecustomize.py into a folder on the worker's path, it does the same there.
"""

import os
import sys
from pathlib import Path

LOG = os.environ.get("DIFACE_TEST_SOCKETS")


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event.startswith("socket."):
        with Path(LOG).open("a") as log:
            log.write(f"{sys.argv}: {event} {arguments}\n")
        raise PermissionError("The network is forbidden in this test.")


if LOG:
    sys.addaudithook(_refuse)

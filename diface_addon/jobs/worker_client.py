"""Requests to the shared worker, started with the interpreter and folders that the preferences name."""

from __future__ import annotations

import logging
from pathlib import Path

from ..core import errors
from ..settings import preferences
from ..worker import process
from ..worker.connection import Request

log = logging.getLogger(__name__)


def start() -> process.WorkerProcess:
    """Start the shared worker if it is not running. Raises WorkerError if the process cannot be started."""
    worker = process.shared_worker()
    worker.response_timeout = preferences.worker_timeout()
    worker.start(preferences.worker_python(), preferences.wheel_folders(), _cache_folder())
    return worker


def start_early() -> process.WorkerProcess | None:
    """Start the shared worker before the first request; None if it fails, which the next request reports."""
    try:
        return start()
    except errors.DifaceError as error:
        log.warning("The worker was not started early: %s", error)
        return None


def _cache_folder() -> Path | None:
    """Return the folder for speech features; None if it cannot be written, and then they are in memory only."""
    try:
        return preferences.cache_folder()
    except errors.SceneError as problem:
        log.warning("Speech features are not cached on disk. %s", problem)
        return None


def submit(request: Request, preemptible: bool = False) -> process.WorkerTask:
    """Send a request to the shared worker.

    Args:
        request: What the worker computes.
        preemptible: Whether the task is cancelled when another request is sent.

    Raises:
        WorkerError: The process cannot be started, or another task is running.
    """
    return start().submit(request, preemptible)

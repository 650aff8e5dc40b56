"""Requests to the shared worker, started with the interpreter and folders that the preferences name."""

from __future__ import annotations

from typing import Any

import bpy

from ..settings import preferences
from ..worker import process
from ..worker.connection import Request


def start() -> process.WorkerProcess:
    """Start the shared worker if it is not running. Raises WorkerError if the process cannot be started."""
    worker = process.shared_worker()
    worker.start(preferences.worker_python(), preferences.wheel_folders(), preferences.cache_folder())
    return worker


def submit(request: Request, gives_way: bool = False) -> process.WorkerTask:
    """Send a request to the shared worker.

    Args:
        request: What the worker is asked for.
        gives_way: Whether the job is cancelled when another request is sent.

    Raises:
        WorkerError: The process cannot be started, or another job is running.
    """
    return start().submit(request, gives_way)


def wait_with_cursor(context: bpy.types.Context, request: Request) -> Any:
    """Send a request and wait for its result with a busy cursor. Raises DifaceError."""
    job = submit(request)
    if context.window:
        context.window.cursor_set("WAIT")
    try:
        return job.wait()
    finally:
        if context.window:
            context.window.cursor_set("DEFAULT")

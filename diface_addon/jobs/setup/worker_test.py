"""Test the worker: start it, load the models, and report the versions that it runs on."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import bpy

from ...core import errors, types
from ...worker import process
from .. import running_job, worker_client

ABSENT = {"onnxruntime": "missing", "torch": "absent, needed for 3DiFACE models only"}
"""What is said of a package that the worker's Python does not have."""

NO_SOUND = Path("no sound")
"""A sound file that does not exist: if its absence is the only error, the worker and its models work."""


@dataclass(frozen=True)
class WorkerVersions:
    """The versions that the worker runs on."""

    name: str

    @property
    def notes(self) -> tuple[str, ...]:
        return (f"The worker is ready: {self.name}.",)


class WorkerTestJob(running_job.RunningJob):
    """A test of the worker."""

    def wait(self) -> None:
        """Wait until the worker has loaded its models. Raises the error with which it failed."""
        with contextlib.suppress(errors.AudioError):
            self.task.wait()

    def write_result(self) -> WorkerVersions:
        """Show the versions in the preferences."""
        versions = process.shared_worker().versions
        text = ", ".join(f"{name} {number or ABSENT[name]}" for name, number in versions.items())
        bpy.context.window_manager.diface.worker_versions = text
        return WorkerVersions(text)


def begin(context: bpy.types.Context) -> WorkerTestJob:
    """Start the worker, and send it a request that only fails for its sound. Raises WorkerError."""
    running_job.check_idle()
    context.window_manager.diface.worker_versions = ""
    job = WorkerTestJob(worker_client.submit(types.GenerateRequest(types.AudioSection(NO_SOUND))))
    running_job.set_current(job)
    return job

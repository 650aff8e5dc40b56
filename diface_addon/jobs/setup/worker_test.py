"""Test the worker: start it, load and measure its models, and report what it runs on and what is missing."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from ...core import types
from ...worker import process
from .. import running_job, worker_client

NEXT_STEP = "Press Create Environment, or set Worker Python to a Python that has them"


@dataclass(frozen=True)
class WorkerReport:
    """What the worker runs on, in lines."""

    lines: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.lines[0]

    @property
    def notes(self) -> tuple[str, ...]:
        return ("The worker is ready.", *(f"{line}." for line in self.lines))


class WorkerTestJob(running_job.WorkerJob):
    """A test of the worker."""

    def write_result(self) -> WorkerReport:
        """Show the report in the preferences."""
        result = self.task.wait_for(types.SelfTestResult)
        lines = report_lines(process.shared_worker().versions, result)
        bpy.context.window_manager.diface.worker_report = "\n".join(lines)
        return WorkerReport(lines)


def report_lines(versions: dict[str, str | None], result: types.SelfTestResult) -> tuple[str, ...]:
    """Return what the user reads about the worker, without final stops.

    Args:
        versions: Versions by package, None if it is missing.
        result: What the worker measured.
    """
    packages = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    speed = f"{result.speed:.0f}" if result.speed >= 10 else f"{result.speed:.1f}"
    bundled = f"Bundled models: {result.device}, {speed} x real time"
    if result.problems:
        return packages, bundled, f"3DiFACE models: {', '.join(result.problems)}. {NEXT_STEP}"
    return packages, bundled, f"3DiFACE models: {result.torch_device}"


def begin(context: bpy.types.Context) -> WorkerTestJob:
    """Start the worker and its test. Raises WorkerError."""
    running_job.check_idle()
    context.window_manager.diface.worker_report = ""
    job = WorkerTestJob(worker_client.submit(types.SelfTestRequest()))
    running_job.set_current(job)
    return job
